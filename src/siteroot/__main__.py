"""`python -m siteroot`: the same program, started more weakly than by the command `siteroot`.

The command cleans sys.path before anything is imported from it. Here Python has already looked for siteroot itself and
run its `__init__`, with PYTHONPATH, the user site and the current folder on the path: a root that is being changed and
that holds a siteroot may have been asked. From here on nothing more comes from there, the place that siteroot was
loaded from aside.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


def _tell(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
    """Tell of an error, but not of a Ctrl-C that comes before signals are heard: nothing is begun then."""
    if kind is not KeyboardInterrupt:
        sys.__excepthook__(kind, error, trace)


def _find_path() -> list[str]:
    foreign = {os.path.abspath(entry) for entry in sys.path[:1] if not sys.flags.safe_path}
    given = os.environ.get("PYTHONPATH")  # noqa: TID251 - what Python made sys.path of
    if given:
        foreign.update(map(os.path.abspath, given.split(os.pathsep)))
    site = sys.modules.get("site")  # absent under -S
    if site is not None:
        foreign.add(getattr(site, "USER_SITE", None) or "")
        foreign.difference_update(site.getsitepackages())
    foreign.difference_update(
        (os.path.dirname(os.path.dirname(os.path.abspath(__file__))), os.path.dirname(os.__file__))
    )
    return [entry for entry in sys.path if entry and os.path.abspath(entry) not in foreign]


if __name__ == "__main__":
    sys.excepthook = _tell
    sys.path[:] = _find_path()

    from siteroot.cli.main import run

    run()
