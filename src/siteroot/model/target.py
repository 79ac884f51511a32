"""What a root is made for: an implementation, a version, a platform, and the interpreter that answers for them."""

from collections.abc import Mapping

from .value import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python on this machine, as its own `sysconfig` describes it. All paths are absolute."""

    executable: str
    version: str  # "3.12.1", pre-releases as PEP 440 writes them
    implementation: str  # sys.implementation.name: "cpython", "pypy"
    prefix: str
    base_prefix: str
    stdlib: tuple[str, ...]  # stdlib and platstdlib
    schemes: Mapping[
        str, str
    ]  # purelib, platlib, scripts, data, headers: the scheme that it installs with
    externally_managed: str | None  # its EXTERNALLY-MANAGED (PEP 668), None where it has none
    cache_tag: str = ""  # "cpython-312", in the names of its bytecode; "" where it knows none
    magic: int = 0  # the number that its bytecode begins with
    libraries: tuple[str, ...] = ()  # all that `site` adds to sys.path: Debian's are several

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual environment's."""
        return self.prefix != self.base_prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The environment that distributions are selected for.

    `markers` is a whole PEP 508 environment without `extra`. `tags` are wheel tags, best first, as
    "cp312-cp312-manylinux_2_28_x86_64" (PyPA "Platform compatibility tags").
    """

    implementation: str  # "cpython", "pypy"
    python: tuple[int, int]  # (3, 12)
    free_threaded: bool
    markers: Mapping[str, str]
    tags: tuple[str, ...]
    platform: str | None  # the name given with --python-platform, None where the interpreter's own
    interpreter: Interpreter | None  # None: made from names, no such interpreter was found

    @property
    def windows(self) -> bool:
        """Whether files have to suit Windows."""
        return self.markers["sys_platform"] == "win32"

    @property
    def case_blind(self) -> bool:
        """Whether the target's disks merge names that differ in case only."""
        return self.markers["sys_platform"] in ("win32", "darwin", "cygwin", "ios")

    @property
    def python_version(self) -> str:
        """The version as folders and PEP 508 name it."""
        return f"{self.python[0]}.{self.python[1]}"
