"""RECORD: the files of a distribution, their digests and sizes ("Recording installed projects").

Knows the text, not the disk: whether a row's file is there, and is what the row says, is the reader's business.
"""

import csv
import io
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from contextlib import suppress

from siteroot.errors import IntegrityError

#: (path, algorithm, digest, size) as a RECORD says it; "" and b"" where it has no digest, None where it has no size.
RecordRow = tuple[str, str, bytes, int | None]

#: (path, sha256, size) as we write it; None for RECORD's own row.
RenderedRecordRow = tuple[str, bytes | None, int | None]

#: Digest lengths in bytes. "Binary distribution format" allows sha256 and better only.
DIGEST_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}

_NO_DIGEST = bytes(32)
_TO_URLSAFE = bytes.maketrans(b"+/", b"-_")
_TOLD = 5


class RecordError(IntegrityError):
    """A RECORD cannot be understood. `faults` are all that is wrong with it, by line."""

    def __init__(self, faults: tuple[str, ...], *, where: str | None = None) -> None:
        more = len(faults) - _TOLD
        told = "; ".join(faults[:_TOLD]) + (f"; and {more} more" if more > 0 else "")
        super().__init__(f"RECORD cannot be understood: {told}", where=where)
        self.faults = faults


def parse_record(text: str) -> tuple[RecordRow, ...]:
    """Return the rows in their order, blank lines aside.

    Raises RecordError, with all faults of the text at once.
    """
    rows: list[RecordRow] = []
    faults: list[str] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            faults.append(f"line {reader.line_num}: {error}")
            break  # where the next row begins is not known
        if fields is None:
            break
        if not fields:
            continue
        try:
            rows.append(_parse_row(fields))
        except ValueError as error:
            faults.append(f"line {reader.line_num}: {error}")
    if faults:
        raise RecordError(tuple(faults))
    return tuple(rows)


def own_record_paths(text: str) -> list[str]:
    """Return the paths, in their order, of a RECORD that is known to be one of ours (`render_record`).

    A root of 13,000 files has its RECORDs read whenever one distribution changes.
    """
    if '"' in text:
        return [row[0] for row in parse_record(text)]
    return [line.partition(",")[0] for line in text.split("\n") if line]


def _parse_row(fields: list[str]) -> RecordRow:
    if len(fields) != 3:
        raise ValueError(f"{len(fields)} fields in place of 3")
    path, digest, size = fields
    if not path:
        raise ValueError("no path")
    if size and not (size.isascii() and size.isdigit() and len(size) < 20):
        raise ValueError(f"{size[:40]!r} is no size")
    length = int(size) if size else None
    if not digest:
        return path, "", b"", length
    algorithm, _, value = digest.partition("=")
    expected = DIGEST_SIZES.get(algorithm)
    if expected is None:
        raise ValueError(f"the digest {digest[:40]!r} is not of sha256, sha384 or sha512")
    value = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = a2b_base64(value + "=" * (-len(value) % 4), strict_mode=True)
    except (Base64Error, ValueError):
        decoded = b""
    if len(decoded) != expected:
        raise ValueError(f"{digest[:100]!r} is no digest")
    return path, algorithm, decoded, length


def render_record(rows: Iterable[RenderedRecordRow]) -> bytes:
    """Return a RECORD with these rows, sorted by path, ending in LF.

    Rendered by hand, because what Python's csv module quotes differs between its versions.
    """
    ordered = sorted(rows)
    # all digests at once: of 33 bytes, the last of them zero, the first 43 characters are those of 32 alone
    padded = b"".join([(sha256 or _NO_DIGEST) + b"\0" for _, sha256, _ in ordered])
    digests = b2a_base64(padded, newline=False).translate(_TO_URLSAFE).decode()
    together = "".join([path for path, _, _ in ordered])
    crooked = any(sign in together for sign in '",\n\r')
    lines = []
    at = 0
    for path, sha256, size in ordered:
        written = _quoted(path) if crooked else path
        if sha256 is None or size is None:
            digest = "" if sha256 is None else f"sha256={digests[at : at + 43]}"
            lines.append(f"{written},{digest},{'' if size is None else size}\n")
        else:
            lines.append(f"{written},sha256={digests[at : at + 43]},{size}\n")
        at += 44
    return "".join(lines).encode("utf-8", "surrogateescape")


def parse_record_paths(text: str) -> tuple[str, ...]:
    """Return the paths alone, read kindly: for telling which files there may be, never for what is done to them."""
    rows = csv.reader(io.StringIO(text, newline=""))
    paths: list[str] = []
    with suppress(csv.Error):
        paths.extend(fields[0] for fields in rows if fields and fields[0])
    return tuple(paths)


def _quoted(path: str) -> str:
    if '"' in path or "," in path or "\n" in path or "\r" in path:
        return '"' + path.replace('"', '""') + '"'
    return path
