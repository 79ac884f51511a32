"""A root on PYTHONPATH alone: `.pth` files act through siteroot's sitecustomize, and nothing else changes (ROOT.md 5)."""

import functools
import json
import os
import py_compile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.interpreters import need_pythons, real_pythons
from support.launching import EFFECT, Lab, answer, make_lab, minor_of, offer, run
from support.projects import make_project
from support.wheels import build_wheel

PYTHONS = tuple(path for _, path in sorted(real_pythons().items()))
SEE = "import tool; tool.main()"

RootOf = Callable[[str], Path]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return make_lab(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def root_of(lab: Lab) -> RootOf:
    """One root with `.pth` files for each Python."""

    @functools.cache
    def make(python: str) -> Path:
        return lab.make_root(f"root-{minor_of(python)}", python, lab.wheels(pth=True))

    return make


@pytest.fixture(scope="module")
def other_root(lab: Lab) -> Path:
    """Another root for the newest Python, with another `.pth` file."""
    folder = lab.folder / "more"
    folder.mkdir()
    wheels = [build_wheel(folder, "more", "1.0", {"more.pth": EFFECT, "more.py": ""})]
    return lab.make_root("other", need_pythons(1)[0], wheels)


def on_path(*entries: str | Path) -> str:
    return os.pathsep.join(map(str, entries))


@pytest.mark.parametrize("python", PYTHONS, ids=minor_of)
def test_pth_files_act_on_pythonpath_alone(root_of: RootOf, python: str) -> None:
    root = root_of(python)
    seen = answer([python, "-c", SEE], PYTHONPATH=str(root))
    assert seen["effects"] == 1
    assert seen["path"].count(str(root / "late")) == 1
    assert seen["path"].index(str(root)) < seen["path"].index(str(root / "late"))
    assert answer([python, "-W", "error", "-c", SEE], PYTHONPATH=str(root))["effects"] == 1


def test_nothing_happens_in_another_version(root_of: RootOf) -> None:
    older, newer = need_pythons(2)
    seen = answer([older, "-c", SEE], PYTHONPATH=str(root_of(newer)))
    assert seen["effects"] == 0
    assert str(root_of(newer) / "late") not in seen["path"]


def test_once_for_each_root_and_process(root_of: RootOf, other_root: Path, tmp_path: Path) -> None:
    python = need_pythons(1)[0]
    root = root_of(python)
    link = tmp_path / "link"
    link.symlink_to(root)
    cases: dict[tuple[str | Path, ...], int] = {
        (root, root): 1,
        (root, link): 1,
        (link, root): 1,
        (f"{root}/", root): 1,
        (root, other_root): 2,
        (other_root, root, other_root): 2,
        (root, other_root, link): 2,
    }
    for entries, effects in cases.items():
        seen = answer([python, "-c", SEE], PYTHONPATH=on_path(*entries))
        assert seen["effects"] == effects, entries
    launched = offer(tmp_path / "bin", {"python3": python})
    seen = answer([root / "bin" / "tool"], [launched], PYTHONPATH=on_path(root, other_root))
    assert seen["effects"] == 2
    child = answer(
        [root / "bin" / "tool", "run", "PYTHON", "-m", "tool"],
        [launched],
        PYTHONPATH=on_path(other_root, root),
    )
    assert child["effects"] == 2
    assert child["path"].index(str(root)) < child["path"].index(str(other_root))


def test_the_next_sitecustomize_runs_exactly_once(
    root_of: RootOf, other_root: Path, tmp_path: Path
) -> None:
    python = need_pythons(1)[0]
    root = root_of(python)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "sitecustomize.py").write_text(
        "import sys; sys._theirs = getattr(sys, '_theirs', 0) + 1\nNAME = __name__, __file__\n"
    )
    asked = (
        "import json, sys, sitecustomize; print(json.dumps([getattr(sys, '_theirs', 0),"
        " sys._effects, getattr(sitecustomize, 'NAME', None)]))"
    )
    name = ["sitecustomize", str(theirs / "sitecustomize.py")]
    older = need_pythons(2)[0]
    for entries, effects in {
        (root, theirs): 1,
        (root, other_root, theirs): 2,
        (root, root, theirs): 1,
        (root, other_root, root, theirs, theirs): 2,
    }.items():
        assert answer([python, "-c", asked], PYTHONPATH=on_path(*entries)) == [1, effects, name]
    # one that does not hand on, before ours: documented
    first = answer(
        [python, "-c", asked.replace("sys._effects", "0")], PYTHONPATH=on_path(theirs, root)
    )
    assert first == [1, 0, name]
    # the wrong Python hands on too
    wrong = answer(
        [older, "-c", asked.replace("sys._effects", "0")], PYTHONPATH=on_path(root, theirs)
    )
    assert wrong == [1, 0, name]
    # under a launcher
    path = [offer(tmp_path / "bin", {"python3": python})]
    launched = answer(
        [root / "bin" / "tool", "run", "PYTHON", "-c", asked],
        path,
        PYTHONPATH=on_path(root, other_root, theirs),
    )
    assert launched == [1, 2, name]


@pytest.mark.parametrize(
    "form", ["sitecustomize.py", "sitecustomize/__init__.py", "sitecustomize.pyc", "with the line"]
)
def test_one_that_is_earlier_on_the_path_is_told_with_v(
    lab: Lab, tmp_path: Path, form: str
) -> None:
    """In the environment that siteroot is called in; the documented line makes up for it."""
    python = need_pythons(1)[0]
    root, theirs = tmp_path / "root", tmp_path / "theirs"
    project = make_project(tmp_path / "project", lab.wheels(pth=True))
    name = "sitecustomize.py" if form == "with the line" else form
    (theirs / name).parent.mkdir(parents=True)
    line = f"import site; site.addsitedir({str(root)!r})\n" if form == "with the line" else ""
    (theirs / name).write_text(line)
    if form == "sitecustomize.pyc":
        (theirs / "source.py").write_text(line)
        py_compile.compile(str(theirs / "source.py"), str(theirs / name))

    def sync(path: str, *words: str) -> list[str]:
        done = lab.place.run(
            *(
                "sync",
                "--frozen",
                "--python",
                python,
                "--target",
                "root",
                "--project",
                str(project),
            ),
            *("--cache-dir", str(lab.folder / "cache"), "-v", *words),
            cwd=tmp_path,
            variables={"PYTHONPATH": path},
        )
        assert done.returncode == 0, done.stderr
        return [each for each in done.stderr.splitlines() if "the sitecustomize.py of" in each]

    found = str(theirs / name).removesuffix("/__init__.py")
    for path in (on_path(theirs, root), on_path("theirs", "root"), on_path("", "theirs", root)):
        (said,) = sync(path)
        assert f"{found} comes before the sitecustomize.py of {root}" in said
        assert f"import site; site.addsitedir({str(root)!r})" in said
    (said,) = sync(str(theirs))
    assert "would be found before" in said
    other = lab.make_root(f"earlier-{tmp_path.name}", python, lab.wheels(pth=True))
    for path in (on_path(root, theirs), str(root), "", on_path(other, root), on_path("gone", root)):
        assert sync(path) == []
    assert sync(on_path(theirs, root), "--pth", "off") == []
    sync(on_path(root))
    asked = "import json, sys; print(json.dumps(getattr(sys, '_effects', 0)))"
    effects = answer([python, "-c", asked], PYTHONPATH=on_path(theirs, root))
    assert effects == (1 if form == "with the line" else 0)
    if not effects:  # said in the program
        there = f"import site; site.addsitedir({str(root)!r}); {asked}"
        assert answer([python, "-c", there], PYTHONPATH=on_path(theirs, root)) == 1


def test_an_interpreter_starts_whatever_stands_there(root_of: RootOf, tmp_path: Path) -> None:
    python = need_pythons(1)[0]
    root = root_of(python)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "sitecustomize.py").write_text("raise ValueError('theirs')\n")
    done = run([python, "-c", "print('started')"], PYTHONPATH=on_path(root, theirs))
    assert (done.returncode, done.stdout) == (0, "started\n")
    assert "theirs" in done.stderr  # as it would be without siteroot
    (theirs / "sitecustomize.py").write_text("import no_such_module\n")
    done = run([python, "-c", "print('started')"], PYTHONPATH=on_path(root, theirs))
    assert (done.returncode, done.stdout) == (0, "started\n")
    for path in (f"{root}:/nowhere::{theirs}", f"{root}/sitecustomize.py", "\x01"):
        assert run([python, "-c", "print('started')"], PYTHONPATH=path).stdout == "started\n"
    for words in (["-S"], ["-I"], ["-E"], ["-s"], ["-B", "-O"]):
        done = run([python, *words, "-c", "print('started')"], PYTHONPATH=str(root))
        assert (done.returncode, done.stdout, done.stderr) == (0, "started\n", ""), words


def test_a_broken_pth_line_is_the_interpreters_to_tell(lab: Lab) -> None:
    python = need_pythons(1)[0]
    folder = lab.folder / "broken"
    folder.mkdir()
    files = {"broken.py": "", "broken.pth": "import no_such_module_at_all\n", "after.pth": EFFECT}
    root = lab.make_root("broken-root", python, [build_wheel(folder, "broken", "1.0", files)])
    asked = "import sys; print(getattr(sys, '_effects', 0))"
    done = run([python, "-c", asked], PYTHONPATH=str(root))
    assert done.returncode == 0
    assert done.stdout == "1\n"
    assert "no_such_module_at_all" in done.stderr


def test_it_does_nothing_in_siteroot_itself(lab: Lab, tmp_path: Path) -> None:
    """Whoever syncs a root has it on PYTHONPATH meanwhile."""
    python = need_pythons(1)[0]
    mark = tmp_path / "mark"
    line = f"import os; open({str(mark)!r}, 'a').close()\n"
    wheel = build_wheel(tmp_path, "marking", "1.0", {"marking.pth": line})
    root = lab.make_root("marking-root", python, [wheel])
    for words in (["siteroot"], ["-Bm", "siteroot"], ["-W", "ignore", "-m", "siteroot"]):
        script = tmp_path / "siteroot"
        script.write_text("print('runs')\n")
        module = tmp_path / "modules" / "siteroot.py"
        module.parent.mkdir(exist_ok=True)
        module.write_text("print('runs')\n")
        command = [
            str(script) if word == "siteroot" and words[0] == word else word for word in words
        ]
        done = run([python, *command], PYTHONPATH=on_path(root, module.parent))
        assert done.stdout == "runs\n", done.stderr
        assert not mark.exists(), words
    project = make_project(tmp_path / "project", [wheel])
    done = lab.place.run(
        *("sync", "--frozen", "--python", python, "--target", str(root)),
        *("--cache-dir", str(lab.folder / "cache")),
        cwd=project,
        variables={"PYTHONPATH": str(root)},
    )
    assert done.returncode == 0, done.stderr
    assert not mark.exists()
    for other in (["-c", "pass", "siteroot"], ["-m", "json.tool", "--help", "siteroot"]):
        assert run([python, *other], PYTHONPATH=str(root)).returncode == 0
        mark.unlink()


def test_a_sitecustomize_that_is_not_ours_wins(lab: Lab, tmp_path: Path) -> None:
    """A distribution's: siteroot writes none, and launchers do the work."""
    python = need_pythons(1)[0]
    folder = lab.folder / "custom"
    folder.mkdir()
    custom = build_wheel(
        folder, "custom", "1.0", {"sitecustomize.py": "import sys; sys._custom = 1\n"}
    )
    root = lab.make_root("custom-root", python, [*lab.wheels(pth=True), custom])
    assert (root / "sitecustomize.py").read_text() == "import sys; sys._custom = 1\n"
    asked = "import json, sys; print(json.dumps([sys._custom, getattr(sys, '_effects', 0)]))"
    assert answer([python, "-c", asked], PYTHONPATH=str(root)) == [1, 0]
    path = [offer(tmp_path / "bin", {"python3": python})]
    assert answer([root / "bin" / "tool"], path)["effects"] == 1
    child = answer([root / "bin" / "tool", "run", "PYTHON", "-c", asked], path)
    assert child == [1, 1]


def test_pth_off_writes_none(lab: Lab, root_of: RootOf, tmp_path: Path) -> None:
    python = need_pythons(1)[0]
    root = lab.make_root("off", python, lab.wheels(pth=True), "--pth", "off")
    assert not (root / "sitecustomize.py").exists()
    assert answer([python, "-c", SEE], PYTHONPATH=str(root))["effects"] == 0
    path = [offer(tmp_path / "bin", {"python3": python})]
    assert answer([root / "bin" / "tool"], path)["effects"] == 1
    assert (root_of(python) / "sitecustomize.py").exists()


def test_namespace_packages_join_across_roots(lab: Lab) -> None:
    """PEP 420 and pkgutil-style ones: what two roots, and two distributions of one root, bring is one package."""
    python = need_pythons(1)[0]
    folder = lab.folder / "spaces"
    folder.mkdir()
    extend = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
    wheels = [
        build_wheel(
            folder,
            f"part-{name}",
            "1.0",
            {f"native/{name}.py": "", "old/__init__.py": extend, f"old/{name}.py": ""},
        )
        for name in ("one", "two", "three")
    ]
    root = lab.make_root("spaces-1", python, wheels[:2])
    more = lab.make_root("spaces-2", python, wheels[2:])
    asked = "import native.one, native.two, native.three, old.one, old.two, old.three"
    done = run([python, "-c", asked], PYTHONPATH=on_path(root, more))
    assert (done.returncode, done.stderr) == (0, "")


def test_import_lines_of_pth_files_run_in_the_order_of_site(lab: Lab) -> None:
    """As in site-packages: files by name, lines in turn, and a line sees what the lines before it put on sys.path."""
    python = need_pythons(1)[0]
    folder = lab.folder / "ordered"
    folder.mkdir()
    note = "import sys; sys._order = getattr(sys, '_order', []) + [{!r}]\n"
    files = {
        "b.pth": note.format("b1") + "inner\n" + "import inside\n" + note.format("b2"),
        "a.pth": "# a comment\n\n" + note.format("a"),
        "inner/inside.py": note.format("inside"),
    }
    root = lab.make_root("ordered-root", python, [build_wheel(folder, "ordered", "1.0", files)])
    asked = "import json, sys; print(json.dumps(sys._order))"
    assert answer([python, "-c", asked], PYTHONPATH=str(root)) == ["a", "b1", "inside", "b2"]
    site = f"import site; site.addsitedir({json.dumps(str(root))}); {asked}"
    assert answer([python, "-c", site]) == ["a", "b1", "inside", "b2"]
