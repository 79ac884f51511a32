"""One file, over real sockets, from servers that are slow, broken, lying or gone."""

import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from siteroot.errors import IntegrityError, SourceError
from siteroot.index.address import UnusableUrlError
from siteroot.index.failures import (
    NotFoundError,
    OfflineError,
    UnexpectedAnswerError,
    UnreachableError,
)
from siteroot.index.options import FetchOptions
from siteroot.index.redirect import RedirectError
from siteroot.index.sink import WrongDigestError, WrongSizeError
from siteroot.model.digest import Digest
from siteroot.model.event import FetchAdvanced, FetchFinished, FetchStarted, Note
from support.fetching import Desk, ask_for, make_file
from support.http_server import Answer, Server, serve_folder

SIZE = 300_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "served"
    folder.mkdir()
    with serve_folder(folder) as running:
        yield running


@pytest.fixture
def content(server: Server) -> bytes:
    assert server.folder is not None
    return make_file(server.folder / "a.whl", SIZE)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_file_comes_whole(server: Server, content: bytes, desk: Desk) -> None:
    fetched = desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.landed.read_bytes() == content
    assert (fetched.sha256, fetched.size) == (hashlib.sha256(content).hexdigest(), SIZE)
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_nothing_need_be_known_of_a_file(server: Server, content: bytes, desk: Desk) -> None:
    desk.fetch(ask_for(f"{server.url}/a.whl", None))
    assert desk.landed.read_bytes() == content


def test_events_add_up_to_the_file(server: Server, content: bytes, desk: Desk) -> None:
    server.script("/a.whl", Answer(cut_at=200_000), Answer(status=500, body=b""))
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.reporter.of(FetchStarted) == [
        FetchStarted(name="acme", version="1.0", size=SIZE, host="127.0.0.1")
    ]
    advanced = [e.count for e in desk.reporter.events if isinstance(e, FetchAdvanced)]
    assert sum(advanced) == SIZE
    assert desk.reporter.events[-1] == FetchFinished(name="acme", failed=False)


@pytest.mark.parametrize("cut", [0, 1, 4096, 150_000, SIZE - 1])
@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_is_resumed_where_it_happened(
    server: Server, content: bytes, desk: Desk, cut: int, *, reset: bool
) -> None:
    server.script("/a.whl", Answer(cut_at=cut, reset=reset))
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.landed.read_bytes() == content
    asked = server.asked("/a.whl")
    assert len(asked) == 2
    if cut and not reset:
        assert asked[1].headers["range"] == f"bytes={cut}-"
        assert asked[1].headers["if-range"].startswith('"')


def test_a_server_that_cuts_each_answer_serves_in_the_end(
    server: Server, desk: Desk, tmp_path: Path
) -> None:
    large = make_file(tmp_path / "served" / "large.whl", 8 * SIZE)
    server.script("/large.whl", *[Answer(cut_at=SIZE)] * 7)
    desk.fetch(ask_for(f"{server.url}/large.whl", large))
    assert desk.landed.read_bytes() == large
    assert len(server.asked("/large.whl")) == 8


@pytest.mark.parametrize("known", ["ranges", "validators"])
def test_a_server_without_ranges_or_validators_starts_anew(
    tmp_path: Path, desk: Desk, known: str
) -> None:
    content = make_file(tmp_path / "b.whl", SIZE)
    with serve_folder(
        tmp_path, ranges=known != "ranges", validators=known != "validators"
    ) as server:
        server.script("/b.whl", Answer(cut_at=1000))
        desk.fetch(ask_for(f"{server.url}/b.whl", content))
        assert desk.landed.read_bytes() == content
        assert ("range" in server.requests[1].headers) is (known == "ranges")


def test_a_file_that_changes_in_between_comes_whole(
    server: Server, content: bytes, desk: Desk
) -> None:
    old = bytes(SIZE)
    server.script("/a.whl", Answer(cut_at=1000, body=old, headers={"ETag": '"old"'}))
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.landed.read_bytes() == content


@pytest.mark.parametrize(
    "lie",
    [
        Answer(status=206, headers={"Content-Range": f"bytes 0-999/{SIZE}"}, body=b"x" * 1000),
        Answer(status=206, headers={"Content-Range": f"bytes 1000-{SIZE}/{SIZE + 1}"}, body=b""),
        Answer(status=206, headers={"Content-Range": "bananas"}, body=b"x" * 1000),
        Answer(status=206, body=b"x" * 1000),
        Answer(status=416, body=b""),
        Answer(
            status=206,
            headers={"Content-Range": f"bytes 1000-{SIZE - 1}/{SIZE}"},
            body=b"x" * (SIZE - 1000),
        ),
        Answer(
            status=206,
            headers={"Content-Range": f"bytes 1000-{SIZE - 1}/*"},
            body=b"x" * SIZE,
            chunked=True,
        ),
    ],
)
def test_lies_about_a_range_end_in_a_new_start(
    server: Server, content: bytes, desk: Desk, lie: Answer
) -> None:
    server.script("/a.whl", Answer(cut_at=1000), lie)
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.landed.read_bytes() == content
    assert "range" not in server.asked("/a.whl")[-1].headers


def test_a_part_of_the_rest_is_gone_on_from(server: Server, content: bytes, desk: Desk) -> None:
    server.script(
        "/a.whl",
        Answer(cut_at=1000),
        Answer(
            status=206,
            headers={"Content-Range": f"bytes 1000-1999/{SIZE}"},
            body=content[1000:2000],
        ),
    )
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.landed.read_bytes() == content
    assert server.asked("/a.whl")[2].headers["range"] == "bytes=2000-"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_faults_that_pass_are_waited_for(
    server: Server, content: bytes, desk: Desk, status: int
) -> None:
    server.script("/a.whl", *[Answer(status=status, body=b"later")] * 3)
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert len(server.asked("/a.whl")) == 4
    assert desk.clock.slept > 1.7  # 0.25 + 0.5 + 1.0 at least
    assert any(f"answered {status}" in e.text for e in desk.reporter.events if isinstance(e, Note))
    assert len({seen.connection for seen in server.requests}) == 1


def test_retry_after_is_waited_for(server: Server, content: bytes, desk: Desk) -> None:
    server.script("/a.whl", Answer(status=429, headers={"Retry-After": "30"}, body=b""))
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.clock.slept == pytest.approx(30, abs=0.1)


def test_who_asks_to_wait_too_long_is_given_up(server: Server, content: bytes, desk: Desk) -> None:
    server.script("/a.whl", Answer(status=429, headers={"Retry-After": "9999"}, body=b""))
    with pytest.raises(UnreachableError, match="429 Too Many Requests; tried once") as caught:
        desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert "9999" in caught.value.hints[0]


def test_what_does_not_pass_is_told_with_all_there_is_to_know(
    server: Server, content: bytes, desk: Desk
) -> None:
    server.script("/a.whl", *[Answer(status=503, body=b"")] * 9)
    with pytest.raises(UnreachableError) as caught:
        desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert str(caught.value) == (
        f"{server.url}/a.whl: acme==1.0 could not be fetched: "
        "the server answered 503 Service Unavailable; tried 4 times"
    )
    assert "UV_HTTP_RETRIES" in caught.value.hints[-1]
    assert not desk.landed.exists()
    assert desk.reporter.events[-1] == FetchFinished(name="acme", failed=True)


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_not_there_is_asked_for_once(
    server: Server, content: bytes, desk: Desk, status: int
) -> None:
    server.script("/a.whl", Answer(status=status, body=b"gone"))
    with pytest.raises(NotFoundError, match=f"acme==1.0 is not there.*{status}"):
        desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [201, 204, 206, 304, 399])
def test_an_answer_that_is_no_file(server: Server, content: bytes, desk: Desk, status: int) -> None:
    server.script("/a.whl", Answer(status=status, body=b""))
    with pytest.raises(UnexpectedAnswerError, match=str(status)):
        desk.fetch(ask_for(f"{server.url}/a.whl", content))


@pytest.mark.parametrize("status", [400, 409, 501])
def test_faults_that_last_are_not_asked_again(
    server: Server, content: bytes, desk: Desk, status: int
) -> None:
    server.script("/a.whl", Answer(status=status, body=b""))
    with pytest.raises(UnreachableError, match=f"{status}.*tried once"):
        desk.fetch(ask_for(f"{server.url}/a.whl", content))


def test_wrong_bytes_are_never_asked_again(server: Server, content: bytes, desk: Desk) -> None:
    server.script("/a.whl", Answer(body=bytes(SIZE)))
    with pytest.raises(WrongDigestError, match=hashlib.sha256(content).hexdigest()):
        desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert len(server.requests) == 1
    assert not desk.landed.exists()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("length", [0, 10, SIZE - 1, SIZE + 1, 3 * SIZE])
def test_a_wrong_size_is_never_asked_again(
    server: Server, content: bytes, desk: Desk, length: int, *, chunked: bool
) -> None:
    body = (content * 3)[:length]
    server.script("/a.whl", Answer(body=body, chunked=chunked))
    with pytest.raises(WrongSizeError, match=f"acme==1.0.*{SIZE}"):
        desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert len(server.requests) == 1
    assert not desk.landed.exists()


def test_an_answer_that_does_not_say_its_length_may_have_broken_off(
    server: Server, content: bytes, desk: Desk
) -> None:
    server.script(
        "/a.whl", Answer(body=content[:999], headers={"Content-Length": None}, cut_at=999)
    )
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.landed.read_bytes() == content


def test_a_chunked_answer_that_breaks_off_is_asked_again(
    server: Server, content: bytes, desk: Desk
) -> None:
    server.script("/a.whl", Answer(chunked=True, cut_at=50_000))
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.landed.read_bytes() == content


def test_a_web_page_instead_is_called_so(server: Server, content: bytes, desk: Desk) -> None:
    page = Answer(body=b"<html>log in", headers={"Content-Type": "text/html; charset=utf-8"})
    server.script("/a.whl", page)
    with pytest.raises(IntegrityError) as caught:
        desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert any("text/html" in hint for hint in caught.value.hints)


def test_an_encoded_body_is_not_decoded_silently(
    server: Server, content: bytes, desk: Desk
) -> None:
    server.script("/a.whl", Answer(body=bytes(SIZE), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(IntegrityError) as caught:
        desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert any("encoded (gzip)" in hint for hint in caught.value.hints)


def test_a_label_of_encoding_on_the_right_bytes_does_no_harm(
    server: Server, content: bytes, desk: Desk
) -> None:
    server.script("/a.whl", Answer(headers={"Content-Encoding": "gzip"}))
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.landed.read_bytes() == content


def test_silence_is_a_fault(server: Server, content: bytes, tmp_path: Path) -> None:
    server.script("/a.whl", Answer(pause=0.6), Answer(drip=0.6))
    desk = Desk(tmp_path, FetchOptions(timeout=0.2, retries=1))
    with pytest.raises(UnreachableError, match="silent for too long; tried 2 times"):
        desk.fetch(ask_for(f"{server.url}/a.whl", content))


def test_slow_is_no_fault(server: Server, content: bytes, tmp_path: Path) -> None:
    server.script("/a.whl", Answer(drip=0.01))
    desk = Desk(tmp_path, FetchOptions(timeout=0.2, retries=0))
    desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert desk.landed.read_bytes() == content


def test_nobody_there(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(UnreachableError, match="Connection refused; tried 4 times"):
        desk.fetch(ask_for(f"http://127.0.0.1:{port}/a.whl", b"x"))


def test_no_such_host(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FetchOptions(retries=0))
    with pytest.raises(UnreachableError, match="name cannot be resolved; tried once"):
        desk.fetch(ask_for("http://no-such-host.invalid/a.whl", b"x"))


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 2OO OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello",
        b"",
    ],
)
def test_not_http_at_all(tmp_path: Path, reply: bytes) -> None:
    desk = Desk(tmp_path, FetchOptions(retries=0, timeout=2))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=reply_once, args=(listener, reply))
        thread.start()
        with pytest.raises(SourceError, match=r"acme==1\.0 could not be fetched"):
            desk.fetch(ask_for(f"http://127.0.0.1:{listener.getsockname()[1]}/a.whl", b"x"))
        thread.join()


def reply_once(listener: socket.socket, reply: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(reply)


def test_redirects_are_followed(server: Server, content: bytes, desk: Desk) -> None:
    server.redirect("/old", "/older", 301)
    server.redirect("/older", "a.whl", 307)
    desk.fetch(ask_for(f"{server.url}/old", content))
    assert desk.landed.read_bytes() == content


def test_redirects_in_a_circle(server: Server, content: bytes, desk: Desk) -> None:
    server.redirect("/x", "/y")
    server.redirect("/y", "/x")
    with pytest.raises(RedirectError, match="in a circle"):
        desk.fetch(ask_for(f"{server.url}/x", content))
    assert len(server.requests) == 2


def test_redirects_without_end(server: Server, content: bytes, desk: Desk) -> None:
    for number in range(20):
        server.redirect(f"/{number}", f"/{number + 1}")
    with pytest.raises(RedirectError, match="more than 10"):
        desk.fetch(ask_for(f"{server.url}/0", content))
    assert len(server.requests) == 11


def test_a_redirect_that_fails_names_both_ends(server: Server, content: bytes, desk: Desk) -> None:
    server.redirect("/x", "/gone.whl?X-Signature=s3cret")
    with pytest.raises(NotFoundError) as caught:
        desk.fetch(ask_for(f"{server.url}/x", content))
    assert caught.value.where == f"{server.url}/x (redirected to {server.url}/gone.whl?…)"
    assert "s3cret" not in desk.told


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "https://[::1/"])
def test_redirects_to_nowhere(server: Server, content: bytes, desk: Desk, location: str) -> None:
    server.redirect("/x", location)
    with pytest.raises((RedirectError, UnusableUrlError)):
        desk.fetch(ask_for(f"{server.url}/x", content))


def test_offline_nothing_is_asked(server: Server, content: bytes, tmp_path: Path) -> None:
    desk = Desk(tmp_path, FetchOptions(offline=True))
    with pytest.raises(OfflineError, match=r"acme==1\.0 is not in the cache"):
        desk.fetch(ask_for(f"{server.url}/a.whl", content))
    assert server.requests == []
    assert "FetchStarted" not in desk.told


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}", "FILE://{}"])
def test_files_of_this_machine_come_offline_too(tmp_path: Path, form: str) -> None:
    content = make_file(tmp_path / "a b+1.whl", SIZE)
    path = str(tmp_path / "a b+1.whl")
    desk = Desk(tmp_path, FetchOptions(offline=True))
    location = form.format(path if form == "{}" else path.replace(" ", "%20"))
    fetched = desk.fetch(ask_for(location, content))
    assert desk.landed.read_bytes() == content
    assert fetched.sha256 == hashlib.sha256(content).hexdigest()


def test_files_of_this_machine_are_checked_too(tmp_path: Path, desk: Desk) -> None:
    content = make_file(tmp_path / "a.whl", 1000)
    path = str(tmp_path / "a.whl")
    with pytest.raises(WrongDigestError) as caught:
        desk.fetch(ask_for(path, bytes(1000)))
    assert "server" not in caught.value.hints[0]
    with pytest.raises(WrongSizeError):
        desk.fetch(ask_for(path, content, size=999))
    assert not desk.landed.exists()


@pytest.mark.parametrize(
    ("location", "kind", "words"),
    [
        ("/no/such/file.whl", NotFoundError, "no such file"),
        ("file:///no/such/file.whl", NotFoundError, "no such file"),
        ("file://elsewhere/a.whl", UnusableUrlError, "another host"),
        ("file:///a%00b", UnreachableError, "no path may"),
        ("/dev", UnreachableError, "no file"),
        ("/dev/zero", UnreachableError, "no file"),
        ("ftp://h/a.whl", UnusableUrlError, "`ftp`"),
        ("https:///a.whl", UnusableUrlError, "no host"),
        ("http://a b/a.whl", UnreachableError, "host is not the name of one"),
        (f"http://{'a' * 70}.test/a.whl", UnreachableError, "host is not the name of one"),
        ("nonsense", UnusableUrlError, "scheme"),
    ],
)
def test_locations_that_lead_nowhere(
    desk: Desk, location: str, kind: type[SourceError], words: str
) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        desk.fetch(ask_for(location, b"x"))
    assert not desk.landed.exists()


def test_each_digest_is_checked_and_the_last_attempt_counts(
    server: Server, content: bytes, desk: Desk
) -> None:
    request = ask_for(f"{server.url}/a.whl", content)
    both = (*request.digests, Digest("md5", hashlib.md5(content).hexdigest()))
    wrong = (*request.digests, Digest("md5", "0" * 32))
    server.script("/a.whl", Answer(cut_at=100_000))
    desk.fetch(replace(request, digests=both))
    with pytest.raises(WrongDigestError, match="md5"):
        desk.fetch(replace(request, digests=wrong))
