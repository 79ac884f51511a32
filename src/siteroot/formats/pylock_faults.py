"""All that is wrong in a `pylock.toml`, though packaging's reading of it stops at the first fault.

Each part of the file is shown to packaging again and again, each time with the fault that it named last put right, until
it finds none. Parts are the file's own keys, and each package by itself: a long lock costs no more than its faulty
packages.
"""

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from typing import cast

from packaging.pylock import Pylock, PylockValidationError
from packaging.utils import is_normalized_name
from packaging.version import Version

from .uv_lock_sources import parse_url

Fault = tuple[str, str]  # key path, what is wrong there
_Rows = MutableMapping[str, object]

#: How many faults of one part are looked for: that which cannot be put right must not be found without end.
_MOST = 100

_KEYS = re.compile(r"[^.\[\]]+")
_URL = "https://x/x"
_DOCUMENT = {"lock-version": "1.0", "created-by": "x", "packages": []}

#: What a key is given in place of a wrong value, or of none. Those that nothing asks for are left out instead.
_RIGHT: Mapping[str, object] = {
    **_DOCUMENT,
    "url": _URL,
    "path": "x",
    "hashes": {"x": "x"},
    "type": "git",
    "commit-id": "x",
    "kind": "x",
    "archive": {"url": _URL, "hashes": {"x": "x"}},
    "vcs": {"type": "git", "url": _URL, "commit-id": "x"},
    "directory": {"path": "x"},
}
#: The same of the items of an array.
_RIGHT_ITEMS: Mapping[str, object] = {
    "environments": "os_name == 'x'",
    "extras": "x",
    "dependency-groups": "x",
    "default-groups": "x",
    "dependencies": {},
    "attestation-identities": {"kind": "x"},
}


def find_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    """Give every fault of a document that packaging refuses, in the order of the file's parts."""
    packages = document.get("packages")
    if not isinstance(packages, list):
        yield from _part_faults(dict(document), lambda top: top, "")
        return
    yield from _part_faults({**document, "packages": []}, lambda top: top, "")
    for index, package in enumerate(packages):
        place = f"packages[{index}]"
        if not isinstance(package, dict):
            yield place, "is not a table"
            continue
        mended = deepcopy(package)
        faults = [*_url_faults(mended), *_part_faults(mended, _as_document, "packages[0]")]
        yield from _placed(faults, place, package)


def find_url_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    """Give the URLs of a document, right else, that hold credentials or are none."""
    for index, package in enumerate(cast("list[_Rows]", document["packages"])):
        faults = [*_url_faults(package, mend=False)]
        yield from _placed(faults, f"packages[{index}]", package)


def _placed(faults: list[Fault], place: str, package: Mapping[str, object]) -> Iterator[Fault]:
    name = package.get("name")
    named = f" ({name})" if isinstance(name, str) and is_normalized_name(name) else ""
    for path, message in faults:
        yield f"{place}.{path}{named}" if path else f"{place}{named}", message


def _url_faults(package: _Rows, *, mend: bool = True) -> Iterator[Fault]:
    """Give what is wrong with a package's URLs, which may be put right: packaging's messages shall quote none."""
    index = package.get("index")
    if isinstance(index, str) and "://" in index:
        yield from _url_fault("index", package, "index", mend=mend)
    wheels = package.get("wheels")
    rows = [
        (f"wheels[{i}]", row) for i, row in enumerate(wheels if isinstance(wheels, list) else ())
    ]
    for place, row in (*rows, *((key, package.get(key)) for key in ("sdist", "archive", "vcs"))):
        if isinstance(row, dict) and isinstance(row.get("url"), str):
            for fault in _url_fault(f"{place}.url", row, "url", mend=mend):
                yield fault
                if mend and place not in ("archive", "vcs"):
                    row["name"] = _file_name(place, package)


def _url_fault(path: str, row: _Rows, key: str, *, mend: bool) -> Iterator[Fault]:
    try:
        parse_url(cast("str", row[key]))
    except ValueError as error:
        yield path, str(error)
        if mend:
            row[key] = _URL


def _as_document(package: _Rows) -> _Rows:
    return {**_DOCUMENT, "packages": [package]}


def _part_faults(part: _Rows, wrap: Callable[[_Rows], _Rows], prefix: str) -> Iterator[Fault]:
    """Give the faults of a part, which is put right on the way. `prefix` is where `wrap` has it."""
    told: set[Fault] = set()
    while len(told) < _MOST:
        try:
            Pylock.from_dict(wrap(part))
        except PylockValidationError as error:
            path = (error.context or "").removeprefix(prefix).removeprefix(".")
            fault = (path, error.message.partition("\n")[0])
            if fault in told:
                return
            told.add(fault)
            yield fault
            _mend(part, [int(key) if key.isdecimal() else key for key in _KEYS.findall(path)])
        else:
            return


def _mend(part: _Rows, keys: list[str | int]) -> None:
    """Put right what stands at a key path, and what would be found wrong on account of it alone."""
    match keys:
        case []:
            _leave_one_origin(part)
        case ["wheels" | "sdist", *_]:
            _mend_file(part, keys)
        case ["name"]:
            part["name"] = "x"
            for place, row in _files(part):
                row["name"] = _file_name(place, part)
        case [*above, int(index)]:
            items = cast("list[object]", _at(part, above))
            items[index] = deepcopy(_RIGHT_ITEMS[str(above[-1])])
        case _:
            _mend_value(cast("_Rows", _at(part, keys[:-1])), str(keys[-1]))


def _mend_file(package: _Rows, keys: list[str | int]) -> None:
    kind = str(keys[0])
    name = _file_name(kind, package)
    match keys:
        case ["wheels"]:
            package["wheels"] = [_right_file({}, name)]
        case ["sdist"]:
            package["sdist"] = _right_file(package["sdist"], name)
        case ["wheels", int(index)]:
            wheels = cast("list[object]", package["wheels"])
            wheels[index] = _right_file(wheels[index], name)
        case _:
            row, key = cast("_Rows", _at(package, keys[:-1])), str(keys[-1])
            _mend_value(row, key)
            if key in ("url", "path", "name"):
                row["name"] = name


def _mend_value(row: _Rows, key: str) -> None:
    if key in _RIGHT:
        row[key] = deepcopy(_RIGHT[key])
    else:
        del row[key]


def _at(part: _Rows, keys: list[str | int]) -> object:
    found: object = part
    for key in keys:
        found = found[key]  # type: ignore[index]  # packaging has gone the same way
    return found


def _leave_one_origin(package: _Rows) -> None:
    """Make a package come from one place: from its files, or from a folder."""
    for key in ("vcs", "directory", "archive"):
        package.pop(key, None)
    if not package.get("sdist") and not package.get("wheels"):
        package["directory"] = {"path": "x"}


def _files(package: _Rows) -> Iterator[tuple[str, _Rows]]:
    wheels = package.get("wheels")
    for row in wheels if isinstance(wheels, list) else ():
        if isinstance(row, dict):
            yield "wheels", row
    if isinstance(sdist := package.get("sdist"), dict):
        yield "sdist", sdist


def _right_file(row: object, name: str) -> _Rows:
    old = row if isinstance(row, dict) else {"hashes": _RIGHT["hashes"]}
    return {**old, "url": _URL, "name": name}


def _file_name(kind: str, package: _Rows) -> str:
    """Return a file's name that fits the package, or what will be made of it."""
    name, version = package.get("name"), package.get("version")
    fits = isinstance(name, str) and is_normalized_name(name)
    try:
        release = str(Version(version)) if isinstance(version, str) else "0"
    except ValueError:
        release = "0"
    stem = f"{str(name).replace('-', '_') if fits else 'x'}-{release}"
    return f"{stem}-py3-none-any.whl" if kind.startswith("wheels") else f"{stem}.tar.gz"
