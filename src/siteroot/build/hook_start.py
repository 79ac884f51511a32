"""Starts a build's command so that it ends when siteroot does, and where it is told in a network namespace without a network.

Its source is handed to the Python that a build is for, 3.8 or later, with nothing else loaded. Exit code 126 says that there
are no such namespaces here. What it is told: a pipe that siteroot alone holds open, `any` or `none`, the command.
"""

import os
import sys

_SIGKILL = 9  # the module of signals takes longer to load than all of this
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # linux/sched.h


def _end_with(pipe: int) -> None:
    """Leave a process behind that ends this process's group once nobody holds the pipe's other end any more.

    siteroot may be killed: whoever builds the same next works in the same folder. The process is nobody's child, for a
    backend may wait for all of its own.
    """
    try:
        inner = os.fork()
    except OSError:  # no more processes: the command itself may do without
        os.close(pipe)
        return
    if inner:
        os.waitpid(inner, 0)
        os.close(pipe)
        return
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.dup2(1, 2)
        os.read(pipe, 1)
        os.killpg(0, _SIGKILL)
    os._exit(0)


def _leave_network() -> None:
    import ctypes  # noqa: PLC0415 - an interpreter may lack it

    unshare = ctypes.CDLL(None, use_errno=True).unshare
    user, group = os.geteuid(), os.getegid()
    if unshare(_NEW_NET) == 0:
        return
    if unshare(_NEW_USER | _NEW_NET):  # who is not root may have one within a user namespace
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    for path, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{path}", "w") as file:
            file.write(text)


if __name__ == "__main__":
    _end_with(int(sys.argv[1]))
    try:
        if sys.argv[2] == "none":
            _leave_network()
    except (ImportError, AttributeError, OSError) as error:
        os.write(2, f"no network namespace: {error}\n".encode())
        os._exit(126)
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606 - the command is siteroot's own
