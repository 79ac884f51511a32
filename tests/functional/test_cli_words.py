"""The command as people meet it: words in, exit codes, and what goes to which stream. No project, no network."""

import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from siteroot import __version__
from siteroot.cli.main import main
from support.command import Place, make_place, plain_variables


@pytest.fixture(scope="module", name="place")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return make_place(tmp_path_factory.mktemp("place") / "place")


def test_the_version(place: Place, tmp_path: Path) -> None:
    for word in ("--version", "-V"):
        result = place.run(word, cwd=tmp_path)
        assert (result.returncode, result.stdout, result.stderr) == (
            0,
            f"siteroot {__version__}\n",
            "",
        )


def test_help_goes_to_stdout_where_asked_for_else_to_stderr(place: Place, tmp_path: Path) -> None:
    asked = place.run("--help", cwd=tmp_path)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "Usage: siteroot <COMMAND> [OPTIONS]" in asked.stdout
    unasked = place.run(cwd=tmp_path)
    assert (unasked.returncode, unasked.stdout, unasked.stderr) == (2, "", asked.stdout)


@pytest.mark.parametrize(
    ("words", "variables", "first_line"),
    [
        ("sync --no-instal-project", {}, "`siteroot sync` has no option `--no-instal-project`: did you mean `--no-install-project`?"),
        ("sync --frozen --locked", {}, "`--frozen` and `--locked` exclude each other: say one of them"),
        ("sync --target a --prefix b", {}, "`--target` and `--prefix` exclude each other: say one of them"),
        ("sync", {"UV_FROZEN": ""}, "the variable `UV_FROZEN` cannot be ``: it is a switch"),
        ("sync --upgrade", {}, "`--upgrade` is not honoured: siteroot does not lock: run `uv lock` with it, then sync the lock that it writes"),
        ("sync --directory absent", {}, "absent: there is no such folder"),
        ("snyc", {}, "there is no command `snyc`: did you mean `sync`?"),
        ("help snyc", {}, "there is no command `snyc`: there are sync, cache dir, cache size, cache prune, cache clean, "
         "pip check, pip compile, pip freeze, pip install, pip sync, pip list, pip show, pip tree, pip uninstall"),
    ],
)  # fmt: skip
def test_bad_words_are_one_clear_line_and_exit_2(
    place: Place, tmp_path: Path, words: str, variables: dict[str, str], first_line: str
) -> None:
    result = place.run(*words.split(), cwd=tmp_path, variables=variables)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0] == f"error: {first_line}"
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_variable_of_ours_that_means_nothing_is_warned_of(place: Place, tmp_path: Path) -> None:
    variables = {"SITEROOT_CACHE_DIRR": "x", "UV_CONCURRENT_BUILDS": "1"}
    result = place.run("cache", "dir", cwd=tmp_path, variables=variables)
    assert result.returncode == 0
    assert result.stderr == (
        "warning: the variable `SITEROOT_CACHE_DIRR` means nothing: did you mean SITEROOT_CACHE_DIR?\n"
    )
    told = place.run(
        "cache", "dir", "-v", cwd=tmp_path, variables={"UV_CONCURRENT_BUILDS": "1"}
    ).stderr
    assert "the variable `UV_CONCURRENT_BUILDS` is not heeded" in told


def _main(cwd: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    """Return what the command does, without the cost of a process."""
    out, err = io.StringIO(), io.StringIO()
    code = main(list(words), plain_variables(cwd, variables), os.fspath(cwd), out, err)
    return code, out.getvalue(), err.getvalue()


def test_the_cache_is_where_the_system_keeps_caches(place: Place, tmp_path: Path) -> None:
    assert place.run("cache", "dir", cwd=tmp_path).stdout == f"{tmp_path}/.cache/siteroot\n"
    elsewhere = place.run("cache", "dir", cwd=tmp_path, variables={"XDG_CACHE_HOME": "/x"})
    assert elsewhere.stdout == "/x/siteroot\n"


def test_the_cache_is_where_flags_variables_and_settings_say(tmp_path: Path) -> None:
    def told(*words: str, **variables: str) -> str:
        code, out, err = _main(tmp_path, *words, **variables)
        assert (code, err) == (0, "")
        return out.rstrip("\n")

    default = told("cache", "dir")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "a"\nversion = "1"\n[tool.siteroot]\ncache-dir = "/s"\n'
    )
    assert told("cache", "dir") == "/s" != default
    assert told("cache", "dir", "--no-config") == default
    assert told("cache", "dir", UV_CACHE_DIR="u") == f"{tmp_path}/u"
    assert told("cache", "dir", UV_CACHE_DIR="u", SITEROOT_CACHE_DIR="/o") == "/o"
    assert told("--cache-dir", "f", "cache", "dir", SITEROOT_CACHE_DIR="/o") == f"{tmp_path}/f"
    assert told("cache", "dir", "-q") == "/s"
    assert told("cache", "dir", "-qq") == ""
    assert told("cache", "size", "--cache-dir", "absent") == "0"
    assert told("cache", "size", "--cache-dir", "absent", "-H") == "0B"


@pytest.mark.parametrize(
    ("words", "kind"),
    [("cache clean numpy", "cache"), ("cache clean", "cache"), ("cache prune", "unused")],
)
def test_cleaning_what_is_empty(tmp_path: Path, words: str, kind: str) -> None:
    told = _main(tmp_path, *words.split(), "--cache-dir", "absent")
    assert told == (0, "", f"No {kind} entries found\n")
    assert _main(tmp_path, *words.split(), "--cache-dir", "absent", "-q") == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_settings_file_that_cannot_be_understood_exits_2(tmp_path: Path) -> None:
    (tmp_path / "uv.toml").write_text("cache-dir = 3\n")
    for quiet, shown in (((), True), (("-q",), True), (("-qq",), False)):
        code, out, err = _main(tmp_path, "cache", "dir", "--config-file", "uv.toml", *quiet)
        assert (code, out) == (2, "")
        assert err.startswith("error: ") is shown


def test_a_current_folder_that_is_gone(place: Place, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"import os, sys; os.chdir({os.fspath(gone)!r}); os.rmdir({os.fspath(gone)!r}); os.execv(sys.executable, [sys.executable, {os.fspath(place.script)!r}, 'sync'])"
    result = subprocess.run(
        [sys.executable, "-I", "-c", script],
        env=plain_variables(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (
        2,
        "error: the current folder does not exist any more\n",
    )


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_signals_end_it_quietly(
    place: Place, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """While it waits for the rest of a settings file that was handed over as a pipe."""
    reader, writer = os.pipe()
    os.write(writer, b"#")
    with subprocess.Popen(
        [sys.executable, place.script, "cache", "dir", "--config-file", f"/dev/fd/{reader}"],
        cwd=tmp_path,
        env=plain_variables(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[reader],
    ) as process:
        try:
            while select.select([reader], [], [], 0)[0] and process.poll() is None:
                time.sleep(0.005)  # it has not read so far yet
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
        finally:
            os.close(reader)
            os.close(writer)
    assert (process.returncode, out, err) == (code, b"", b"")


def test_a_reader_that_is_gone_is_no_traceback(place: Place, tmp_path: Path) -> None:
    for words, code in ((("cache", "dir"), 141), (("--help",), 141)):
        reader, writer = os.pipe()
        os.close(reader)
        result = subprocess.run(
            [sys.executable, place.script, *words],
            cwd=tmp_path,
            env=plain_variables(tmp_path),
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(writer)
        assert (result.returncode, result.stderr) == (code, b"")


def test_closed_streams_are_no_traceback(place: Place, tmp_path: Path) -> None:
    command = f"exec {sys.executable} '{place.script}' cache dir >&- 2>&-"
    result = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, env=plain_variables(tmp_path), check=False
    )
    assert result.returncode == 0


def test_a_name_that_is_no_text_is_written_as_the_bytes_it_is(place: Place, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, place.script, "cache", "dir", "--cache-dir", b"/\xff"],
        cwd=tmp_path,
        env=plain_variables(
            tmp_path, {"PYTHONIOENCODING": "utf-8:strict"}
        ),  # as most locales have it
        capture_output=True,
        check=False,
    )
    assert (result.stdout, result.stderr) == (b"/\xff\n", b"")


def test_a_defect_of_ours_keeps_its_traceback_and_asks_to_be_reported() -> None:
    out, err = io.StringIO(), io.StringIO()
    out.close()  # writing to it is a mistake that no SiterootError stands for
    assert main(["--help"], {}, "/", out, err) == 70
    assert err.getvalue().startswith("Traceback (most recent call last):")
    assert "ValueError" in err.getvalue()
    assert err.getvalue().endswith("please report it, with the lines above\n")


def test_colours_where_asked_for(place: Place, tmp_path: Path) -> None:
    plain = place.run("snyc", cwd=tmp_path).stderr
    forced = place.run("snyc", cwd=tmp_path, variables={"FORCE_COLOR": "1"}).stderr
    assert "\x1b[" not in plain
    assert forced.startswith("\x1b[1m\x1b[31merror")
    assert "\x1b[" in place.run("--help", "--color", "always", cwd=tmp_path).stdout


def _on_terminal(command: list[str], cwd: Path, variables: dict[str, str]) -> tuple[int, str]:
    """Return the exit code of a command whose stderr is a terminal, and what was written there."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=plain_variables(cwd, variables),
        stdout=subprocess.DEVNULL,
        stderr=slave,
        stdin=slave,
    ) as process:
        os.close(slave)
        written = b""
        while select.select([master], [], [], 30)[0]:
            try:
                part = os.read(master, 65536)
            except OSError:  # Linux says EIO when the other side is closed
                break
            if not part:
                break
            written += part
    os.close(master)
    return process.returncode, written.decode()


def test_on_a_terminal_errors_are_coloured_unless_unwanted(place: Place, tmp_path: Path) -> None:
    command = [sys.executable, os.fspath(place.script), "snyc"]
    code, written = _on_terminal(command, tmp_path, {"TERM": "xterm"})
    assert (code, written.startswith("\x1b[1m\x1b[31merror")) == (2, True)
    for variables in ({"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1"}):
        assert _on_terminal(command, tmp_path, variables)[1].startswith("error: ")
