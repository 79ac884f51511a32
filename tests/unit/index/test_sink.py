import errno
import hashlib
from pathlib import Path

import pytest

from siteroot.fs import Writer
from siteroot.index.sink import (
    Sink,
    UnknownDigestError,
    UnwritableError,
    WrongDigestError,
    WrongSizeError,
)
from siteroot.model.digest import HEX_LENGTHS, Digest

CONTENT = b"some bytes of a wheel"


def open_sink(path: Path, *digests: Digest, size: int | None = None) -> Sink:
    return Sink(str(path), digests=digests, size=size, label="acme==1.0", shown="https://h/x")


@pytest.mark.parametrize("algorithm", HEX_LENGTHS)
def test_every_algorithm_is_checked(tmp_path: Path, algorithm: str) -> None:
    right = hashlib.new(algorithm, CONTENT).hexdigest()
    with open_sink(tmp_path / "x", Digest(algorithm, right)) as sink:
        sink.write(CONTENT)
        assert sink.mismatch() is None
        sink.write(b".")
        assert isinstance(sink.mismatch(), WrongDigestError)


def test_one_wrong_digest_of_several_is_found(tmp_path: Path) -> None:
    right = Digest("sha256", hashlib.sha256(CONTENT).hexdigest())
    wrong = Digest("sha512", "0" * 128)
    with open_sink(tmp_path / "x", right, wrong) as sink:
        sink.write(CONTENT)
        fault = sink.mismatch()
    assert fault is not None
    assert "sha512" in fault.message


def test_too_many_bytes_are_noticed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with pytest.raises(WrongSizeError), open_sink(path, size=4) as sink:
        sink.write(b"12345")
    assert not path.exists()


def test_too_few_bytes_are_noticed_at_the_end(tmp_path: Path) -> None:
    with open_sink(tmp_path / "x", size=4) as sink:
        sink.write(b"123")
        assert isinstance(sink.mismatch(), WrongSizeError)


def test_a_new_start_forgets_everything(tmp_path: Path) -> None:
    with open_sink(tmp_path / "x", size=len(CONTENT)) as sink:
        sink.write(b"0123456789")
        sink.restart()
        sink.write(CONTENT)
        assert sink.mismatch() is None
    assert (tmp_path / "x").read_bytes() == CONTENT
    assert sink.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_an_unknown_algorithm_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownDigestError, match="crc32"):
        open_sink(tmp_path / "x", Digest("crc32", "00000000"))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnwritableError, match="No such file"):
        open_sink(tmp_path / "absent" / "x")


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    class FullDisk(Writer):
        __slots__ = ()

        @staticmethod
        def write(*_: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "x"
    with (
        pytest.raises(UnwritableError, match="No space left"),
        Sink(
            str(path), digests=(), size=None, label="acme==1.0", shown="u", writer=FullDisk()
        ) as sink,
    ):
        sink.write(CONTENT)
    assert not path.exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnwritableError):
        open_sink(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()
