"""Asks a Python what it is: once for each executable, the answer is kept in the cache.

    CACHE/interpreters-v1/PATHSUM.json    {"identity": [...], "answer": "..."}

Kept under all that the answer hangs on: the real executable's path, size and times, a virtual environment's
pyvenv.cfg, the kernel and the C library. What is no binary (pyenv's shims are shell scripts) answers for something
else each time, and is asked each time. A cache that cannot be read or written only costs time.
EXTERNALLY-MANAGED is read anew each time: images remove it.
"""

import errno
import json
import os
import signal
import subprocess
import threading
import time
import zlib
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING

from siteroot import fs
from siteroot.errors import TargetError
from siteroot.model.target import Target
from siteroot.model.value import dataclass

from .facts import Facts, Senseless, TooOld, parse_facts, target_of
from .looks import DISK, Looks

if TYPE_CHECKING:
    from .looks import Identity

_CACHE = "interpreters-v1"

#: How long an interpreter may take to answer, in seconds: a cold one on a slow disk needs a few.
_PATIENCE = 30.0

#: How much is read of what it says, in bytes; the answer takes some thousands.
_LONGEST = 1 << 20


class BrokenInterpreterError(TargetError):
    """A file was to be a Python and did not answer like one."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """An executable that is no Python to make a root for, and why."""

    executable: str
    why: str
    version: str | None = None  # where it is a Python, but too old a one
    absent: bool = False  # a shim with nothing behind it: a fault to nobody who did not name it


def probe_interpreter(
    executable: str,
    cache_folder: str | None,
    variables: Mapping[str, str],
    *,
    looks: Looks = DISK,
) -> Target:
    """Return the target that an interpreter is. `executable` is absolute, `variables` are the environment's.

    Raises BrokenInterpreterError where it does not answer, or is older than Python 3.8.
    """
    match try_interpreter(executable, cache_folder, variables, looks=looks):
        case Unusable(executable=path, why=why):
            raise BrokenInterpreterError(why, where=path)
        case Target() as target:
            return target


def try_interpreter(
    executable: str,
    cache_folder: str | None,
    variables: Mapping[str, str],
    patience: float = _PATIENCE,
    *,
    looks: Looks = DISK,
) -> Target | Unusable:
    """Return the target that an interpreter is, or why it is none."""
    identity = None if cache_folder is None else looks.identity(executable)
    slot = None
    if cache_folder is not None and identity is not None:
        name = f"{zlib.crc32(os.fsencode(executable)):08x}.json"
        slot = os.path.join(cache_folder, _CACHE, name)
        kept = _read_answer(slot, identity)
        if kept is not None:
            return target_of(kept, _read_marker(kept))
    answer = _ask(executable, variables, patience)
    if isinstance(answer, Unusable):
        return answer
    match parse_facts(answer):
        case Facts() as facts:
            if slot is not None:
                _write_answer(slot, identity, answer)
            return target_of(facts, _read_marker(facts))
        case TooOld(version=version):
            why = f"it is Python {version}, and roots are made for Python 3.8 and later"
            return Unusable(executable, why, version)
        case Senseless(why=why):
            return Unusable(
                executable, f"it did not answer like a Python, but {_brief(answer)} ({why})"
            )


# -- asking ---------------------------------------------------------------------------------------------------------


def _ask(executable: str, variables: Mapping[str, str], patience: float) -> str | Unusable:
    """Return what the interpreter prints, with nothing of its environment loaded (ROOT.md 6)."""
    # answers are kept: most commands ask nobody
    import inspect  # noqa: PLC0415

    from . import probe_script  # noqa: PLC0415

    command = [executable, "-I", "-S", "-B", "-X", "utf8", "-c", inspect.getsource(probe_script)]
    # what a macOS framework's launcher leaves behind; and macOS tells its true version
    environment = {
        name: value for name, value in variables.items() if name != "__PYVENV_LAUNCHER__"
    }
    environment["SYSTEM_VERSION_COMPAT"] = "0"
    try:
        child = subprocess.Popen(  # noqa: S603 - to start a Python that the person named is the task
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            process_group=0,
        )
    except OSError as error:
        if error.errno in fs.LIMITS:
            raise  # no other Python could be started either
        return Unusable(executable, f"it cannot be started: {_why_not_started(executable, error)}")
    try:
        out, err = _listen(child, patience)
    except subprocess.TimeoutExpired:
        _kill(child)
        return Unusable(executable, f"it did not answer within {patience:g} seconds")
    except RuntimeError:  # no more threads are allowed: a container's limit
        with child:  # nobody closes its pipes
            _kill(child)
        return Unusable(executable, "it cannot be heard: no thread can be started")
    except BaseException:
        _kill(child)
        raise
    if child.returncode == 0:
        return out
    if "-I" in err and "nknown option" in err:
        return Unusable(executable, "it is older than Python 3.4", "2")
    why = f"{_ending(child.returncode)}: {_brief(err or out)}"
    return Unusable(executable, why, absent=child.returncode == 127)


def _listen(child: subprocess.Popen[bytes], patience: float) -> tuple[str, str]:
    """Return what a child that ended wrote to stdout and stderr, the beginnings: some would write without end.

    Raises TimeoutExpired.
    """
    until = time.monotonic() + patience
    heard = [b"", b""]

    def listen(which: int, pipe: IO[bytes]) -> None:
        with pipe:  # who goes on writing gets SIGPIPE
            heard[which] = pipe.read(_LONGEST)

    assert child.stdout is not None
    assert child.stderr is not None
    ears = [
        threading.Thread(target=listen, args=pair, daemon=True)
        for pair in enumerate((child.stdout, child.stderr))
    ]
    for ear in ears:
        ear.start()
    for ear in ears:
        ear.join(max(until - time.monotonic(), 0))
        if ear.is_alive():
            raise subprocess.TimeoutExpired(child.args, patience)
    child.wait(max(until - time.monotonic(), 0))
    out, err = (text.decode("utf-8", "replace") for text in heard)
    return out, err


def _why_not_started(executable: str, error: OSError) -> str:
    match error:
        case PermissionError() if os.path.isfile(executable) and not os.access(executable, os.X_OK):
            return "it is not executable"
        case FileNotFoundError() if os.path.exists(
            executable
        ):  # a script, or made for another libc
            return "what it has to be run by is not there"
        case OSError(errno=errno.ENOEXEC):
            return "it is no program of this machine's kind (Exec format error)"
        case _:
            return error.strerror or str(error)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the child and what it started, which could hold its pipes open."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    except ProcessLookupError:
        pass
    child.wait()


def _ending(code: int) -> str:
    if code > 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"


def _brief(text: str) -> str:
    """Return the telling line of what was printed: the last of a traceback, else the first."""
    lines = text.strip().splitlines()
    if not lines:
        return "it printed nothing"
    line = lines[-1 if lines[0].startswith("Traceback") else 0]
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= 120 else line[:117] + "..."


# -- keeping --------------------------------------------------------------------------------------------------------


def _read_answer(slot: str, identity: "Identity") -> Facts | None:
    try:
        kept = json.loads(fs.read_plain(slot, _LONGEST))
        facts = (
            parse_facts(kept["answer"])
            if tuple(kept["identity"]) == (*identity[:5], [*identity[5]], identity[6])
            else None
        )
    except (AttributeError, KeyError, OSError, RecursionError, TypeError, ValueError):
        return None
    return facts if isinstance(facts, Facts) else None


def _write_answer(slot: str, identity: "Identity | None", answer: str) -> None:
    content = json.dumps({"identity": identity, "answer": answer}).encode()
    try:
        fs.make_folder(os.path.dirname(slot))
        fs.write_whole(slot, content)
    except OSError:
        return  # asked again the next time


# -- EXTERNALLY-MANAGED ---------------------------------------------------------------------------------------------


def _read_marker(facts: Facts) -> str | None:
    """Return the file that bars installing into the interpreter (PEP 668), None where there is none."""
    if facts.prefix != facts.base_prefix:
        return None
    try:
        path = os.path.join(facts.stdlib[0], "EXTERNALLY-MANAGED")
        return fs.read_plain(path, _LONGEST).decode("utf-8", "replace")
    except (IndexError, OSError):
        return None


def explain_managed(marker: str, variables: Mapping[str, str]) -> str:
    """Return what an EXTERNALLY-MANAGED says in the person's language, "" where it says nothing."""
    import configparser  # noqa: PLC0415 - 1.5 ms, for who is refused

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(marker)
        section = parser["externally-managed"]
    except (KeyError, configparser.Error):
        return ""
    language = _language(variables)
    for key in (f"Error-{language}", f"Error-{language.partition('_')[0]}", "Error"):
        if key in section:
            return section[key].strip()
    return ""


def _language(variables: Mapping[str, str]) -> str:
    """Return the language of messages as gettext takes it from the environment: "de_DE"."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if variables.get(name):
            return variables[name].partition(".")[0].partition("@")[0]
    return ""
