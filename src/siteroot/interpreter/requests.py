"""What `--python`, `UV_PYTHON` and `.python-version` ask for, in all the forms that uv takes.

any default                     the first Python
3  3.12  3.12.4  312  3.13rc1   a version; "t", "d", "+freethreaded", "+gil" name a build of it
>=3.11,<3.13                    versions
python3.12  python@3.12         the same, with the word
pypy  pypy3.10  pypy@3.10  pp310
cpython-3.12-linux-x86_64-gnu   each part may be left out at the end, or be "any"
a path to an executable, a prefix, a virtual environment
a name to be looked up on PATH
"""

import os

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from siteroot.errors import TargetError
from siteroot.formats.reading import parse_specifiers
from siteroot.model.target import Target
from siteroot.model.value import dataclass


class BadRequestError(TargetError):
    """The text asks for no Python that there could be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRequest:
    """A Python of some version, implementation, build and platform; each None or empty: any."""

    text: str
    release: tuple[int, ...] = ()
    pre: tuple[str, int] | None = None
    specifiers: SpecifierSet | None = None
    implementation: str | None = None
    variant: str = ""  # t, d, td, gil, gild; "": the usual build
    system: str | None = None  # as uv names it: linux, macos, windows
    architecture: str | None = None
    libc: str | None = None  # gnu, musl

    @property
    def allows_prereleases(self) -> bool:
        """Whether a pre-release is as good as any other."""
        return self.pre is not None or bool(self.specifiers and self.specifiers.prereleases)


@dataclass(frozen=True, slots=True)
class PathRequest:
    """A Python at a path, absolute: its executable, or a folder that has it in bin or Scripts."""

    path: str


@dataclass(frozen=True, slots=True)
class NameRequest:
    """An executable on PATH, by name."""

    name: str


Request = VersionRequest | PathRequest | NameRequest

#: Long and short names of implementations.
_IMPLEMENTATIONS = {
    "cpython": "cpython",
    "pypy": "pypy",
    "graalpy": "graalpy",
    "cp": "cpython",
    "pp": "pypy",
    "gp": "graalpy",
}

_VARIANTS = {
    "": "",
    "t": "t",
    "freethreaded": "t",
    "d": "d",
    "debug": "d",
    "td": "td",
    "freethreaded+debug": "td",
    "gil": "gil",
    "gil+debug": "gild",
}

_OLDEST = (3, 8)
_SYSTEMS = ("linux", "macos", "windows")


def parse_request(text: str, folder: str) -> Request:
    """Return what a text asks for. Relative paths lie in `folder`, and what exists there is a path.

    Raises BadRequestError for a version that no root can be made for and for a word after "@" that is no version.
    """
    lower = text.strip().lower()
    if lower in ("any", "default", ""):
        return VersionRequest(text=text)
    versions = _version_request(lower)
    if versions is not None:
        return _supported(versions)
    path = os.path.join(folder, text)
    if os.path.exists(path) or os.sep in text or (os.altsep is not None and os.altsep in text):
        return PathRequest(os.path.normpath(path))
    key = _key_request(lower)
    return NameRequest(text) if key is None else _supported(key)


def satisfies(target: Target, request: VersionRequest) -> bool:
    """Whether an interpreter's target is what was asked for."""
    version = Version(target.markers["python_full_version"])
    if request.release and version.release[: len(request.release)] != request.release:
        return False
    if request.pre != version.pre and (request.pre is not None or len(request.release) == 3):
        return False  # three numbers mean the release itself
    if request.specifiers is not None and not _admits(request, version):
        return False
    if request.implementation not in (None, target.implementation):
        return False
    return _is_variant(target, request.variant) and _is_platform(target, request)


def _admits(request: VersionRequest, version: Version) -> bool:
    """Whether specifiers admit a version: as in uv 3.14.0rc1 is a 3.14, unless they name pre-releases themselves."""
    if request.specifiers is None:
        return True
    compared = str(version) if request.allows_prereleases else version.base_version
    return request.specifiers.contains(compared, prereleases=True)


def _is_variant(target: Target, variant: str) -> bool:
    if (
        variant == ""
    ):  # up to 3.13 free-threaded builds were an experiment, and have to be asked for
        return not target.free_threaded or target.python >= (3, 14)
    debug = "d" in target.tags[0].split("-")[1].removeprefix("cp")
    if "d" in variant and not debug:
        return False
    if variant.startswith("t"):
        return target.free_threaded
    return not (variant.startswith("gil") and target.free_threaded)


def _is_platform(target: Target, request: VersionRequest) -> bool:
    systems = {"linux": "linux", "macos": "darwin", "windows": "win32"}
    if request.system is not None and systems[request.system] != target.markers["sys_platform"]:
        return False
    machine = target.markers["platform_machine"].lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if request.architecture not in (None, machine):
        return False
    musl = any("-musllinux_" in tag for tag in target.tags)
    return request.libc in (None, "musl" if musl else "gnu")


# -- reading --------------------------------------------------------------------------------------------------------


def _version_request(lower: str) -> VersionRequest | None:
    """Return the request for "3.12", "python3.12", "pypy@3.10", "pypy"; None where it is none of these."""
    for prefix, implementation in (("python", None), *_IMPLEMENTATIONS.items(), ("", None)):
        if not lower.startswith(prefix):
            continue
        rest = lower.removeprefix(prefix)
        if implementation is not None and not rest:
            return VersionRequest(text=lower, implementation=implementation)
        request = _parse_version(rest.removeprefix("@"), lower, implementation)
        if request is not None:
            return request
        if rest.startswith("@"):
            raise BadRequestError(
                f"{rest[1:]!r} in {lower!r} is no version of Python",
                hints=("Write it as 3.12 or 3.12.4.",),
            )
    return None


def _parse_version(text: str, whole: str, implementation: str | None) -> VersionRequest | None:
    """Return the request for a version or specifiers with an optional build at the end, None where it is neither."""
    end = max((at + 1 for at, character in enumerate(text) if character.isdigit()), default=0)
    if end == 0:
        return None
    variant = _VARIANTS.get(text[end:].removeprefix("+"))
    number = text if variant is None else text[:end]  # "==3.12.*" ends in no build
    try:
        version = Version(number)
    except ValueError:
        try:
            specifiers = parse_specifiers(number)
        except ValueError:
            return None
        return VersionRequest(
            text=whole,
            specifiers=specifiers,
            implementation=implementation,
            variant=variant or "",
        )
    release = version.release
    if len(release) == 1 and release[0] >= 10:  # as wheel tags write it: 312
        release = (int(str(release[0])[0]), int(str(release[0])[1:]))
    if len(release) > 3 or version.is_devrelease or version.is_postrelease or version.local:
        return None
    pre = version.pre
    if pre is not None and len(release) == 3 and release[2] == 0:
        release = release[:2]
    return VersionRequest(
        text=whole, release=release, pre=pre, implementation=implementation, variant=variant or ""
    )


def _key_request(lower: str) -> VersionRequest | None:
    """Return the request for uv's name of an installation, "cpython-3.12-linux-x86_64-gnu"."""
    parts = lower.split("-")
    if not 2 <= len(parts) <= 5 or parts[0] not in (*_IMPLEMENTATIONS, "any"):
        return None
    implementation, version, system, architecture, libc = (
        None if part == "any" else part for part in (*parts, *("any",) * (5 - len(parts)))
    )
    if system is not None and system not in _SYSTEMS:
        return None
    request = VersionRequest(text=lower)
    if version is not None:
        parsed = _parse_version(version, lower, None)
        if parsed is None:
            return None
        request = parsed
    return VersionRequest(
        text=lower,
        release=request.release,
        pre=request.pre,
        specifiers=request.specifiers,
        variant=request.variant,
        implementation=None if implementation is None else _IMPLEMENTATIONS[implementation],
        system=system,
        architecture={"arm64": "aarch64", "amd64": "x86_64"}.get(architecture or "", architecture),
        libc=None if libc == "none" else libc,
    )


def _supported(request: VersionRequest) -> VersionRequest:
    """Return the request. Raises BadRequestError where nothing that siteroot can make a root for could satisfy it."""
    release = request.release
    if release and (release[0] != 3 or (len(release) > 1 and release[:2] < _OLDEST)):
        raise BadRequestError(
            f"Python {request.text} cannot be used: roots are made for Python 3, from 3.8 on"
        )
    if request.variant.startswith("t") and len(release) > 1 and release[:2] < (3, 13):
        raise BadRequestError(
            f"Python {request.text} cannot be used: free-threaded builds begin with Python 3.13"
        )
    return request
