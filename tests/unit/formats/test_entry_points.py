"""entry_points.txt: which scripts are asked for, and which are refused."""

from contextlib import suppress
from importlib.metadata import Distribution, EntryPoints
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.errors import SiterootError
from siteroot.formats.entry_points import (
    EntryPointsError,
    is_interpreter_name,
    parse_entry_points,
)
from siteroot.model.wheel import EntryPoint


def test_scripts_of_both_groups_are_read_and_other_groups_are_not() -> None:
    text = """
    # as old setuptools wrote it, indented
    [console_scripts]
    Tool = pkg.mod : main
    tool=pkg.mod:Class.run [fast, slow]
    ; another comment
    [anything.else]
    this is no entry point at all
    [gui_scripts]
    a tool = pkg:main
    """
    assert parse_entry_points(text) == (
        EntryPoint(name="Tool", module="pkg.mod", attribute="main", gui=False),
        EntryPoint(name="tool", module="pkg.mod", attribute="Class.run", gui=False),
        EntryPoint(name="a tool", module="pkg", attribute="main", gui=True),
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("../../x = m:a", "leads to another folder"),
        ("/abs/x = m:a", "leads to another folder"),
        ("sub/x = m:a", "leads to another folder"),
        (r"..\x = m:a", "leads to another folder"),
        ("C:x = m:a", "leads to another folder"),
        (".. = m:a", "leads to another folder"),
        ("x\0y = m:a", "control characters"),
        ("x\x1by = m:a", "control characters"),
        (f"{'x' * 300} = m:a", "too long"),
        (" = m:a", "no name"),
        ("no equals sign", "is no entry point"),
        ("x = m", "names the module 'm' and no function"),
        ("x = m:", "is no object reference"),
        ("x = m:a;import os", "is no object reference"),
        ("x = m:a()", "is no object reference"),
        ("x = m:a\u2028import os", "is no object reference"),
        ("x = m..n:a", "is no object reference"),
        ("x = .m:a", "is no object reference"),
        ("x = 1m:a", "is no object reference"),
        ("x = m:a [extra", "is no object reference"),
        ("x = m:a # comment", "is no object reference"),
        ("python = m:a", "is an interpreter's"),
        ("Python3.13t = m:a", "is an interpreter's"),
        ("y = m:a\ny = m:b", "asked for twice"),
        ("y = m:a\n[gui_scripts]\ny = m:a", "asked for twice"),
        ("[unclosed", "is no group"),
    ],
)
def test_refused_entry_points(line: str, reason: str) -> None:
    with pytest.raises(EntryPointsError, match=reason):
        parse_entry_points(f"[console_scripts]\n{line}\n")


def test_all_faults_are_told_at_once_by_line() -> None:
    with pytest.raises(EntryPointsError) as caught:
        parse_entry_points("[console_scripts]\n../a = m:a\nok = m:a\nb = m\n")
    assert [fault.partition(":")[0] for fault in caught.value.faults] == ["line 2", "line 4"]


@pytest.mark.parametrize(
    "name",
    [
        "python",
        "pythonw",
        "python3",
        "python3.13",
        "python3.13t",
        "PYTHON.EXE",
        "pypy3.10",
        "graalpy",
    ],
)
def test_interpreters_names(name: str) -> None:
    assert is_interpreter_name(name)


@pytest.mark.parametrize("name", ["ipython", "python-config", "pythonic", "py", "bpython3", "pypi"])
def test_names_that_only_resemble_an_interpreters(name: str) -> None:
    assert not is_interpreter_name(name)


words = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)


@given(st.dictionaries(words.map("x-{}".format), st.tuples(words, words), max_size=6))
def test_it_says_what_importlib_metadata_would_answer(scripts: dict[str, tuple[str, str]]) -> None:
    text = "[console_scripts]\n" + "".join(f"{n} = {m}:{a}\n" for n, (m, a) in scripts.items())

    class Answering(Distribution):
        def read_text(self, filename: str) -> str | None:
            return text if filename == "entry_points.txt" else None

        def locate_file(self, path: object) -> Any:
            raise NotImplementedError

    answer: EntryPoints = Answering().entry_points
    assert {(p.name, p.module, p.attribute) for p in parse_entry_points(text)} == {
        (p.name, p.module, p.attr) for p in answer
    }


@given(st.text(max_size=200))
def test_no_text_brings_out_anything_but_our_own_error(text: str) -> None:
    with suppress(SiterootError):
        parse_entry_points("[console_scripts]\n" + text)
