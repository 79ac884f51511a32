"""The wheel tags that a Python on a platform takes, best first, in uv's order.

Made of what a probe or a platform's name says, never of the Python that runs siteroot, so that any target can be
described from any machine. Specification: PyPA "Platform compatibility tags". `packaging.tags` yields the same tags
(the tests hold both side by side) but as objects that would be turned into text again, in 10 ms of import; where uv
and packaging part, uv is followed, since locks are chosen from as uv does.
"""

from collections.abc import Iterator, Sequence

#: How a wheel's interpreter tag begins. "py" would be any implementation's.
_PREFIXES = {"cpython": "cp", "pypy": "pp", "graalpy": "graalpy", "pyston": "pyston"}

#: The lowest glibc 2.N that manylinux tags were given for, by architecture (PEP 513, 599, 600).
_LOWEST_GLIBC = {
    "x86_64": 5,
    "i686": 5,
    "aarch64": 17,
    "armv7l": 17,
    "ppc64": 17,
    "ppc64le": 17,
    "s390x": 17,
    "riscv64": 31,
    "loongarch64": 36,
}

#: The names from before PEP 600, each worth as much as manylinux_2_N.
_OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}

_MAC_FORMATS = {
    "x86_64": ("x86_64", "intel", "fat64", "fat32", "universal2", "universal"),
    "arm64": ("arm64", "universal2"),
    "i386": ("i386", "intel", "fat32", "fat", "universal"),
}

_ANDROID_ABIS = {
    "aarch64": "arm64_v8a",
    "armv7l": "armeabi_v7a",
    "i686": "x86",
    "x86_64": "x86_64",
}
_LOWEST_ANDROID = 16
_LOWEST_IOS = 12


def tags_for(
    implementation: str, python: tuple[int, int], abi: str, platforms: Sequence[str]
) -> tuple[str, ...]:
    """Return all wheel tags of a Python, best first.

    `abi` is the one it was built with ("cp312", "cp313t", "cp312d", "pypy310_pp73"), `platforms` the platform tags
    it takes, best first.
    """
    major, minor = python
    own = interpreter_tag(implementation, python)
    cpython = implementation == "cpython"
    flags = abi.removeprefix(own) if cpython else ""
    pairs = [(own, abi)]
    if cpython:
        if "d" in flags:  # since 3.8 a debug build loads what was built for a release
            pairs.append((own, abi.replace("d", "")))
        stable = "abi3t" if "t" in flags else "abi3"
        pairs += [(own, stable), (own, "none")]
        pairs += [(f"cp{major}{lower}", stable) for lower in range(minor - 1, 1, -1)]
    generic = [f"py{major}{minor}", f"py{major}"]
    generic += [f"py{major}{lower}" for lower in range(minor - 1, -1, -1)]
    pairs += [(python_tag, "none") for python_tag in generic]

    tags = [f"{python_tag}-{tag}-{platform}" for python_tag, tag in pairs for platform in platforms]
    if cpython:
        tags.append(f"{own}-none-any")
    tags += [f"{python_tag}-none-any" for python_tag in generic]
    return tuple(tags)


def interpreter_tag(implementation: str, python: tuple[int, int]) -> str:
    """Return the interpreter part of an implementation's own wheels: "cp312", "pp310"."""
    return f"{_PREFIXES.get(implementation, implementation)}{python[0]}{python[1]}"


def abi_tag(implementation: str, python: tuple[int, int], flags: str, soabi: str) -> str:
    """Return the ABI part of an interpreter's own wheels.

    `flags` has "t" for a free-threaded build and "d" for a debug build; `soabi` is what extension modules carry in
    their names, by which alternative implementations tell theirs ("pypy310-pp73-x86_64-linux-gnu").
    """
    if implementation == "cpython":
        return f"cp{python[0]}{python[1]}{flags}"
    parts = {"pypy": 2, "graalpy": 3}.get(implementation)
    return "_".join(soabi.split("-")[:parts]).replace(".", "_") or "none"


def manylinux_platforms(glibc: tuple[int, int], architecture: str) -> Iterator[str]:
    """Yield the platform tags of a glibc Linux, best first."""
    lowest = _LOWEST_GLIBC.get(architecture)
    if lowest is not None:
        major, newest = glibc
        for minor in range(newest, lowest - 1, -1):
            yield f"manylinux_{major}_{minor}_{architecture}"
            if minor in _OLD_NAMES and (minor == 17 or lowest == 5):
                yield f"{_OLD_NAMES[minor]}_{architecture}"
    yield f"linux_{architecture}"


def musllinux_platforms(musl: tuple[int, int], architecture: str) -> Iterator[str]:
    """Yield the platform tags of a musl Linux, best first."""
    major, newest = musl
    for minor in range(newest, -1, -1):
        yield f"musllinux_{major}_{minor}_{architecture}"
    yield f"linux_{architecture}"


def mac_platforms(version: tuple[int, int], architecture: str) -> Iterator[str]:
    """Yield the platform tags of a macOS, best first."""
    formats = _MAC_FORMATS.get(architecture, (architecture,))
    for major in range(version[0], 10, -1):
        for binary in formats:
            yield f"macosx_{major}_0_{binary}"
    newest = version[1] if version[0] == 10 else 16
    if architecture == "arm64":  # before macOS 11 only the other half of a universal2 binary ran
        formats = ("universal2",)
    for minor in range(newest, 3, -1):
        for binary in formats:
            yield f"macosx_10_{minor}_{binary}"


def ios_platforms(version: tuple[int, int], multiarch: str) -> Iterator[str]:
    """Yield the platform tags of an iOS, best first. `multiarch` as "arm64_iphoneos"."""
    major, newest = version
    if major < _LOWEST_IOS:
        return
    for minor in range(newest, -1, -1):
        yield f"ios_{major}_{minor}_{multiarch}"
    for older in range(major - 1, _LOWEST_IOS - 1, -1):
        for minor in range(9, -1, -1):
            yield f"ios_{older}_{minor}_{multiarch}"


def android_platforms(level: int, architecture: str) -> Iterator[str]:
    """Yield the platform tags of an Android API level, best first."""
    abi = _ANDROID_ABIS.get(architecture, architecture)
    for older in range(level, _LOWEST_ANDROID - 1, -1):
        yield f"android_{older}_{abi}"


def pyodide_platforms(year: int) -> Iterator[str]:
    """Yield the platform tags of a Pyodide ABI, best first."""
    yield f"pyemscripten_{year}_0_wasm32"
    yield f"pyodide_{year}_0_wasm32"
