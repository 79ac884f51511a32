"""What the end of a build's output says is lacking: the cause that a person can do something about."""

import re
from collections.abc import Sequence

_COMPILER = (
    "there is no compiler on PATH: install one (Debian: build-essential), or take a wheel instead"
)
_HEADERS_OF_PYTHON = "the headers of this Python are lacking (Debian: python3-dev)"
_PKG_RESOURCES = (
    "pkg_resources left setuptools with version 82:"
    " hold its build to an older one, with `setuptools<82` in a file for --build-constraints,"
    " or in build-constraint-dependencies of [tool.uv]"
)

#: What a line may say, and what that means; `{0}` is what it names. The first that some line says counts.
_CAUSES = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r"fatal error: '?Python\.h\b", _HEADERS_OF_PYTHON),
        (
            r"fatal error: '?([^\s':]+\.h\w*)'?(?:: No such file|  ?file not found)",
            "the header {0} is lacking: install what brings it (Debian: a -dev package of that library)",
        ),
        (
            r"\bcannot find -l([\w.+-]+)|\blibrary not found for -l([\w.+-]+)",
            "the library {0} is lacking: install what brings it (Debian: its -dev package)",
        ),
        (
            r"(?:command|execute|directory:) '(?:[\w/.-]+-)?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+)(?:-\d+)?'"
            r"(?:$| failed: No such file|: No such file)",
            _COMPILER,
        ),
        (r"Unknown compiler\(s\):|CMAKE_(?:C|CXX)_COMPILER not set", _COMPILER),
        (
            r"can't find Rust compiler|Cargo, the Rust package manager, is not installed",
            "there is no Rust on PATH: install it (rustup, or Debian: cargo), or take a wheel instead",
        ),
        (r"No module named '?pkg_resources\b", _PKG_RESOURCES),
    )
)
_MODULE = re.compile(r"^ModuleNotFoundError: No module named '?(\w+)")
_COMMAND = re.compile(r"^error: invalid command 'bdist_wheel'")


def hints_of(lines: Sequence[str], name: str) -> tuple[str, ...]:
    """Return what to try after output that ends with these lines; `name` is the distribution's, "" where nobody knows it."""
    for pattern, hint in _CAUSES:
        for line in lines:
            found = pattern.search(line)
            if found:
                return (hint.format(*filter(None, found.groups())),)
    module = next((found[1] for line in lines if (found := _MODULE.search(line))), "")
    if not module and any(map(_COMMAND.search, lines)):
        module = "wheel"
    return _undeclared(module, name) if module else ()


def _undeclared(module: str, name: str) -> tuple[str, ...]:
    # since Python 3.12 it is setuptools that brings it
    requirement = "setuptools" if module == "distutils" else module
    return (
        f"its build imports {module} and does not ask for it: what brings that belongs into its [build-system] requires,"
        f' or into yours, as [tool.uv.extra-build-dependencies] {name or "NAME"} = ["{requirement}"]',
    )
