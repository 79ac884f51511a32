"""Runs a script as Python would, and writes down what it does: `spy.py LOG SCRIPT WORDS...`, by audit events.

Lines of LOG, forked children's among them, in the order in which things happened:

    change PATH      a name that holds `.siteroot` is made, renamed or removed: a root is being changed
    import NAME      a module is looked for
    load PATH        a module's source, bytecode or library is opened
    start WORDS      a program is started, with its words as Python writes a list

It imports no more than a Python has loaded when it starts: it may be run where traps stand for the standard library.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CHANGES = ("os.mkdir", "os.rename", "os.rmdir", "os.remove")
_MODULES = (".py", ".pyc", ".so")


def _watch(log: int) -> None:
    def tell(kind: str, what: object) -> None:
        os.write(log, f"{kind} {what}\n".encode("utf-8", "surrogateescape"))

    def hook(event: str, arguments: "tuple[Any, ...]") -> None:
        match event, arguments:
            case "import", (name, *_):
                tell("import", name)
            case "open", (str(path), *_) if path.endswith(_MODULES):
                tell("load", path)
            case "subprocess.Popen", (_, words, *_):
                tell("start", [os.fsdecode(word) for word in words])
            case "os.exec" | "os.posix_spawn" | "os.system", (path, *_):
                tell("start", [os.fsdecode(path)])
            case changing, (path, *_) if changing in _CHANGES and isinstance(path, str):
                if ".siteroot" in path:
                    tell("change", path)

    sys.addaudithook(hook)


def main() -> None:
    """Run the script."""
    log, script = sys.argv[1:3]
    sys.argv[:2] = []
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec")
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    _watch(descriptor)
    exec(code, {"__name__": "__main__", "__file__": script})


if __name__ == "__main__":
    main()
