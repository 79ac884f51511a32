"""The reference in docs/, as Markdown (MyST) made of the tables that the program runs by.

`tools/reference.py` puts each text where a page says `<!-- reference: NAME -->`, and a test finds what is stale.
"""

import re
from collections.abc import Iterable

from .document import KEYS
from .exits import EXIT_CODES
from .guide import render_usage
from .option import Option, Section, undoing
from .options import COMMANDS, CONTRADICTIONS, OPTIONS, SYNC
from .pip_options import PIP_COMMANDS, RESOLVING

#: What is code in a help text: `--flag`, NAME_WITH_UNDERSCORE, __pypackages__/X.Y, DIR/bin, tool.uv.key.
_CODE = re.compile(r"--[a-z][\w-]*|\w*_\w+(?:/[\w.]*\w)?|\bDIR(?:/[\w./-]*\w)?|\btool\.[\w.-]*\w")

_BEGIN, _END = "<!-- reference: ", "<!-- end of reference -->"


def fill_page(text: str) -> str:
    """Return a page with its generated part as it should be now; a page without one as it is."""
    before, begin, rest = text.partition(_BEGIN)
    name, _, _ = rest.partition(" -->")
    if not begin:
        return text
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}{name} -->\n\n{_GENERATED[name]()}\n{_END}{after}"


def without_marks(text: str) -> str:
    """Return a page without the lines that say which part of it is generated."""
    kept = (line for line in text.split("\n") if not line.startswith((_BEGIN, _END)))
    return "\n".join(kept)


def render_options() -> str:
    """Return every option of every command, in sections, and which exclude each other."""
    parts = []
    shown = [option for option in OPTIONS if option.names and option.help and not option.refused]
    for section in Section:
        rows = [option for option in shown if option.section is section]
        entries = [_entry(option) for option in rows if not _is_of_pip(option)]
        if entries:
            parts.append("\n\n".join((f"## {section.value}", *entries)))
    of_pip = [option for option in shown if _is_of_pip(option)]
    for program, installing in (("siteroot pip", False), ("siteroot pip install", True)):
        entries = [_entry(option) for option in of_pip if _is_of_installing(option) is installing]
        parts.append("\n\n".join((f"## Of `{program}` alone", _program(program), *entries)))
    parts.append(_program("siteroot"))
    pairs = (
        f"- `{_flag(one.one, value=True)}` and `{_flag(one.other, value=one.other_value)}`"
        for one in CONTRADICTIONS
        if _flag(one.one, value=True) and _flag(one.other, value=one.other_value)
    )
    parts.append("## Options that exclude each other\n\n" + "\n".join(pairs))
    refused = [
        (f"`{render_usage(option)}`", _cell(option.refused))
        for option in OPTIONS
        if option.refused and option.names
    ]
    parts.append(
        "## Options of uv that are refused\n\n" + _table(("Option", "Why, and what to do"), refused)
    )
    return "\n\n".join(parts) + "\n"


def render_variables() -> str:
    """Return every variable, with what it sets."""
    rows = [
        (f"`{name}`", f"`{option.names[-1]}`" if option.names else "", _cell(option.help))
        for option in OPTIONS
        if not option.refused
        for name in option.variables
    ]
    unheeded = [
        (f"`{name}`", _cell(option.refused))
        for option in OPTIONS
        if option.refused
        for name in option.variables
        if name.startswith("UV_")
    ]
    return (
        _table(("Variable", "Option", "Meaning"), sorted(rows))
        + "\n\n## Variables of uv that are read over, told with `-v`\n\n"
        + _table(("Variable", "Why"), sorted(unheeded))
        + "\n"
    )


def render_settings() -> str:
    """Return every settings key, with the tables that may hold it."""
    rows = sorted(
        (
            f"`{option.setting}`",
            "`[tool.siteroot]`"
            if option.own_setting
            else "`[tool.siteroot]`, `[tool.uv]`, `uv.toml`",
            _cell(option.help),
        )
        for option in OPTIONS
        if option.setting
    )
    return _table(("Key", "Where", "Meaning"), rows) + "\n"


def render_exit_codes() -> str:
    """Return what each exit code says."""
    return (
        _table(("Code", "Meaning"), [(str(code), _cell(text)) for code, text in EXIT_CODES]) + "\n"
    )


def render_json() -> str:
    """Return every key of the JSON document, with its type and meaning."""
    rows = [(f"`{path}`", _cell(kind), _cell(meaning)) for path, kind, meaning in KEYS]
    return _table(("Key", "Type", "Meaning"), rows) + "\n"


_GENERATED = {
    "options": render_options,
    "variables": render_variables,
    "settings": render_settings,
    "exit codes": render_exit_codes,
    "json": render_json,
}


def _entry(option: Option) -> str:
    """Return one option as a directive, so that it can be linked to and stands in the index."""
    value = f" <{option.metavar}>" if option.metavar else ""
    lines = [_words(option.help)]
    if option.choices:
        lines.append(f"One of {', '.join(f'`{choice}`' for choice in option.choices)}.")
    if option.commands == COMMANDS:
        lines.append("Of every command.")
    elif option.commands != (SYNC,):
        names = list(option.commands)
        if set(PIP_COMMANDS) <= set(names):
            names = [name for name in names if name not in PIP_COMMANDS] + ["pip"]
        lines.append(f"Of {', '.join(f'`siteroot {name}`' for name in names)}.")
    said = [
        f"{title}: {', '.join(f'`{name}`' for name in names)}"
        for title, names in (
            ("Variable", option.variables),
            ("Setting", (option.setting,) if option.setting else ()),
            ("Also", option.aliases),
            ("Undone by", _undone_by(option)),
        )
        if names
    ]
    more = f"\n\n{'. '.join(said)}." if said else ""
    return f":::{{option}} {', '.join(option.names)}{value}\n\n{' '.join(lines)}{more}\n:::"


def _undone_by(option: Option) -> tuple[str, ...]:
    rows = (other for other in OPTIONS if set(other.commands) & set(option.commands))
    return tuple(dict.fromkeys(undoing(option, rows)))


def _is_of_pip(option: Option) -> bool:
    return set(option.commands) <= set(PIP_COMMANDS)


def _is_of_installing(option: Option) -> bool:
    return set(option.commands) <= set(RESOLVING)


def _program(name: str) -> str:
    """Return what says whose options follow: some words mean one thing to `sync` and another to `pip`."""
    return f":::{{program}} {name}\n:::"


def _flag(field: str, *, value: bool) -> str:
    rows = (option for option in OPTIONS if option.field == field and option.value is value)
    return next((option.name for option in rows if option.names), "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(text: str | None) -> str:
    return _words(text or "").replace("|", "\\|")


def _words(text: str) -> str:
    """Return a text of the tables as Markdown: options, variables and paths as code, where they are not so already."""
    parts = text.split("`")
    parts[::2] = (_CODE.sub(r"`\g<0>`", part) for part in parts[::2])
    return "`".join(parts)
