"""What a Python told of itself, and the target that follows from it: pure, so that any Python can be made up.

Reads the answer of `probe_script.py` and decides nothing that this says.
"""

import json
import os
from collections.abc import Iterator

from packaging.version import Version

from siteroot.model.target import Interpreter, Target
from siteroot.model.value import dataclass

from .tags import (
    abi_tag,
    android_platforms,
    ios_platforms,
    mac_platforms,
    manylinux_platforms,
    musllinux_platforms,
    pyodide_platforms,
    tags_for,
)

#: The whole environment of PEP 508, without `extra`.
_MARKERS = frozenset(
    (
        "implementation_name",
        "implementation_version",
        "os_name",
        "platform_machine",
        "platform_python_implementation",
        "platform_release",
        "platform_system",
        "platform_version",
        "python_full_version",
        "python_version",
        "sys_platform",
    )
)
_SCHEMES = frozenset(("purelib", "platlib", "scripts", "data", "headers"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An interpreter's answer, as `probe_script.tell` gives it."""

    markers: dict[str, str]
    executable: str
    prefix: str
    base_prefix: str
    stdlib: tuple[str, ...]
    schemes: dict[str, str]
    libraries: tuple[str, ...]  # site.getsitepackages()
    flags: str  # "t" free-threaded, "d" debug
    cache_tag: str  # "cpython-312": what the names of bytecode have; "" where it writes none
    magic: int  # of its bytecode
    soabi: str
    platform: str  # sysconfig.get_platform()
    bits: int
    libc: tuple[str, int, int] | None  # ("glibc", 2, 36)
    manylinux: bool | None  # what a `_manylinux` module said
    system: tuple[int, ...]  # macOS, iOS: version; Android: API level; Pyodide: ABI
    architecture: str  # macOS: the machine, iOS: the multiarch

    @property
    def python(self) -> tuple[int, int]:
        """The version that folders and tags have."""
        major, minor = self.markers["python_version"].split(".")
        return int(major), int(minor)


@dataclass(frozen=True, slots=True)
class TooOld:
    """The answer of a Python before 3.8."""

    version: str


@dataclass(frozen=True, slots=True)
class Senseless:
    """An answer that is none."""

    why: str


def parse_facts(text: str) -> Facts | TooOld | Senseless:
    """Return what an answer says. Text before its last line is someone else's and passed over."""
    try:
        answer = json.loads(text.rstrip().rpartition("\n")[2])
        if "too_old" in answer:
            return TooOld(_text(answer["too_old"]))
        return _facts_of(answer)
    except KeyError as error:
        return Senseless(f"{error} is missing")
    except json.JSONDecodeError:
        return Senseless("which is no JSON")
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        return Senseless(str(error))


def _facts_of(answer: dict[str, object]) -> Facts:
    """Return typed facts. Raises ValueError or one of its like where a part is absent or of another kind."""
    libc = answer["libc"]
    if libc is not None:
        name, major, minor = _listed(libc)
        libc = (_text(name), _number(major), _number(minor))
    manylinux = answer["manylinux"]
    system, architecture = _listed(answer["system"])
    cache_tag, magic = _listed(answer["bytecode"])
    facts = Facts(
        markers=_table(answer["markers"], _MARKERS),
        executable=_text(answer["executable"]),
        prefix=_text(answer["prefix"]),
        base_prefix=_text(answer["base_prefix"]),
        stdlib=tuple(_text(folder) for folder in _listed(answer["stdlib"])),
        schemes=_table(answer["schemes"], _SCHEMES),
        libraries=tuple(_text(folder) for folder in _listed(answer["libraries"])),
        flags=_text(answer["flags"]),
        cache_tag=_text(cache_tag),
        magic=_number(magic),
        soabi=_text(answer["soabi"]),
        platform=_text(answer["platform"]),
        bits=_number(answer["bits"]),
        libc=libc,
        manylinux=None if manylinux is None else bool(manylinux),
        system=tuple(_number(part) for part in _listed(system)),
        architecture=_text(architecture),
    )
    if not os.path.isabs(facts.executable):
        raise ValueError(f"it does not know where it is: {facts.executable!r}")
    full = Version(facts.markers["python_full_version"])  # InvalidVersion is a ValueError
    if facts.python != (full.major, full.minor):
        raise ValueError(f"it is of two versions, {full} and {facts.python}")
    return facts


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} stands where a text belongs")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} stands where a number belongs")
    return value


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} stands where a list belongs")
    return value


def _table(value: object, names: frozenset[str]) -> dict[str, str]:
    if not isinstance(value, dict) or value.keys() != names:
        raise TypeError(f"{value!r} stands where a table of {', '.join(sorted(names))} belongs")
    return {name: _text(entry) for name, entry in value.items()}


def target_of(facts: Facts, externally_managed: str | None) -> Target:
    """Return the target of an interpreter that answered."""
    implementation = facts.markers["implementation_name"]
    abi = abi_tag(implementation, facts.python, facts.flags, facts.soabi)
    return Target(
        implementation=implementation,
        python=facts.python,
        free_threaded="t" in facts.flags,
        markers=facts.markers,
        tags=tags_for(implementation, facts.python, abi, tuple(platforms_of(facts))),
        platform=None,
        interpreter=Interpreter(
            executable=facts.executable,
            version=facts.markers["python_full_version"],
            implementation=implementation,
            prefix=facts.prefix,
            base_prefix=facts.base_prefix,
            stdlib=facts.stdlib,
            schemes=facts.schemes,
            externally_managed=externally_managed,
            cache_tag=facts.cache_tag,
            magic=facts.magic,
            libraries=facts.libraries,
        ),
    )


def platforms_of(facts: Facts) -> Iterator[str]:
    """Yield the platform tags that an interpreter takes, best first."""
    system, _, architecture = facts.platform.partition("-")
    match system:
        case "linux" if facts.libc is not None:
            return _linux_platforms(
                facts, facts.libc, _linux_architecture(architecture, facts.bits)
            )
        case "linux" | "android" if facts.system:  # before 3.13 Android called itself linux
            return android_platforms(facts.system[0], _android_architecture(architecture))
        case "macosx" if len(facts.system) == 2:
            machine = facts.architecture
            if facts.bits == 32:
                machine = "ppc" if machine.startswith("ppc") else "i386"
            return mac_platforms((facts.system[0], facts.system[1]), machine)
        case "ios" if len(facts.system) == 2:
            multiarch = facts.architecture.replace("-", "_")
            return ios_platforms((facts.system[0], facts.system[1]), multiarch)
        case "emscripten" if facts.system:
            return pyodide_platforms(facts.system[0])
        case _:  # Windows, the BSDs: their one tag is the platform's own name
            return iter((facts.platform.lower().replace("-", "_").replace(".", "_"),))


def _linux_platforms(facts: Facts, libc: tuple[str, int, int], architecture: str) -> Iterator[str]:
    name, major, minor = libc
    if name == "musl":
        return musllinux_platforms((major, minor), architecture)
    if facts.manylinux is False:
        return iter((f"linux_{architecture}",))
    return manylinux_platforms((major, minor), architecture)


def _linux_architecture(machine: str, bits: int) -> str:
    """Return the architecture of the Python, which a 64-bit kernel does not tell."""
    if bits == 32 and machine == "x86_64":
        return "i686"
    if bits == 32 and machine in ("aarch64", "armv8l"):
        return "armv7l"
    return machine


def _android_architecture(machine: str) -> str:
    """Return the architecture of "android-24-arm64_v8a" or "linux-aarch64"."""
    abi = machine.rpartition("-")[2]
    return {"arm64_v8a": "aarch64", "armeabi_v7a": "armv7l", "x86": "i686"}.get(abi, abi)
