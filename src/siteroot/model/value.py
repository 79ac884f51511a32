"""Frozen, slotted dataclasses that cost next to nothing until one is made.

The standard library writes and compiles half a dozen functions for every dataclass: 0.35 ms each (CPython 3.11), and
for the 150 of a sync as much as for all else that it loads. Here all classes share their methods, and `__init__` alone
is compiled, for those that are called again and again. To a type checker, and to whoever asks `dataclasses`, they are
the standard library's.
"""

from operator import attrgetter

__all__ = ["dataclass", "field", "replace"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: How often a class is called before it gets an `__init__` of its own.
_SELDOM = 10

_NOT_TAKEN = ("__dict__", "__weakref__")


class _Field:
    """What is to be said of a field beside its name and type: `default`, `default_factory`, `repr`."""

    __slots__ = ("options",)

    def __init__(self, **options: object) -> None:
        self.options = options


def _dataclass(
    *, frozen: bool, slots: bool, kw_only: bool = False, order: bool = False
) -> "Callable[[type], type]":
    """Return the decorator of a class without bases, and without class variables that are no methods."""
    if not (frozen and slots):
        raise TypeError("these classes are frozen and have slots")
    shared = _METHODS | _ORDER if order else _METHODS

    def decorate(cls: type) -> type:
        names = tuple(cls.__annotations__)
        body = {key: each for key, each in vars(cls).items() if key not in _NOT_TAKEN}
        given = {name: body.pop(name) for name in names if name in body}
        options = {
            name: each.options if isinstance(each, _Field) else {"default": each}
            for name, each in given.items()
        }
        own = {
            "__qualname__": cls.__qualname__,
            "__slots__": names,
            "__match_args__": () if kw_only else names,
            "__options__": options,
            "__plain__": {
                name: each["default"] for name, each in options.items() if "default" in each
            },
            "__seldom__": _SELDOM,
            "__values__": attrgetter(*(names or ("__class__",))),
            "__dataclass_fields__": _Fields(),
        }
        return type(cls.__name__, (), {**shared, **body, **own})

    return decorate


def _replace(value: "Any", /, **changes: object) -> "Any":
    return type(value)(**(_state(value) | changes))


def _state(value: "Any") -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__slots__}


def _make(cls: type, state: dict[str, object]) -> object:
    return cls(**state)


def _init(self: "Any", *args: object, **given: object) -> None:
    """Set the fields one by one for a class that is seldom called, else compile its own `__init__`.

    Compiling takes 70 us. What is compiled also says what is wrong with a call.
    """
    cls = type(self)
    values = cls.__plain__ | given
    cls.__seldom__ -= 1
    if cls.__seldom__ > 0 and not args and values.keys() == set(cls.__slots__):
        for name, value in values.items():
            object.__setattr__(self, name, value)
        return
    _compile_init(cls)
    cls.__init__(self, *args, **given)


def _compile_init(cls: "Any") -> None:
    parameters, lines = [] if cls.__match_args__ else ["*"], []
    scope: dict[str, Any] = {}
    for name in cls.__slots__:
        options = cls.__options__.get(name, {})
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        parameter, value = name, name
        if "default" in options:
            scope[f"_default_{name}"] = options["default"]
            parameter = f"{name}=_default_{name}"
        elif "default_factory" in options:
            scope[f"_new_{name}"] = options["default_factory"]
            parameter = f"{name}=_new_{name}"
            value = f"_new_{name}() if {name} is _new_{name} else {name}"
        parameters.append(parameter)
        lines.append(f" _set_{name}(self, {value})")
    if not lines:
        parameters, lines = [], [" pass"]
    source = "\n".join([f"def __init__(self, {', '.join(parameters)}):", *lines])
    exec(source, scope)  # noqa: S102 - as the standard library makes it, of a class's own names
    cls.__init__ = scope["__init__"]


def _repr(self: "Any") -> str:
    shown = [
        f"{name}={getattr(self, name)!r}"
        for name in self.__slots__
        if self.__options__.get(name, {}).get("repr", True)
    ]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: "Any", other: "Any") -> "Any":
    if type(self) is not type(other):
        return NotImplemented
    return self.__values__(self) == other.__values__(other)


def _lt(self: "Any", other: "Any") -> "Any":
    if type(self) is not type(other):
        return NotImplemented
    return self.__values__(self) < other.__values__(other)


def _hash(self: "Any") -> int:
    return hash(self.__values__(self))


def _set(_self: object, name: str, _value: object) -> None:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - for mistakes alone

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(_self: object, name: str) -> None:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _reduce(self: "Any") -> tuple[object, ...]:
    return _make, (type(self), _state(self))


class _Fields:
    """What `dataclasses` asks a class for: made by itself, when it asks."""

    def __get__(self, _value: object, cls: "Any") -> object:
        from dataclasses import field, make_dataclass  # noqa: PLC0415 - seldom

        rows = [
            (name, kind, field(**cls.__options__.get(name, {})))
            for name, kind in cls.__annotations__.items()
        ]
        twin: Any = make_dataclass(cls.__name__, rows, kw_only=not cls.__match_args__)
        return twin.__dataclass_fields__


_METHODS = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _set,
    "__delattr__": _delete,
    "__reduce__": _reduce,
}
_ORDER = {
    "__lt__": _lt,
    "__gt__": lambda self, other: _lt(other, self),
    "__le__": lambda self, other: self == other or _lt(self, other),
    "__ge__": lambda self, other: self == other or _lt(other, self),
}

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _dataclass, _Field, _replace
