"""The reference in docs/, as Markdown made of the tables that the program runs by: nothing in it can go stale."""

from collections.abc import Iterable

from .exits import EXIT_CODES
from .guide import render_usage
from .options import CACHE_COMMANDS, COMMANDS, CONTRADICTIONS, OPTIONS, SYNC, Option, Section


def render_options() -> str:
    """Return every option of every command, in sections, and which exclude each other."""
    parts = []
    for section in Section:
        shown = [option for option in OPTIONS if option.section is section and option.names]
        rows = [_option_row(option) for option in shown if not option.refused and option.help]
        if rows:
            parts.append(
                f"## {section.value}\n\n"
                + _table(("Option", "Variable", "Setting", "Meaning"), rows)
            )
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


def _option_row(option: Option) -> tuple[str, str, str, str]:
    text = option.help
    if option.choices:
        text += f" One of {', '.join(f'`{choice}`' for choice in option.choices)}."
    if option.commands == CACHE_COMMANDS or (SYNC not in option.commands):
        text += f" Of {', '.join(f'`siteroot {name}`' for name in option.commands)}."
    elif option.commands == COMMANDS:
        text += " Of every command."
    return (
        f"`{render_usage(option)}`",
        ", ".join(f"`{name}`" for name in option.variables),
        f"`{option.setting}`" if option.setting else "",
        _cell(text),
    )


def _flag(field: str, *, value: bool) -> str:
    rows = (option for option in OPTIONS if option.field == field and option.value is value)
    return next((option.name for option in rows if option.names), "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")
