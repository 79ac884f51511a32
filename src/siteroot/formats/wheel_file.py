"""WHEEL: the version of the wheel format, and where the wheel's root goes ("Binary distribution format")."""

import re

from siteroot.errors import IntegrityError
from siteroot.model.value import dataclass

from .headers import parse_headers

#: The format that this program knows. A greater minor version is a warning, a greater major one an error, says the spec.
KNOWN = (1, 0)

_VERSION = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})", re.ASCII)


class WheelFileError(IntegrityError):
    """A WHEEL file is broken, or of a format that this program does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelFile:
    """What a WHEEL file says."""

    version: tuple[int, int]
    purelib: bool

    @property
    def newer(self) -> bool:
        """Whether the wheel may hold what this program does not know."""
        return self.version > KNOWN


def parse_wheel_file(text: str) -> WheelFile:
    """Return what the text says. Raises WheelFileError."""
    headers = parse_headers(text)
    version = _only(headers, "Wheel-Version")
    match = _VERSION.fullmatch(version)
    if match is None:
        raise WheelFileError(f"the Wheel-Version {version[:80]!r} in WHEEL is no version")
    major, minor = int(match[1]), int(match[2])
    if major != KNOWN[0]:
        raise WheelFileError(f"Wheel-Version is {major}.{minor}, and only 1.x is known")
    purelib = _only(headers, "Root-Is-Purelib").lower()
    if purelib not in {"true", "false"}:
        raise WheelFileError(
            f"Root-Is-Purelib in WHEEL is {purelib[:80]!r}, neither true nor false"
        )
    return WheelFile(version=(major, minor), purelib=purelib == "true")


def _only(headers: dict[str, tuple[str, ...]], key: str) -> str:
    values = headers.get(key.lower(), ())
    if len(values) != 1:
        raise WheelFileError(
            f"WHEEL has {len(values)} fields {key}" if values else f"WHEEL has no {key}"
        )
    return values[0].strip()
