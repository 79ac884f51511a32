"""Runs a command in a network namespace of its own, in which there is no network.

Its source is handed to the Python that a build is for, 3.8 or later, with nothing else loaded. Exit code 126 says that there are no such namespaces here.
"""

import os
import sys

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # linux/sched.h


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
    try:
        _leave_network()
    except (ImportError, AttributeError, OSError) as error:
        os.write(2, f"no network namespace: {error}\n".encode())
        os._exit(126)
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the command is siteroot's own
