"""Runs a command, and all that it starts, as on a system without fast calls: `without_fast_calls.py ERRNO COMMAND...`.

The kernel itself refuses them, by a seccomp filter: links, clones, copy_file_range, renameat2, flock on a folder, and
fork in a Python (which starts programs by vfork). Files can be locked, and every other program can fork: whether a
call is one of these this process decides, asked by the kernel. Linux on x86-64 and aarch64; needs nothing but Python.
"""

import array
import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import socket
import stat
import struct
import sys

#: Architecture: its number for seccomp; its numbers of the calls (linux/audit.h, asm/unistd.h).
_MACHINES = {
    "x86_64": (0xC000003E, {"link": 86, "linkat": 265, "copy_file_range": 326, "renameat2": 316, "ioctl": 16, "flock": 73, "clone": 56}),
    "aarch64": (0xC00000B7, {"linkat": 37, "copy_file_range": 285, "renameat2": 276, "ioctl": 29, "flock": 32, "clone": 220}),
}  # fmt: skip
_REFUSED = ("link", "linkat", "copy_file_range", "renameat2")

_FICLONE = 0x40049409
_CLONE_VM = 0x100

_NO_NEW_PRIVS = 38
_SET_FILTER = 1
_NEW_LISTENER = 8
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_ALLOW, _ERRNO, _ASK = 0x7FFF0000, 0x00050000, 0x7FC00000

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24  # where they lie in struct seccomp_data

_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_QUESTION = struct.Struct("=QIIiIQ6Q")  # struct seccomp_notif
_ANSWER = struct.Struct("=QqiI")  # struct seccomp_notif_resp
_CONTINUE = 1


def _render_filter(machine: str, number: int) -> bytes:
    architecture, calls = _MACHINES[machine]
    rows = [(_LOAD, 0, 0, _ARCHITECTURE), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _ALLOW)]
    rows.append((_LOAD, 0, 0, _NUMBER))
    for name in _REFUSED:
        if name in calls:
            rows += [(_EQUAL, 0, 1, calls[name]), (_RETURN, 0, 0, _ERRNO | number)]
    rows += [(_EQUAL, 0, 1, calls["flock"]), (_RETURN, 0, 0, _ASK)]
    rows += [(_EQUAL, 0, 4, calls["ioctl"]), (_LOAD, 0, 0, _SECOND), (_EQUAL, 0, 1, _FICLONE)]
    rows += [(_RETURN, 0, 0, _ERRNO | number), (_RETURN, 0, 0, _ALLOW)]
    rows += [(_EQUAL, 0, 3, calls["clone"]), (_LOAD, 0, 0, _FIRST), (_ANY_BIT, 1, 0, _CLONE_VM)]
    rows += [(_RETURN, 0, 0, _ASK), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *row) for row in rows)


def _refuse_calls(number: int) -> int:
    """Put this process, and what it starts, under the filter; return the descriptor that questions come by."""
    machine = platform.machine()
    code = _render_filter(machine, number)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        listener = libc.syscall(_SECCOMP[machine], _SET_FILTER, _NEW_LISTENER, program)
        if listener >= 0:
            return int(listener)
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "seccomp")


def _is_fast(machine: str, pid: int, call: int, first: int) -> bool:
    """Whether the call is one that is refused: flock on a folder, fork in a Python."""
    try:
        if call == _MACHINES[machine][1]["flock"]:
            return stat.S_ISDIR(os.stat(f"/proc/{pid}/fd/{first}").st_mode)
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith("python")
    except OSError:
        return False  # it is gone, or the descriptor is none: the kernel says so itself


def _answer(listener: int, number: int) -> None:
    question = bytearray(_QUESTION.size)
    try:
        fcntl.ioctl(listener, _RECEIVE, question)
        identity, pid, _, call, _, _, first, *_ = _QUESTION.unpack(question)
        fast = _is_fast(platform.machine(), pid, call, first & 0xFFFFFFFF)
        answer = (identity, 0, -number, 0) if fast else (identity, 0, 0, _CONTINUE)
        fcntl.ioctl(listener, _SEND, bytearray(_ANSWER.pack(*answer)))
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EINTR):  # who asked was killed meanwhile
            raise


def main() -> int:
    """Run the command; return its exit code."""
    number = getattr(errno, sys.argv[1])
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        here.close()
        listener = _refuse_calls(number)
        there.sendmsg(
            [b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))]
        )
        os.close(listener)
        there.close()
        os.execvp(sys.argv[2], sys.argv[2:])
    there.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command hears it too, and ends as it likes
    _, carried, _, _ = here.recvmsg(1, socket.CMSG_SPACE(4))
    if not carried:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    listener = int.from_bytes(carried[0][2][:4], sys.byteorder)
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(ended, select.POLLIN)
    while True:
        events = dict(poll.poll())
        if events.get(listener, 0) & select.POLLIN:
            _answer(listener, number)
        elif ended in events:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
