import ast

import pytest

from siteroot.model.wheel import EntryPoint
from siteroot.plan.startup import (
    LauncherPlace,
    absolute_shebang,
    python_names,
    render_absolute_launcher,
    render_launcher,
    render_script,
    render_sitecustomize,
    render_start_sitecustomize,
    render_windows_script,
)
from support.memory_roots import made_target

TARGETS = (
    made_target(),
    made_target((3, 8)),
    made_target((3, 13), free_threaded=True),
    made_target((3, 11), implementation="pypy"),
)
ENTRY = EntryPoint(name="x", module="a.b", attribute="C.main", gui=False)


def place_for(target: object = TARGETS[0]) -> LauncherPlace:
    assert target in TARGETS
    return LauncherPlace(to_modules="..", to_start="../.siteroot-start", target=TARGETS[0])


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.python_version)
def test_everything_is_python_38_and_filled(target: object) -> None:
    chosen = next(each for each in TARGETS if each is target)
    place = LauncherPlace(to_modules="..", to_start="../.siteroot-start", target=chosen)
    for text in (
        render_launcher(ENTRY, place),
        render_script(b"print()\n", place),
        render_windows_script(ENTRY, place),
        render_absolute_launcher(ENTRY, "/usr/bin/python3"),
        render_sitecustomize(chosen),
        render_start_sitecustomize(chosen, ".."),
    ):
        ast.parse(text, feature_version=(3, 8))
        assert b"@" not in text.replace(b'"$@"', b"")
        assert text.isascii()


def test_names_to_look_for() -> None:
    assert [python_names(target) for target in TARGETS] == [
        ("python3.12", "python3", "python"),
        ("python3.8", "python3", "python"),
        ("python3.13t", "python3", "python"),
        ("pypy3.11", "pypy3", "pypy"),
    ]


def test_a_launcher_calls_the_attribute() -> None:
    text = render_launcher(ENTRY, place_for()).decode()
    assert "\nfrom a.b import C\n" in text
    assert "    sys.exit(C.main())\n" in text


@pytest.mark.parametrize(
    ("executable", "lines"),
    [
        ("/usr/bin/python3", "#!/usr/bin/python3\n"),
        ("/a b/python", "#!/bin/sh\n'''exec' '/a b/python' \"$0\" \"$@\"\n' '''\n"),
        ("/it's/p x", "#!/bin/sh\n'''exec' '/it'\"'\"'s/p x' \"$0\" \"$@\"\n' '''\n"),
    ],
)
def test_an_absolute_shebang(executable: str, lines: str) -> None:
    assert absolute_shebang(executable) == lines


def test_a_long_shebang_goes_through_a_shell() -> None:
    assert absolute_shebang("/" + "x" * 123).startswith("#!/x")
    assert absolute_shebang("/" + "x" * 124).startswith("#!/bin/sh\n")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (b"import sys\n", False),
        (b"# a comment\n\nimport sys\n", False),
        (b"x = 'from __future__ import y'\n", False),
        (b"fromage = 1\n", False),
        (b"", False),
        (b"'doc'\n", True),
        (b'# c\n\n  # d\nr"""doc"""\n', True),
        (b"from __future__ import annotations\n", True),
        (b"\r\nfrom __future__ import annotations\r\n", True),
        (b"# -*- coding: latin-1 -*-\n", True),
        (b"# vim: set fileencoding=koi8-r :\n", True),
        (b"\xef\xbb\xbfprint()\n", True),
    ],
)
def test_a_script_that_has_to_come_first_is_compiled_by_itself(text: bytes, first: bool) -> None:
    rendered = render_script(text, place_for())
    assert rendered.endswith(text) is not first
    if first:
        call = ast.parse(rendered).body[-1]
        assert isinstance(call, ast.Expr)
        literals = [n.value for n in ast.walk(call) if isinstance(n, ast.Constant)]
        assert text in literals
