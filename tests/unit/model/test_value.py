"""Our dataclasses beside the standard library's, made of the same bodies."""

import copy
import dataclasses
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from siteroot.model import value


class Named:
    """A name and what goes with it."""

    name: str
    extras: tuple[str, ...] = ()
    version: str | None = None

    def label(self) -> str:
        """Return what messages call it."""
        return f"{self.name}=={self.version}"

    @property
    def short(self) -> bool:
        """Whether the name is short."""
        return len(self.name) < 3


class Nothing:
    """Says all by its kind."""


#: Ours, the standard library's.
BOTH: tuple[Callable[..., Callable[[type], Any]], ...] = (value.dataclass, dataclasses.dataclass)


def twins(body: type, **words: bool) -> list[Any]:
    fresh = [{key: each for key, each in vars(body).items() if key not in BARE} for _ in BOTH]
    return [
        make(frozen=True, slots=True, **words)(type(body.__name__, (), own))
        for make, own in zip(BOTH, fresh, strict=True)
    ]


BARE = ("__dict__", "__weakref__")


@pytest.mark.parametrize("words", [{}, {"kw_only": True}, {"order": True}])
@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ((), {"name": "a"}),
        ((), {"name": "a", "extras": ("x",), "version": "1"}),
        (("a",), {}),
        (("a", ("x",)), {"version": "1"}),
        ((), {}),
        (("a",), {"name": "b"}),
        ((), {"name": "a", "other": 1}),
        (("a", "b", "c", "d"), {}),
    ],
)
def test_they_are_made_alike(
    words: dict[str, bool], arguments: tuple[object, ...], given: dict[str, object]
) -> None:
    made: list[object] = []
    for kind in twins(Named, **words):
        for _ in range(12):  # the last are made by what was compiled meanwhile
            try:
                one = kind(*arguments, **given)
            except TypeError:
                made.append(None)
            else:
                made.append((repr(one), hash(one), one.label(), one.short, kind.__match_args__))
    assert made[1:] == made[:-1]


def test_they_are_compared_alike() -> None:
    for kind in twins(Named, order=True):
        one, same, more = kind("a"), kind("a"), kind("a", ("x",))
        assert one == same
        assert one != more
        assert one != ("a", (), None)
        assert {one, same, more} == {one, more}
        assert sorted([more, one]) == [one, more]
        assert one <= same < more > one >= same
        with pytest.raises(TypeError):
            _ = one < ("b", (), None)
    ours, theirs = twins(Named)
    assert ours("a") != theirs("a")
    with pytest.raises(TypeError):
        _ = ours("a") < ours("b")


def test_they_are_frozen_alike() -> None:
    for kind in (*twins(Named), *twins(Nothing)):
        one = kind("a") if kind.__slots__ else kind()
        for name in kind.__slots__:
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(one, name, "b")
            with pytest.raises(dataclasses.FrozenInstanceError):
                delattr(one, name)
        assert not hasattr(one, "__dict__")
        assert kind.__doc__ in (Named.__doc__, Nothing.__doc__)
        assert (kind.__name__, kind.__module__) in {
            (b.__name__, __name__) for b in (Named, Nothing)
        }
        assert one == kind(*[getattr(one, each) for each in kind.__slots__])


@value.dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One whose fields are made anew, or not to be seen."""

    user: str
    password: str = value.field(repr=False)
    options: Mapping[str, str] = value.field(default_factory=dict)


def test_nothing_can_be_added() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Login(user="u", password="p").other = 1  # type: ignore[attr-defined]  # that is the mistake


def test_fields_may_be_hidden_and_made_anew() -> None:
    one, other = (Login(user="u", password="secret") for _ in range(2))
    assert repr(one) == "Login(user='u', options={})"
    assert one.options is not other.options
    with pytest.raises(TypeError, match="password"):
        Login(user="u")  # type: ignore[call-arg]  # that is the mistake


def test_they_can_be_copied_sent_and_changed() -> None:
    one = Login(user="u", password="p", options={"a": "b"})
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == copy.copy(one) == one
    for replace in (value.replace, dataclasses.replace):
        assert replace(one, user="v") == Login(user="v", password="p", options={"a": "b"})
        with pytest.raises(TypeError):
            replace(one, nobody=1)
    assert [(each.name, each.repr) for each in dataclasses.fields(one)] == [
        ("user", True),
        ("password", False),
        ("options", True),
    ]
    match one:
        case Login(user=user, password="p"):
            assert user == "u"
        case _:
            pytest.fail("it is not matched")


def test_only_frozen_ones_with_slots_are_made() -> None:
    with pytest.raises(TypeError, match="frozen"):
        value.dataclass(frozen=False, slots=True)(Named)
