"""`--help`: pages made of the option table, in sections, each option with its variable, examples at the end."""

import textwrap

from .arguments import options_of
from .exits import EXIT_CODES
from .option import Kind, Option, Section, undoing
from .options import GROUPS, WORDED
from .terminal import Paint

_ABOUT = {
    "": "Put a locked Python project straight into a plain site-packages directory, with no virtual environment.",
    "sync": "Bring a site root to hold exactly what the project's lock says: uv.lock, or pylock.toml.",
    "cache": "Look after the cache of checked, unpacked wheels.",
    "cache dir": "Show where the cache is.",
    "cache size": "Show how many bytes the cache holds.",
    "cache prune": "Remove from the cache what nothing can use: unfinished work, damaged entries, older formats.",
    "cache clean": "Remove the named distributions from the cache, or everything.",
    "pip": "Look at, or change, what a root holds: `--target DIR`, `--prefix DIR`, or an interpreter's own.",
    "pip check": "Say whether all that is installed fits together.",
    "pip compile": "Write down what requirements come to: requirements.txt, or pylock.toml.",
    "pip freeze": "List what is installed as lines of a requirements file.",
    "pip install": "Bring what is asked for, and what that needs, into a root. What is there in a right version stays.",
    "pip list": "List what is installed.",
    "pip show": "Tell all of the named distributions.",
    "pip sync": "Bring a root to hold just what requirements files, or a pylock.toml, name.",
    "pip tree": "Show which distribution needs which.",
    "pip uninstall": "Take the named distributions out of a root.",
}
_USAGE = {
    "": "siteroot <COMMAND> [OPTIONS]",
    **{group: f"siteroot {group} <COMMAND> [OPTIONS]" for group in GROUPS},
    **{command: f"siteroot {command} [NAME]... [OPTIONS]" for command in WORDED},
    "pip compile": "siteroot pip compile FILE... [OPTIONS]",
    "pip install": "siteroot pip install [REQUIREMENT]... [OPTIONS]",
    "pip sync": "siteroot pip sync FILE... [OPTIONS]",
}
_COMMANDS = {
    "": (
        ("sync", _ABOUT["sync"]),
        *((group, _ABOUT[group]) for group in GROUPS),
        ("help", "Show the help of a command."),
    ),
    **{
        group: tuple((name, _ABOUT[f"{group} {name}"]) for name in names)
        for group, names in GROUPS.items()
    },
}
_EXAMPLES = {
    "": (
        ("siteroot sync --frozen --target pkgs", "what the lock says, into pkgs"),
        ("PYTHONPATH=pkgs python -m app", "run the project from there"),
        ("siteroot help sync", "all about syncing"),
    ),
    "sync": (
        ("siteroot sync --frozen --target pkgs", "what the lock says, into pkgs"),
        (
            "siteroot sync --frozen --no-dev --no-install-project --target pkgs",
            "the dependencies alone",
        ),
        (
            "siteroot sync --frozen --target pkgs --python-version 3.12 --python-platform aarch64-manylinux2014",
            "for another machine",
        ),
        (
            "siteroot sync --locked --check --target pkgs",
            "ask whether lock and root are up to date",
        ),
        (
            "siteroot sync --lock pylock.toml --frozen --prefix /opt/app",
            "from a pylock.toml, as a prefix",
        ),
    ),
    "cache clean": (("siteroot cache clean numpy", "fetch numpy anew the next time"),),
    "pip compile": (
        (
            "siteroot pip compile requirements.in -o requirements.txt",
            "pin all that is needed; what is pinned there stays where it can",
        ),
        (
            "siteroot pip compile pyproject.toml --generate-hashes --python-version 3.12",
            "with hashes, for another Python",
        ),
    ),
    "pip install": (
        (
            "siteroot pip install --target pkgs -r requirements.txt",
            "what a file asks for, into pkgs",
        ),
        ("siteroot pip install --target pkgs -U flask", "the newest flask that there is"),
    ),
    "pip sync": (
        ("siteroot pip sync --target pkgs requirements.txt", "no more than the file names"),
    ),
    "pip list": (
        ("siteroot pip list --target pkgs", "what pkgs holds"),
        ("siteroot pip list --python .venv --format json", "what an environment holds, as JSON"),
    ),
    "pip tree": (("siteroot pip tree --target pkgs --invert --package idna", "who needs idna"),),
    "pip uninstall": (("siteroot pip uninstall --target pkgs --dry-run numpy", "what would go"),),
}
#: What bears on the cache's commands. The others' options are taken there too, as uv takes them, and change nothing.
_CACHE_SECTIONS = (Section.CACHE, Section.OUTPUT, Section.GLOBAL)

_PLACES = (
    "Without --target, --prefix or --pypackages it is an interpreter's own site-packages: the one that --python"
    " names by its path, the active environment's, that of a .venv here or above"
)
_NOTES = {
    **dict.fromkeys(
        ("pip check", "pip freeze", "pip list", "pip show", "pip tree"),
        f"{_PLACES}, else the first Python's. Nothing is changed.",
    ),
    "pip uninstall": f"{_PLACES}; any other only with --system.",
    "sync": (
        "Every UV_ variable is understood as SITEROOT_ too (UV_PYTHON aside), and that one wins. Flags win over"
        " variables, variables over [tool.siteroot] of pyproject.toml, that over uv's own settings."
        " Where the root goes has its own order: flags, SITEROOT_TARGET and SITEROOT_PREFIX, [tool.siteroot],"
        " UV_PROJECT_ENVIRONMENT, else __pypackages__/X.Y beside pyproject.toml."
    ),
}


def render_help(command: str, width: int, paint: Paint) -> str:
    """Return the page of a command, or of the program ("")."""
    usage = _USAGE.get(command, f"siteroot {command} [OPTIONS]")
    blocks = [
        _wrapped(_ABOUT[command], width, ""),
        f"{_title('Usage', paint)} {paint(usage, 'cyan')}",
    ]
    if command in _COMMANDS:
        blocks.append(_render_pairs("Commands", _COMMANDS[command], width, paint))
    known = options_of(command)
    options = [option for option in known if _is_shown(option)]
    sections = _CACHE_SECTIONS if command.startswith("cache") else tuple(Section)
    for section in sections:
        rows = [
            _render_option(option, undoing(option, known), width, paint)
            for option in options
            if option.section is section
        ]
        if section is Section.GLOBAL:
            rows.append(_render_row("  -h, --help", "Show this help.", width, paint))
        if section is Section.GLOBAL and not command:
            rows.append(_render_row("  -V, --version", "Show the version.", width, paint))
        if rows:
            blocks.append("\n".join((_title(section.value, paint), *rows)))
    idle = [word for each in known if each.section not in sections for word in _accepted(each)]
    if idle:
        blocks.append(
            _wrapped(f"Taken as everywhere, and of no effect here: {', '.join(idle)}.", width, "")
        )
    if command in _NOTES:
        blocks.append(_wrapped(_NOTES[command], width, ""))
    if command in ("", "sync"):
        codes = tuple((str(code), text) for code, text in EXIT_CODES)
        blocks.append(_render_pairs("Exit codes", codes, width, paint))
    if command in _EXAMPLES:
        lines = [
            f"  {paint(words, 'cyan')}\n      {meaning}" for words, meaning in _EXAMPLES[command]
        ]
        blocks.append("\n".join((_title("Examples", paint), *lines)))
    return "\n\n".join(blocks) + "\n"


def render_usage(option: Option) -> str:
    """Return how an option is said: `-p, --python <PYTHON>`."""
    value = f" <{option.metavar}>" if option.metavar else ""
    more = "..." if option.kind is Kind.COUNT else ""
    return ", ".join(option.names) + value + more


def _is_shown(option: Option) -> bool:
    return bool(option.names and option.help) and not option.refused


def _accepted(option: Option) -> tuple[str, ...]:
    return () if option.refused else option.words


def _render_option(option: Option, undone_by: tuple[str, ...], width: int, paint: Paint) -> str:
    indent = "  " if option.names[0].startswith("-") and len(option.names) > 1 else "      "
    text = option.help
    if option.choices:
        text += f" [possible values: {', '.join(option.choices)}]"
    if option.aliases:
        text += f" [also: {', '.join(option.aliases)}]"
    if undone_by:
        text += f" [undone by: {', '.join(undone_by)}]"
    if option.variables:
        shown = next(
            (name for name in option.variables if name.startswith("UV_")), option.variables[0]
        )
        text += f" [env: {shown}=]"
    return _render_row(indent + render_usage(option), text, width, paint)


def _render_row(usage: str, text: str, width: int, paint: Paint) -> str:
    indent = usage[: len(usage) - len(usage.lstrip())]
    return f"{indent}{paint(usage.lstrip(), 'bold', 'cyan')}\n{_wrapped(text, width, ' ' * 10)}"


def _render_pairs(title: str, pairs: tuple[tuple[str, str], ...], width: int, paint: Paint) -> str:
    column = max(len(name) for name, _ in pairs) + 4
    lines = [
        f"  {paint(name, 'bold', 'cyan')}{_wrapped(text, width, ' ' * column)[2 + len(name) :]}"
        for name, text in pairs
    ]
    return "\n".join((_title(title, paint), *lines))


def _title(text: str, paint: Paint) -> str:
    return paint(f"{text}:", "bold", "green")


def _wrapped(text: str, width: int, indent: str) -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
