"""entry_points.txt: the scripts that a distribution asks for ("Entry points specification").

Read line by line, as importlib.metadata does: what a wheel asks for has to be what Python would answer. Only the groups
console_scripts and gui_scripts are looked at; their names become files beside interpreters and their objects
become code, so both are judged strictly.
"""

import re

from siteroot.errors import IntegrityError
from siteroot.model.wheel import EntryPoint

_GROUPS = {"console_scripts": False, "gui_scripts": True}

# Not compiled here: a sync whose wheels are stored, with no scripts in what comes, needs none.
_OBJECT = r"(?a)(?P<module>[\w.]+)\s*(?::\s*(?P<attribute>[\w.]+)\s*)?(?:\[[^\[\]]*\]\s*)?"
_INTERPRETER = r"(?ai)(?:pythonw?|pypyw?|graalpy|graalpython)[0-9.]*[td]*(?:-c)?(?:\.exe)?"
_DRIVE = r"[A-Za-z]:"


class EntryPointsError(IntegrityError):
    """An entry_points.txt asks for scripts that cannot or must not be made."""

    def __init__(self, faults: tuple[str, ...], *, where: str | None = None) -> None:
        super().__init__(f"entry_points.txt is refused: {'; '.join(faults)}", where=where)
        self.faults = faults


def is_interpreter_name(name: str) -> bool:
    """Whether a script of that name would stand in for a Python: python3, pythonw, python3.13t, pypy3.10, graalpy."""
    return re.fullmatch(_INTERPRETER, name) is not None


def parse_entry_points(text: str) -> tuple[EntryPoint, ...]:
    """Return the scripts in their order; extras are dropped, as every installer does.

    Raises EntryPointsError, with all faults of the text at once.
    """
    found: dict[str, EntryPoint] = {}
    faults: list[str] = []
    group = ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            group = line[1:-1].strip() if line.endswith("]") else ""
            if not group:
                faults.append(f"line {number}: {line[:80]!r} is no group")
        elif group in _GROUPS:
            name, equals, reference = (part.strip() for part in line.partition("="))
            if not equals:
                faults.append(f"line {number}: {line[:80]!r} is no entry point")
            elif name in found:
                faults.append(f"line {number}: the script {name[:80]!r} is asked for twice")
            else:
                try:
                    found[name] = _parse_entry_point(name, reference, gui=_GROUPS[group])
                except ValueError as error:
                    faults.append(f"line {number}: {error}")
    if faults:
        raise EntryPointsError(tuple(faults))
    return tuple(found.values())


def _parse_entry_point(name: str, reference: str, *, gui: bool) -> EntryPoint:
    shown = name[:80]
    if not name:
        raise ValueError("a script has no name")
    if "/" in name or "\\" in name or name in {".", ".."} or re.match(_DRIVE, name):
        raise ValueError(f"the script name {shown!r} leads to another folder")
    if not name.isprintable():
        raise ValueError(f"the script name {shown!r} holds control characters")
    if len(name.encode("utf-8", "replace")) > 240:
        raise ValueError(f"the script name {shown!r}... is too long")
    if is_interpreter_name(name):
        raise ValueError(f"the script name {shown!r} is an interpreter's")
    match = re.fullmatch(_OBJECT, reference)
    if match is None:
        raise ValueError(f"{reference[:80]!r} of the script {shown!r} is no object reference")
    module, attribute = match["module"], match["attribute"]
    if attribute is None:
        raise ValueError(f"the script {shown!r} names the module {module!r} and no function")
    if not all(part.isidentifier() for part in (*module.split("."), *attribute.split("."))):
        raise ValueError(f"{reference[:80]!r} of the script {shown!r} is no object reference")
    return EntryPoint(name=name, module=module, attribute=attribute, gui=gui)
