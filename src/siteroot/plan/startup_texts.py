"""The texts of launchers and sitecustomize files, with `@NAME@` places that `startup` fills.

They have to run on every Python from 3.8 on, and the first half of a launcher on every POSIX shell.
"""

# A shell takes the first half as commands and never reads past `exit`; Python takes it as a string. pythonX.Y is
# started at once where it is a binary, and the second half looks whether it is what its name says: asking first
# would cost an interpreter's start at each call. Scripts of that name (pyenv's shims) may fail, so they are asked.
SHELL_HALF = """\
#!/bin/sh
''':'
# Written by siteroot. A shell reads these lines and finds a Python, which reads the file again, below them.
if [ -n "${SITEROOT_PYTHON:-}" ]; then
    SITEROOT_LAUNCHER=told
    export SITEROOT_LAUNCHER
    exec "$SITEROOT_PYTHON" "$0" "$@"
fi
for siteroot_name in @NAMES@; do
    siteroot_python=$(command -v "$siteroot_name") || continue
    if [ "$siteroot_name" = @FIRST@ ] && [ "${SITEROOT_LAUNCHER:-}" != ask ]; then
        siteroot_line=
        IFS= read -r siteroot_line 2>/dev/null <"$siteroot_python" || :
        case $siteroot_line in
        "#!"*) ;;
        *)
            SITEROOT_LAUNCHER=look
            export SITEROOT_LAUNCHER
            exec "$siteroot_python" "$0" "$@"
            ;;
        esac
    fi
    if "$siteroot_python" -I -S -c 'import sys; sys.exit(not (@CHECK@))' 2>/dev/null; then
        unset SITEROOT_LAUNCHER
        exec "$siteroot_python" "$0" "$@"
    fi
done
echo "$0: found no @KIND@: looked for @LISTED@ on PATH, and SITEROOT_PYTHON is not set" >&2
exit 127
'''
"""

PYTHON_HALF = """\
def _siteroot():
    import os
    import sys
    right = @CHECK@
    way = os.environ.pop("SITEROOT_LAUNCHER", "")
    if way == "told" and not right:
        it = (os.environ.get("SITEROOT_PYTHON"), sys.implementation.name) + sys.version_info[:2]
        sys.stderr.write("%s: made for @KIND@, and SITEROOT_PYTHON, %s, is %s %d.%d\\n" % ((__file__,) + it))
        sys.exit(127)
    if way == "look" and not right:
        os.environ["SITEROOT_LAUNCHER"] = "ask"
        os.execv("/bin/sh", ["/bin/sh", __file__] + sys.argv[1:])
    import site
    here = script = os.path.dirname(os.path.realpath(__file__))
    if os.path.isfile(here):  # the archive inside a Windows launcher
        here = os.path.dirname(here)
    modules = os.path.normpath(os.path.join(here, "@MODULES@"))
    first = 1 if sys.path and os.path.realpath(sys.path[0]) == script else 0
    rest = [entry for entry in sys.path[first:] if entry != modules]
    sys.path[first:] = [modules] + rest
    started = site.__dict__.setdefault("_siteroot_started", set())
    if modules not in started:
        started.add(modules)
        site.addsitedir(modules)
    start = os.path.normpath(os.path.join(here, "@START@"))
    for name, words in (("PYTHONPATH", [start]), ("SITEROOT_STARTED", [start, sys.prefix])):
        inherited = os.environ.get(name)
        if not inherited:
            os.environ[name] = os.pathsep.join(words)
        elif inherited.split(os.pathsep)[: len(words)] != words:
            os.environ[name] = os.pathsep.join(words + [inherited])


_siteroot()
"""

CALL = """\
import sys
from @MODULE@ import @FIRST@
if __name__ == "__main__":
    if sys.argv[0].endswith("-script.pyw"):
        sys.argv[0] = sys.argv[0][:-11]
    elif sys.argv[0].endswith(".exe"):
        sys.argv[0] = sys.argv[0][:-4]
    sys.exit(@ATTRIBUTE@())
"""

# Neither sitecustomize may fail an interpreter's start: what can go wrong in our own half is left undone in silence.
# The next sitecustomize on the path then runs as if it had been found first, its errors its own. Each notes that it
# ran: one root may be on the path by several names, and would be handed on to for ever.
SITECUSTOMIZE_HEAD = '''\
"""Written by siteroot; a sync writes it anew."""


def _siteroot_runs():
    import os
    import sys

    words = iter(getattr(sys, "orig_argv", [])[1:])
    for word in words:
        if not word.startswith("-"):
            return os.path.basename(word) in ("siteroot", "siteroot.exe", "siteroot.pyz")
        if word == "--check-hash-based-pycs":
            next(words, "")
        for place, letter in enumerate(word):
            if letter in "cmWX" and not word.startswith("--"):
                value = word[place + 1 :] or next(words, "")
                if letter in "cm":
                    return letter == "m" and value == "siteroot"
                break
    return False


def _start(modules):
    import site

    started = site.__dict__.setdefault("_siteroot_started", set())
    if modules not in started:
        started.add(modules)
        site.addsitedir(modules)


def _hand_on(here, entries):
    import os
    import site
    import sys
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    ran = site.__dict__.setdefault("_siteroot_ran", set())
    ran.add(here)
    entries = [entry for entry in entries if os.path.realpath(entry) not in ran]
    spec = PathFinder.find_spec("sitecustomize", entries)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


'''

SITECUSTOMIZE = """\
def _siteroot():
    import os
    import sys

    here = os.path.dirname(os.path.realpath(__file__))
    entries = [os.path.realpath(entry) for entry in sys.path]
    if @CHECK@ and not _siteroot_runs():
        _start(here)
    return here, sys.path[entries.index(here) + 1 :] if here in entries else []


try:
    _siteroot_rest = _siteroot()
except Exception:
    _siteroot_rest = "", []
_hand_on(*_siteroot_rest)
"""

START_SITECUSTOMIZE = """\
def _siteroot():
    import os
    import sys

    here = os.path.dirname(os.path.realpath(__file__))
    entries = [os.path.realpath(entry) for entry in sys.path]
    if here not in entries:
        return here, []
    index = entries.index(here)
    words = os.environ.get("SITEROOT_STARTED", "").split(os.pathsep)
    pairs = zip(words[::2], words[1::2])
    launched = any(os.path.realpath(start) == here and prefix == sys.prefix for start, prefix in pairs)
    away = [here]
    if launched and @CHECK@ and not _siteroot_runs():
        modules = os.path.normpath(os.path.join(here, "@MODULES@"))
        away.append(modules)
    rest = [entry for entry in sys.path[index:] if os.path.realpath(entry) not in away]
    sys.path[index:] = away[1:] + rest
    for modules in away[1:]:
        _start(modules)
    return here, sys.path[index:]


try:
    _siteroot_rest = _siteroot()
except Exception:
    _siteroot_rest = "", []
_hand_on(*_siteroot_rest)
"""
