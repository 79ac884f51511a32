"""`.siteroot.json`: what siteroot says of a root, to its next run and to anybody who asks whose a file is.

JSON with sorted keys, LF at the end of lines, no path of a machine, no time, no host: a function of what was asked for.
Documented in docs/reference/root-file.md. Schema 1:

    {"schema": 1, "implementation": "cpython", "python": "3.12", "form": "target-posix",
     "distributions": {NAME: {"version": "1.0", "dist-info": PATH, "digests": ["sha256:..."], "record": SHA256,
                              "direct": true, "origin": SHA256 of direct_url.json, "bytecode": KIND}},
     "winners": {PATH: NAME}, "files": {PATH: SHA256}}

"origin", "bytecode" and "form" are left out where there is none.
"""

import json
from collections.abc import Mapping

from siteroot.model.digest import HEX_LENGTHS, Digest
from siteroot.model.reserved import WORK_FOLDER
from siteroot.model.root import RootEntry, RootState
from siteroot.model.value import dataclass

SCHEMA = 1
_HEXADECIMAL = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class UnreadableState:
    """Why a `.siteroot.json` cannot be used: its root counts as one that siteroot did not make."""

    reason: str


class _FaultError(Exception):
    """A value is not what the schema says; the text names its key path."""


def render_root_state(state: RootState) -> bytes:
    """Return the file's bytes."""
    distributions = {}
    for name, entry in state.distributions.items():
        table: dict[str, object] = {
            "version": entry.version,
            "dist-info": entry.dist_info,
            "digests": [str(digest) for digest in sorted(entry.digests)],
            "record": entry.record,
            "direct": entry.direct,
        }
        if entry.origin:
            table["origin"] = entry.origin
        if entry.bytecode:
            table["bytecode"] = entry.bytecode
        distributions[name] = table
    document = {
        "schema": SCHEMA,
        "implementation": state.implementation,
        "python": state.python,
        "distributions": distributions,
        "winners": dict(state.winners),
        "files": dict(state.files),
    }
    if state.form:
        document["form"] = state.form
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode("ascii")


def parse_root_state(content: bytes) -> RootState | UnreadableState:
    """Return what the file says, or why that cannot be known. Unknown keys are let pass."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        return UnreadableState(f"it is no JSON: {error}")
    try:
        top = _table(document, "the document")
        if top.get("schema") != SCHEMA:
            return UnreadableState(
                f"its schema is {top.get('schema')!r}, this siteroot knows {SCHEMA}"
            )
        return RootState(
            implementation=_text(top, "implementation"),
            python=_text(top, "python"),
            distributions={
                name: _parse_entry(name, entry)
                for name, entry in _table(top.get("distributions"), "distributions").items()
            },
            winners=_texts(top, "winners"),
            files=_parse_files(_texts(top, "files")),
            form=_text(top, "form") if "form" in top else "",
        )
    except _FaultError as fault:
        return UnreadableState(str(fault))


def _parse_entry(name: str, value: object) -> RootEntry:
    where = f"distributions.{name}"
    table = _table(value, where)
    direct = table.get("direct")
    digests = table.get("digests")
    if not isinstance(direct, bool) or not isinstance(digests, list):
        raise _FaultError(f"{where} has no right `direct` or `digests`")
    return RootEntry(
        name=name,
        version=_text(table, "version", where),
        dist_info=_below(_text(table, "dist-info", where), where),
        digests=tuple(_parse_digest(text, where) for text in digests),
        record=_sha256(_text(table, "record", where), where),
        direct=direct,
        origin=_sha256(_text(table, "origin", where), where) if "origin" in table else "",
        bytecode=_text(table, "bytecode", where) if "bytecode" in table else "",
    )


def _parse_files(files: Mapping[str, str]) -> dict[str, str]:
    return {
        _inner(path, "files"): _sha256(digest, f"files.{path}") for path, digest in files.items()
    }


def _parse_digest(value: object, where: str) -> Digest:
    algorithm, _, hexadecimal = value.partition(":") if isinstance(value, str) else ("", "", "")
    if len(hexadecimal) != HEX_LENGTHS.get(algorithm) or not _HEXADECIMAL.issuperset(hexadecimal):
        raise _FaultError(f"{where} has no right digest")
    return Digest(algorithm, hexadecimal)


def _inner(path: str, where: str) -> str:
    """Return the path; it may not lead out of the root: files that are named here may be replaced and removed."""
    parts = path.split("/")
    if "\0" in path or parts[0] == WORK_FOLDER or any(part in ("", ".", "..") for part in parts):
        raise _FaultError(f"{where} names {path!r}, which is no file in a root")
    return path


def _below(path: str, where: str) -> str:
    """Return the path; it may begin with "..": an interpreter's platlib need not lie in its purelib, the root.

    It is compared with what was found in the layout's own folders, and never followed.
    """
    rest = path
    while rest.startswith("../"):
        rest = rest[3:]
    if rest != path and not rest.endswith(".dist-info"):
        raise _FaultError(f"{where} names {path!r}, which is no file in a root")
    _inner(rest, where)
    return path


def _sha256(text: str, where: str) -> str:
    if len(text) != HEX_LENGTHS["sha256"] or not _HEXADECIMAL.issuperset(text):
        raise _FaultError(f"{where} has no right sha256")
    return text


def _table(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _FaultError(f"{where} is no table")
    return value


def _text(table: Mapping[str, object], key: str, where: str = "the document") -> str:
    value = table.get(key)
    if not isinstance(value, str):
        raise _FaultError(f"{where} has no `{key}`")
    return value


def _texts(top: Mapping[str, object], key: str) -> dict[str, str]:
    table = _table(top.get(key), key)
    return {name: _text(table, name, key) for name in table}
