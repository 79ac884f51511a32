"""A digest of a file's bytes, as locks and RECORD name it."""

from .value import dataclass

#: Digest lengths in hexadecimal characters, by the algorithm's name in hashlib. Order: weakest first.
HEX_LENGTHS = {
    "md5": 32,
    "sha1": 40,
    "blake2b": 128,
    "sha224": 56,
    "sha256": 64,
    "sha384": 96,
    "sha512": 128,
}

_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")

#: The algorithms that are strong enough to trust a file by (ROOT.md 6).
STRONG = ("sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """An algorithm's name in hashlib and a lower-case hexadecimal digest."""

    algorithm: str
    hexadecimal: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hexadecimal}"

    @property
    def strong(self) -> bool:
        """Whether a file may be trusted by it."""
        return self.algorithm in STRONG


def read_digest(algorithm: str, hexadecimal: str) -> Digest:
    """Return a digest of one of the known algorithms. Raises ValueError with the reason where it is none."""
    length = HEX_LENGTHS[algorithm]
    if len(hexadecimal) != length or not _HEXADECIMAL.issuperset(hexadecimal):
        raise ValueError(
            f"names a {algorithm} of {len(hexadecimal)} characters that is none: it has {length} hexadecimal ones"
        )
    return Digest(algorithm, hexadecimal.lower())
