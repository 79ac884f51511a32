"""Targets made from names: `--python-platform` and `--python-version`, with or without such a Python at hand.

The names, markers and tags are uv's (`uv sync --python-platform`). What a name does not say, the interpreter says;
where there is none of that version, CPython is meant and nothing else is claimed.
"""

from collections.abc import Iterator, Mapping

from packaging.version import Version

from siteroot.errors import TargetError
from siteroot.formats.wheel_tags import GLIBC_MACHINES, GLIBC_MINORS
from siteroot.model.target import Target
from siteroot.model.value import dataclass

from .tags import (
    abi_tag,
    android_platforms,
    interpreter_tag,
    ios_platforms,
    mac_platforms,
    manylinux_platforms,
    musllinux_platforms,
    pyodide_platforms,
    tags_for,
)


class UnknownPlatformError(TargetError):
    """No platform has that name."""


class BadPythonVersionError(TargetError):
    """The text is no version of Python that a root can be made for."""


@dataclass(frozen=True, slots=True)
class _System:
    """What a platform's name says to markers."""

    os_name: str
    sys_platform: str
    platform_system: str


_LINUX = _System("posix", "linux", "Linux")
_DARWIN = _System("posix", "darwin", "Darwin")
_WINDOWS = _System("nt", "win32", "Windows")
_ANDROID = _System("posix", "android", "Android")
_IOS = _System("posix", "ios", "iOS")
_EMSCRIPTEN = _System("posix", "emscripten", "Emscripten")


@dataclass(frozen=True, slots=True)
class _Platform:
    """One name: its markers, its `kind` of tags, and what these are made from."""

    system: _System
    machine: str
    kind: str  # glibc, musl, mac, ios, android, pyodide, plain
    detail: str = ""  # an architecture, a multiarch, a year, a whole tag
    minor: int = 0  # of the C library
    release: str = ""
    version: str = ""


_PLATFORMS = {
    "windows": _Platform(_WINDOWS, "AMD64", "plain", "win_amd64"),
    "linux": _Platform(_LINUX, "x86_64", "glibc", "x86_64", 28),
    "macos": _Platform(_DARWIN, "arm64", "mac", "arm64"),
    "x86_64-pc-windows-msvc": _Platform(_WINDOWS, "AMD64", "plain", "win_amd64"),
    "aarch64-pc-windows-msvc": _Platform(_WINDOWS, "ARM64", "plain", "win_arm64"),
    "i686-pc-windows-msvc": _Platform(_WINDOWS, "x86", "plain", "win32"),
    "x86_64-unknown-linux-gnu": _Platform(_LINUX, "x86_64", "glibc", "x86_64", 28),
    "aarch64-apple-darwin": _Platform(_DARWIN, "arm64", "mac", "arm64"),
    "x86_64-apple-darwin": _Platform(_DARWIN, "x86_64", "mac", "x86_64"),
    "aarch64-unknown-linux-gnu": _Platform(_LINUX, "aarch64", "glibc", "aarch64", 28),
    "aarch64-unknown-linux-musl": _Platform(_LINUX, "aarch64", "musl", "aarch64", 2),
    "x86_64-unknown-linux-musl": _Platform(_LINUX, "x86_64", "musl", "x86_64", 2),
    "riscv64-unknown-linux": _Platform(_LINUX, "riscv64", "glibc", "riscv64", 39),
    **{
        f"{machine}-manylinux{spelling}": _Platform(_LINUX, machine, "glibc", machine, minor)
        for machine in GLIBC_MACHINES
        for spelling, minor in (("2014", 17), *((f"_2_{minor}", minor) for minor in GLIBC_MINORS))
    },
    "aarch64-linux-android": _Platform(_ANDROID, "aarch64", "android", "aarch64"),
    "x86_64-linux-android": _Platform(_ANDROID, "x86_64", "android", "x86_64"),
    # Pyodide's releases of Emscripten; its kernel calls itself "#1"
    "wasm32-pyodide2024": _Platform(
        _EMSCRIPTEN, "wasm32", "pyodide", "2024", release="3.1.58", version="#1"
    ),
    "wasm32-pyodide2025": _Platform(
        _EMSCRIPTEN, "wasm32", "pyodide", "2025", release="4.0.9", version="#1"
    ),
    "arm64-apple-ios": _Platform(_IOS, "arm64", "ios", "arm64_iphoneos"),
    "arm64-apple-ios-simulator": _Platform(_IOS, "arm64", "ios", "arm64_iphonesimulator"),
    "x86_64-apple-ios-simulator": _Platform(_IOS, "x86_64", "ios", "x86_64_iphonesimulator"),
}

#: The names of `--python-platform`, as uv lists them.
PLATFORM_NAMES = tuple(_PLATFORMS)

#: uv takes the spelling of wheel tags too, and does not list it: "manylinux_2_28_x86_64".
_SPELT_AS_TAGS = {
    f"{rest}_{machine}": f"{machine}-{rest}"
    for machine, _, rest in (name.partition("-") for name in _PLATFORMS)
    if rest.startswith("manylinux")
}

_OLDEST = (3, 8)
_NEWEST_MINOR = 99  # beyond it a typing error is likelier than a Python


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A Python named by its version. `full` has three numbers at least, as PEP 508's python_full_version."""

    python: tuple[int, int]
    full: str
    free_threaded: bool


def named_target(
    platform: str | None,
    python_version: str | None,
    found: Target | None,
    host: Target,
    variables: Mapping[str, str],
) -> Target:
    """Return the target that names describe.

    `found` is an interpreter's own target, chosen by the caller to suit `python_version`, and None where there is
    none; then `host`, the target of the interpreter that runs siteroot, says what no name says of the platform.
    As uv does, a version replaces the interpreter's own in all markers ("3.12" means 3.12.0 even where 3.12.4 was
    found), so that a named target is the same on each machine. `variables` are the environment's.
    """
    if platform is None and python_version is None:
        return found or host
    origin = found or host
    markers = dict(origin.markers)
    implementation, python, abi = origin.implementation, origin.python, _abi_of(origin)
    if python_version is not None:
        version = parse_python_version(python_version)
        python = version.python
        if found is None:
            implementation = "cpython"
            markers["implementation_name"] = "cpython"
            markers["platform_python_implementation"] = "CPython"
        if implementation == "cpython":
            flags = (
                "" if found is None else abi.removeprefix(interpreter_tag("cpython", found.python))
            )
            if version.free_threaded and "t" not in flags:
                flags = "t"
            abi = abi_tag("cpython", python, flags, "")
        markers |= _version_markers(version, implementation)
    if platform is None:
        platforms = _platforms_of(origin)
    else:
        platforms, overrides = _platform_named(platform, variables)
        markers |= overrides
    if found is None and platform is None:  # the host's kernel is not the target's
        markers["platform_release"] = markers["platform_version"] = ""
    return Target(
        implementation=implementation,
        python=python,
        free_threaded=implementation == "cpython" and "t" in abi,
        markers=markers,
        tags=tags_for(implementation, python, abi, platforms),
        platform=platform,
        interpreter=None if found is None else found.interpreter,
    )


def parse_python_version(text: str) -> NamedVersion:
    """Return what `--python-version` names: "3.12", "3.12.4", "3.13t". Raises BadPythonVersionError."""
    bare = text.strip().removesuffix("t")
    try:
        version = Version(bare)
    except ValueError:
        version = None
    if (
        version is None
        or len(version.release) not in (2, 3)
        or version.local
        or version.is_devrelease
        or version.is_postrelease
    ):
        raise BadPythonVersionError(
            f"{text!r} is no version of Python", hints=("Write it as 3.12, 3.12.4 or 3.13t.",)
        )
    python = (version.major, version.minor)
    free_threaded = text.strip().endswith("t")
    if version.major != 3 or not _OLDEST <= python <= (3, _NEWEST_MINOR):
        raise BadPythonVersionError(
            f"Python {text} cannot be a target: roots are made for Python 3.8 and later"
        )
    if free_threaded and python < (3, 13):
        raise BadPythonVersionError(
            f"Python {text} cannot be a target: free-threaded builds begin with Python 3.13"
        )
    full = f"{version.major}.{version.minor}.{version.micro}"
    if version.pre is not None:
        full += f"{version.pre[0]}{version.pre[1]}"
    return NamedVersion(python=python, full=full, free_threaded=free_threaded)


def _version_markers(version: NamedVersion, implementation: str) -> dict[str, str]:
    markers = {
        "python_version": f"{version.python[0]}.{version.python[1]}",
        "python_full_version": version.full,
    }
    if implementation == "cpython":
        markers["implementation_version"] = version.full
    return markers


def _platform_named(
    name: str, variables: Mapping[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return a named platform's tags and the markers that it sets."""
    platform = _PLATFORMS.get(_SPELT_AS_TAGS.get(name, name))
    if platform is None:
        import difflib  # noqa: PLC0415 - for errors alone

        near = difflib.get_close_matches(name.lower(), (*PLATFORM_NAMES, *_SPELT_AS_TAGS), n=3)
        hints = (f"Did you mean {' or '.join(near)}?",) if near else ()
        raise UnknownPlatformError(
            f"There is no platform {name!r}",
            hints=(*hints, f"Known are: {', '.join(PLATFORM_NAMES)}."),
        )
    markers = {
        "os_name": platform.system.os_name,
        "sys_platform": platform.system.sys_platform,
        "platform_system": platform.system.platform_system,
        "platform_machine": platform.machine,
        "platform_release": platform.release,
        "platform_version": platform.version,
    }
    return tuple(_platform_tags(platform, variables)), markers


def _platform_tags(platform: _Platform, variables: Mapping[str, str]) -> Iterator[str]:
    match platform.kind:
        case "glibc":
            return manylinux_platforms((2, platform.minor), platform.detail)
        case "musl":
            return musllinux_platforms((1, platform.minor), platform.detail)
        case "mac":
            return mac_platforms(_deployed("MACOSX_DEPLOYMENT_TARGET", variables), platform.detail)
        case "ios":
            version = _deployed("IPHONEOS_DEPLOYMENT_TARGET", variables)
            return ios_platforms(version, platform.detail)
        case "android":
            level = variables.get("ANDROID_API_LEVEL", "")
            return android_platforms(int(level) if _is_number(level) else 24, platform.detail)
        case "pyodide":
            return pyodide_platforms(int(platform.detail))
        case _:
            return iter((platform.detail,))


def _deployed(variable: str, variables: Mapping[str, str]) -> tuple[int, int]:
    """Return the oldest system that is aimed at, 13.0 where the variable does not say it (uv's default)."""
    major, _, rest = variables.get(variable, "").partition(".")
    minor = rest.partition(".")[0] or "0"
    return (int(major), int(minor)) if _is_number(major) and _is_number(minor) else (13, 0)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5


def _abi_of(target: Target) -> str:
    return target.tags[0].split("-")[1]


def _platforms_of(target: Target) -> tuple[str, ...]:
    """Return the platform tags of a target, which are those of its first kind of tag."""
    first = target.tags[0].rpartition("-")[0] + "-"
    return tuple(tag.removeprefix(first) for tag in target.tags if tag.startswith(first))
