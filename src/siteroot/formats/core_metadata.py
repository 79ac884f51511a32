"""METADATA: the two fields of "Core metadata specifications" that say whose files a wheel holds."""

from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot.errors import IntegrityError
from siteroot.model.value import dataclass

from .headers import parse_headers


class CoreMetadataError(IntegrityError):
    """A METADATA does not say what distribution it describes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """Name (normalised) and version of a distribution."""

    name: str
    version: Version


def parse_core_metadata(text: str) -> CoreMetadata:
    """Return what the headers say; the rest of the file is not looked at.

    Raises CoreMetadataError where name or version is missing, doubled or invalid.
    """
    headers = parse_headers(text)
    name = _only(headers, "Name")
    version = _only(headers, "Version")
    try:
        parsed = Version(version)
    except ValueError:  # InvalidVersion, or a number of thousands of digits
        raise CoreMetadataError(f"METADATA's version {version[:80]!r} is invalid") from None
    try:
        return CoreMetadata(name=canonicalize_name(name, validate=True), version=parsed)
    except ValueError:
        raise CoreMetadataError(f"METADATA's name {name[:80]!r} is invalid") from None


def _only(headers: dict[str, tuple[str, ...]], key: str) -> str:
    values = headers.get(key.lower(), ())
    if len(values) != 1:
        raise CoreMetadataError(
            f"METADATA has {len(values)} fields {key}" if values else f"METADATA has no {key}"
        )
    return values[0].strip()
