import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from siteroot.interpreter.probe import (
    BrokenInterpreterError,
    Unusable,
    explain_managed,
    probe_interpreter,
    try_interpreter,
)
from siteroot.model.target import Target
from support.interpreters import need_pythons
from support.probe_answers import answer

VARIABLES = dict(os.environ)


def script(path: Path, *lines: str) -> str:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return str(path)


def environment(folder: Path, python: str) -> str:
    """A virtual environment as `venv` makes it, without pip."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(python)
    (folder / "pyvenv.cfg").write_text(f"home = {os.path.dirname(python)}\n")
    return str(folder / "bin" / "python")


def why(executable: str, patience: float = 30.0) -> str:
    result = try_interpreter(executable, None, VARIABLES, patience)
    assert isinstance(result, Unusable)
    return result.why


def test_the_running_python_is_asked() -> None:
    [python] = need_pythons(1)
    target = probe_interpreter(python, None, VARIABLES)
    assert target.interpreter is not None
    asked = subprocess.run(
        [python, "-I", "-c", "import sys; print(sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert target.interpreter.prefix == asked.stdout.strip()
    assert not target.interpreter.is_virtual


def test_a_virtual_environment_is_known_and_none_of_its_code_runs(tmp_path: Path) -> None:
    for number, python in enumerate(need_pythons(3)):
        folder = tmp_path / str(number)
        executable = environment(folder, python)
        first = probe_interpreter(executable, None, VARIABLES)
        assert first.interpreter is not None
        site = Path(first.interpreter.schemes["purelib"])
        assert site.is_relative_to(folder)
        site.mkdir(parents=True)
        (site / "loud.pth").write_text(f"import os; os.mkdir({str(folder / 'ran')!r})\n")
        (site / "sitecustomize.py").write_text(f"import os; os.mkdir({str(folder / 'ran')!r})\n")
        target = probe_interpreter(executable, None, VARIABLES)
        assert target == first
        assert target.interpreter is not None
        assert target.interpreter.is_virtual
        assert target.interpreter.executable == executable
        assert target.interpreter.prefix == str(folder)
        assert target.interpreter.base_prefix == os.path.dirname(os.path.dirname(python))
        assert target.interpreter.schemes["scripts"] == str(folder / "bin")
        major, minor = target.python
        headers = folder / "include" / "site" / f"python{major}.{minor}"
        assert target.interpreter.schemes["headers"] == str(headers)
        assert not (folder / "ran").exists()


def test_what_the_environment_says_to_pythons_is_not_heard(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('imported from PYTHONPATH')\n")
    loud = {**VARIABLES, "PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path)}
    [python] = need_pythons(1)
    assert isinstance(try_interpreter(python, None, loud), Target)


def test_a_manylinux_module_has_its_say(tmp_path: Path) -> None:
    [python] = need_pythons(1)
    executable = environment(tmp_path / "env", python)
    target = probe_interpreter(executable, None, VARIABLES)
    assert target.interpreter is not None
    if "manylinux" not in target.tags[0]:
        pytest.skip("needs a Linux with glibc")
    site = Path(target.interpreter.schemes["purelib"])
    site.mkdir(parents=True)
    (site / "_manylinux.py").write_text(
        "def manylinux_compatible(major, minor, arch): return False\n"
    )
    quiet = probe_interpreter(executable, None, VARIABLES)
    assert quiet.tags[0].split("-")[2].startswith("linux_")


# -- faults ---------------------------------------------------------------------------------------------------------


def test_what_is_no_python_is_named_with_what_it_said(tmp_path: Path) -> None:
    assert "exit code 3: no python today" in why(
        script(tmp_path / "a", "echo no python today >&2", "exit 3")
    )
    assert "it printed nothing" in why(script(tmp_path / "b", "exit 1"))
    assert "did not answer like a Python, but hello" in why(script(tmp_path / "c", "echo hello"))
    assert "SIGKILL" in why(script(tmp_path / "d", "kill -9 $$"))
    assert "KeyError: 7" in why(
        script(tmp_path / "e", "echo 'Traceback (most recent):\n x\nKeyError: 7' >&2; exit 1")
    )
    assert "??[31m" not in why(script(tmp_path / "f", "printf '\\033[31mred\\n' >&2; exit 1"))
    assert "\033" not in why(script(tmp_path / "g", "printf '\\033[31mred\\n' >&2; exit 1"))
    assert len(why(script(tmp_path / "h", "head -c 100000 /dev/zero | tr '\\0' x"))) < 300


def test_what_cannot_be_started_is_named(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("hello")
    assert why(str(plain)) == "it cannot be started: it is not executable"
    assert "Permission denied" in why(str(tmp_path))
    assert "No such file" in why(str(tmp_path / "absent"))
    plain.chmod(0o755)
    assert "Exec format error" in why(str(plain))
    (tmp_path / "dangling").symlink_to("nowhere")
    assert "No such file" in why(str(tmp_path / "dangling"))
    plain.write_text("#!/absent/python\n")
    assert why(str(plain)) == "it cannot be started: what it has to be run by is not there"
    with pytest.raises(BrokenInterpreterError) as caught:
        probe_interpreter(str(plain), None, VARIABLES)
    assert caught.value.where == str(plain)


def test_what_never_answers_is_ended_with_its_children(tmp_path: Path) -> None:
    late = tmp_path / "late"
    hanging = script(tmp_path / "python", f"(sleep 1; touch {late}) & wait")
    begun = time.monotonic()
    assert "did not answer within 0.2 seconds" in why(hanging, patience=0.2)
    assert (
        time.monotonic() - begun < 0.9
    )  # not held up by the child's child, which has the pipes open
    time.sleep(1.2)
    assert not late.exists()


def test_what_never_ends_to_speak_is_not_listened_to_for_long(tmp_path: Path) -> None:
    begun = time.monotonic()
    for stream in ("1", "2"):
        endless = script(tmp_path / "python", f"while :; do printf '%08192d\\n' 7; done >&{stream}")
        assert "0007" in why(endless) or "0000" in why(endless)
    assert time.monotonic() - begun < 20


def test_a_child_that_left_the_group_does_not_hold_it_up(tmp_path: Path) -> None:
    """It has the pipes open for as long as it lives."""
    begun = time.monotonic()
    script(tmp_path / "python", "setsid sleep 3 & sleep 9")
    assert "did not answer" in why(str(tmp_path / "python"), patience=0.2)
    assert time.monotonic() - begun < 2


def test_where_no_thread_can_be_started_it_is_told(tmp_path: Path) -> None:
    """As under a container's limit of processes, here by a stack that no memory holds."""
    before = threading.stack_size(1 << 47)
    try:
        assert "no thread can be started" in why(script(tmp_path / "python", "sleep 9"))
    finally:
        threading.stack_size(before)


def test_an_old_python_is_turned_away_by_its_version(tmp_path: Path) -> None:
    old = script(tmp_path / "python", """echo '{"too_old": "3.6.15"}'""")
    result = try_interpreter(old, None, VARIABLES)
    assert result == Unusable(
        old, "it is Python 3.6.15, and roots are made for Python 3.8 and later", "3.6.15"
    )
    older = script(tmp_path / "python2", "echo 'Unknown option: -I' >&2", "exit 2")
    assert "older than Python 3.4" in why(older)


# -- the cache ------------------------------------------------------------------------------------------------------


def slots(cache: Path) -> list[Path]:
    return sorted((cache / "interpreters-v1").glob("*"))


def spoil(slot: Path) -> None:
    """Let the cache tell of another kernel, so that an answer from it is known."""
    slot.write_text(
        slot.read_text().replace('\\"platform_release\\": \\"', '\\"platform_release\\": \\"kept ')
    )


def from_cache(executable: str, cache: Path) -> bool:
    target = probe_interpreter(executable, str(cache), VARIABLES)
    return target.markers["platform_release"].startswith("kept ")


def test_an_answer_is_kept_and_asked_anew_when_what_it_hangs_on_changes(tmp_path: Path) -> None:
    [python] = need_pythons(1)
    cache = tmp_path / "cache"
    executable = environment(tmp_path / "env", python)
    assert probe_interpreter(executable, str(cache), VARIABLES) == probe_interpreter(
        executable, str(cache), VARIABLES
    )
    [slot] = slots(cache)
    spoil(slot)
    assert from_cache(executable, cache)
    with (tmp_path / "env" / "pyvenv.cfg").open("a") as file:
        file.write("prompt = other\n")
    assert not from_cache(executable, cache)
    spoil(slot)
    assert from_cache(executable, cache)
    kept = json.loads(slot.read_text())
    for place in range(
        len(kept["identity"])
    ):  # path, real path, size, time, settings, kernel, C library
        changed = [*kept["identity"]]
        changed[place] = "other"
        slot.write_text(json.dumps({**kept, "identity": changed}))
        assert not from_cache(executable, cache)


def test_another_python_at_the_same_path_is_asked(tmp_path: Path) -> None:
    first, second = need_pythons(2)
    cache = tmp_path / "cache"
    executable = tmp_path / "python"
    executable.symlink_to(first)
    one = probe_interpreter(str(executable), str(cache), VARIABLES)
    executable.unlink()
    executable.symlink_to(second)
    assert probe_interpreter(str(executable), str(cache), VARIABLES).python > one.python


def test_a_shim_is_asked_each_time(tmp_path: Path) -> None:
    first, second = need_pythons(2)
    shim = script(tmp_path / "shims" / "python3", f'exec "$(cat {tmp_path}/selected)" "$@"')
    answers = []
    for python in (first, second):
        (tmp_path / "selected").write_text(python)
        answers.append(probe_interpreter(shim, str(tmp_path / "cache"), VARIABLES).python)
    assert answers[0] < answers[1]
    assert slots(tmp_path / "cache") == []


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"identity": 1, "answer": "x"}']
)
def test_a_broken_cache_is_passed_over_and_mended(tmp_path: Path, content: bytes) -> None:
    [python] = need_pythons(1)
    cache = tmp_path / "cache"
    target = probe_interpreter(python, str(cache), VARIABLES)
    [slot] = slots(cache)
    whole = slot.read_bytes()
    slot.write_bytes(content)
    assert probe_interpreter(python, str(cache), VARIABLES) == target
    assert slot.read_bytes() == whole
    identity = json.loads(whole)["identity"]
    slot.write_text(json.dumps({"identity": identity, "answer": json.dumps(answer(bits="x"))}))
    assert probe_interpreter(python, str(cache), VARIABLES) == target


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    [python] = need_pythons(1)
    (tmp_path / "cache").write_text("a file")
    assert probe_interpreter(python, str(tmp_path / "cache"), VARIABLES).interpreter is not None


# -- EXTERNALLY-MANAGED ---------------------------------------------------------------------------------------------


def managed(folder: Path, text: str | None, language: str = "") -> str | None:
    """What is said of an interpreter whose standard library has that EXTERNALLY-MANAGED."""
    library = folder / "lib"
    library.mkdir(parents=True, exist_ok=True)
    (library / "EXTERNALLY-MANAGED").unlink(missing_ok=True)
    if text is not None:
        (library / "EXTERNALLY-MANAGED").write_text(text, encoding="utf-8")
    told = json.dumps(answer(stdlib=[str(library), str(library)]))
    python = script(folder / "python", f"cat <<'END'\n{told}\nEND")
    variables = {**VARIABLES, "LC_ALL": "", "LC_MESSAGES": "", "LANG": language}
    target = probe_interpreter(python, None, variables)
    assert target.interpreter is not None
    marker = target.interpreter.externally_managed
    return None if marker is None else explain_managed(marker, variables)


def test_the_text_of_externally_managed_is_told_in_the_persons_language(tmp_path: Path) -> None:
    text = "[externally-managed]\nError=Use apt,\n 100% of it.\nError-de=Nimm apt.\nError-pt_BR=Use o apt.\n"
    assert managed(tmp_path, None) is None
    assert managed(tmp_path, text) == "Use apt,\n100% of it."
    assert managed(tmp_path, text, "de_AT.UTF-8") == "Nimm apt."
    assert managed(tmp_path, text, "pt_BR.UTF-8") == "Use o apt."
    assert managed(tmp_path, text, "pt_PT") == "Use apt,\n100% of it."
    for broken in (
        "",
        "[other]\n",
        "[externally-managed]\n",
        "not ini",
        "[externally-managed\nError=x",
    ):
        assert managed(tmp_path, broken) == ""


def test_externally_managed_is_read_anew_each_time_and_not_in_an_environment(
    tmp_path: Path,
) -> None:
    debian = "/usr/bin/python3"
    if not os.access(debian, os.X_OK):
        pytest.skip("needs a /usr/bin/python3")
    target = probe_interpreter(debian, str(tmp_path / "cache"), VARIABLES)
    assert target.interpreter is not None
    marker = os.path.join(target.interpreter.stdlib[0], "EXTERNALLY-MANAGED")
    assert (target.interpreter.externally_managed is not None) == os.path.exists(marker)
    for slot in slots(tmp_path / "cache"):
        assert "externally" not in slot.read_text()
    inside = probe_interpreter(environment(tmp_path / "env", debian), None, VARIABLES)
    assert inside.interpreter is not None
    assert inside.interpreter.externally_managed is None


def test_importing_the_script_changes_nothing_here() -> None:
    code = "import sys; before = sys.prefix; import siteroot.interpreter.probe_script; assert sys.prefix == before"
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**VARIABLES, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
