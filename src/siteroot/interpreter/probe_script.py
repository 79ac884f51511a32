"""What a Python tells of itself: run inside the Python that is asked, with `-I -S -B`, as a string.

It is the source that is run, not this module, so nothing of siteroot is imported there. It has to be understood by
every Python from 3.6 on (older ones are turned away by name), and by PyPy and GraalPy: no syntax or library of later
ones. The answer is the last line on stdout, as JSON; `facts.py` reads it. Nothing is decided here.
"""
# ruff: noqa: PLC0415, S603, SLF001, TID251, UP031, UP036 - it is written for other Pythons than ours

import json
import os
import platform
import struct
import sys
from importlib.util import MAGIC_NUMBER


def enter_environment() -> None:
    """Take over a virtual environment's prefix, as `site` does it where it runs (before 3.14 nothing else did).

    `site` itself would also run every .pth file of the environment: other people's code, and maybe that of the very
    root that is about to be changed.
    """
    if sys.prefix != sys.base_prefix or not sys.executable:
        return
    folder = os.path.dirname(os.path.abspath(sys.executable))
    for place in (folder, os.path.dirname(folder)):
        if os.path.isfile(os.path.join(place, "pyvenv.cfg")):
            sys.prefix = sys.exec_prefix = os.path.dirname(folder)
            return


if __name__ == "__main__":
    enter_environment()

import sysconfig  # noqa: E402 - it keeps the prefix that it finds when it is imported


def version_of(info: "sys._version_info") -> str:
    """Return a version as PEP 508 spells it."""
    text = "%d.%d.%d" % (info.major, info.minor, info.micro)
    return text if info.releaselevel == "final" else text + info.releaselevel[0] + str(info.serial)


def markers() -> "dict[str, str]":
    """Return the environment of PEP 508."""
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": version_of(sys.implementation.version),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        # a Python built from a checkout calls itself "3.11.1+", which is no version
        "python_full_version": platform.python_version().rstrip("+"),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def schemes() -> "dict[str, str]":
    """Return where this Python installs, found in the way that pip and uv find it."""
    # distributors set this attribute to say which of the two holds (pypa/pip#10647)
    if getattr(sysconfig, "_PIP_USE_SYSCONFIG", sys.version_info >= (3, 10)):
        paths = sysconfig.get_paths(preferred_scheme())
    else:
        paths = distutils_paths()
    if sys.prefix != sys.base_prefix:
        name = "python%d.%d" % sys.version_info[:2]
        paths["include"] = os.path.join(sys.prefix, "include", "site", name)
    names = (
        ("purelib", "purelib"),
        ("platlib", "platlib"),
        ("scripts", "scripts"),
        ("data", "data"),
        ("headers", "include"),
    )
    return {scheme: os.path.abspath(paths[name]) for scheme, name in names}


def preferred_scheme() -> str:
    """Return the name of sysconfig's scheme; before 3.10 there is no way to ask, so it is guessed as pip does."""
    if hasattr(sysconfig, "get_preferred_scheme"):
        return sysconfig.get_preferred_scheme("prefix")
    implementation = sys.implementation.name
    known = sysconfig.get_scheme_names()
    for name in (implementation + "_" + os.name, implementation, os.name + "_prefix", os.name):
        if name in known:
            return name
    return "posix_prefix"


def distutils_paths() -> "dict[str, str]":
    """Return distutils' own answer, which Debian and others patched before 3.10 where sysconfig was not."""
    import warnings

    warnings.simplefilter("ignore")
    from distutils.dist import Distribution

    command = Distribution({}).get_command_obj("install", create=True)
    command.finalize_options()
    paths = {
        name: getattr(command, "install_" + name)
        for name in ("purelib", "platlib", "scripts", "data")
    }
    paths["include"] = os.path.dirname(command.install_headers)
    return paths


def libraries() -> "list[str]":
    """Return the folders of distributions that `site` would add to sys.path. With `-S` it only tells them."""
    import site

    return [os.path.abspath(folder) for folder in site.getsitepackages()]


def libc() -> "list[object] | None":
    """Return the C library of a Linux and its version: ["glibc", 2, 36]."""
    try:
        name, version = str(os.confstr("CS_GNU_LIBC_VERSION")).split()
    except (AttributeError, OSError, ValueError):
        return musl()
    major, minor = version.split(".")[:2]
    return [name, int(major), int("".join(c for c in minor if c.isdigit()))]


def musl() -> "list[object] | None":
    """Return musl's version, which only its loader tells, on stderr."""
    import glob
    import re
    import subprocess

    for loader in sorted(glob.glob("/lib/ld-musl-*.so.1")):
        try:
            asked = subprocess.Popen([loader], stderr=subprocess.PIPE, universal_newlines=True)
        except OSError:
            continue
        found = re.search(r"^Version (\d+)\.(\d+)", asked.communicate()[1], re.MULTILINE)
        if found:
            return ["musl", int(found.group(1)), int(found.group(2))]
    return None


def manylinux_module(folders: "list[str]") -> "bool | None":
    """Return what a distributor's `_manylinux` module says to manylinux wheels, None where it has no say (PEP 600)."""
    sys.path += [place for place in folders if os.path.isfile(os.path.join(place, "_manylinux.py"))]
    try:
        import _manylinux  # type: ignore[import-not-found]
    except ImportError:
        return None
    version = libc() or ["", 0, 0]
    architecture = sysconfig.get_platform().rpartition("-")[2]
    if hasattr(_manylinux, "manylinux_compatible"):
        answer = _manylinux.manylinux_compatible(version[1], version[2], architecture)
        return None if answer is None else bool(answer)
    return getattr(_manylinux, "manylinux2014_compatible", None)


def system_version() -> "list[object]":
    """Return the version, and on Apple's systems the architecture, that platform tags are made of."""
    if sys.platform == "darwin":
        version, _, machine = platform.mac_ver()
        return [[int(part) for part in version.split(".")[:2]], machine]
    if sys.platform == "ios":
        release = platform.ios_ver().release
        return [[int(part) for part in release.split(".")[:2]], sys.implementation._multiarch]
    if hasattr(sys, "getandroidapilevel"):
        return [[sys.getandroidapilevel()], ""]
    year = sysconfig.get_config_var("PYEMSCRIPTEN_PLATFORM_VERSION") or sysconfig.get_config_var(
        "PYODIDE_ABI_VERSION"
    )
    return [[int(part) for part in str(year or "").split("_") if part.isdigit()], ""]


def flags() -> str:
    """Return "t" for a free-threaded build and "d" for a debug build."""
    debug = sysconfig.get_config_var("Py_DEBUG")
    if debug is None:  # Windows
        debug = hasattr(sys, "gettotalrefcount")
    return ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else "") + ("d" if debug else "")


def bytecode() -> "list[object]":
    """Return how this Python names and marks its bytecode: the tag in the names, and the magic number."""
    magic = MAGIC_NUMBER[0] + 256 * MAGIC_NUMBER[1]
    return [sys.implementation.cache_tag or "", magic]


def tell() -> "dict[str, object]":
    """Return all that siteroot wants to know."""
    folders = schemes()
    return {
        "markers": markers(),
        "executable": sys.executable,
        "prefix": os.path.abspath(sys.prefix),
        "base_prefix": os.path.abspath(sys.base_prefix),
        "stdlib": [os.path.abspath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")],
        "schemes": folders,
        "libraries": libraries(),
        "flags": flags(),
        "bytecode": bytecode(),
        "soabi": sysconfig.get_config_var("SOABI") or "",
        "platform": sysconfig.get_platform(),
        "bits": struct.calcsize("P") * 8,
        "libc": libc() if sys.platform == "linux" else None,
        "manylinux": manylinux_module([folders["purelib"], folders["platlib"]]),
        "system": system_version(),
    }


if __name__ == "__main__":
    if sys.version_info < (3, 8):
        answer = {"too_old": platform.python_version()}
    else:
        answer = tell()
    sys.stdout.write("\n" + json.dumps(answer) + "\n")
