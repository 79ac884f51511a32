"""Encrypted connections, and those through a proxy."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from siteroot.index.failures import NotFoundError, UnreachableError
from siteroot.index.hosts import Proxies
from siteroot.index.options import FetchOptions
from siteroot.index.redirect import RedirectError
from siteroot.index.tls import UnusableCertificateError
from siteroot.index.transport import UnusableProxyError
from siteroot.model.event import Warned
from support.certificates import Authority, make_authority
from support.fetching import Desk, ask_for
from support.http_server import Answer, serve_folder, serve_proxy

CONTENT = os.urandom(50_000)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    served = tmp_path / "served"
    served.mkdir()
    (served / "a.whl").write_bytes(CONTENT)
    return served


def test_an_authority_by_file(authority: Authority, folder: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path, FetchOptions(ssl_cert_file=str(authority.file)))
    with serve_folder(folder, context=authority.issue_server()) as server:
        server.script("/a.whl", Answer(cut_at=20_000), Answer(cut_at=20_000, reset=True))
        desk.fetch(ask_for(f"{server.url}/a.whl", CONTENT))
    assert desk.landed.read_bytes() == CONTENT


def test_an_authority_by_folder(authority: Authority, folder: Path, tmp_path: Path) -> None:
    hashed = tmp_path / "hashed"
    hashed.mkdir()
    name = subject_hash(authority.file)
    (hashed / f"{name}.0").write_bytes(authority.file.read_bytes())
    options = FetchOptions(ssl_cert_dir=f"{tmp_path / 'absent'}:{hashed}")
    desk = Desk(tmp_path, options)
    with serve_folder(folder, context=authority.issue_server()) as server:
        desk.fetch(ask_for(f"{server.url}/a.whl", CONTENT))
    assert [w.text.split(":")[0] for w in desk.reporter.events if isinstance(w, Warned)] == [
        "SSL_CERT_DIR is left out of account"
    ]


def subject_hash(certificate: Path) -> str:
    """Return the name that OpenSSL looks a certificate up by, as `openssl x509 -hash` has it."""
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(certificate)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_an_unknown_authority_is_refused(
    authority: Authority, folder: Path, tmp_path: Path
) -> None:
    desk = Desk(tmp_path)
    with (
        serve_folder(folder, context=authority.issue_server()) as server,
        pytest.raises(UnreachableError, match=r"not trusted.*tried once") as caught,
    ):
        desk.fetch(ask_for(f"{server.url}/a.whl", CONTENT))
    assert "SSL_CERT_FILE" in caught.value.hints[0]
    assert server.requests == []


def test_another_hosts_certificate_is_refused(
    authority: Authority, folder: Path, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, FetchOptions(ssl_cert_file=str(authority.file)))
    with (
        serve_folder(folder, context=authority.issue_server("elsewhere.example")) as server,
        pytest.raises(UnreachableError, match=r"not trusted.*127\.0\.0\.1.*tried once"),
    ):
        desk.fetch(ask_for(f"{server.url}/a.whl", CONTENT))


@pytest.mark.parametrize("port", [False, True])
def test_an_allowed_host_is_not_verified(
    authority: Authority, folder: Path, tmp_path: Path, *, port: bool
) -> None:
    with serve_folder(folder, context=authority.issue_server("elsewhere.example")) as server:
        host = f"127.0.0.1:{server.port}" if port else "127.0.0.1"
        desk = Desk(tmp_path, FetchOptions(allow_insecure_hosts=(host,)))
        desk.fetch(ask_for(f"{server.url}/a.whl", CONTENT))
        other = Desk(tmp_path, FetchOptions(allow_insecure_hosts=("127.0.0.1:1",)))
        with pytest.raises(UnreachableError, match="not trusted"):
            other.fetch(ask_for(f"{server.url}/a.whl", CONTENT))


def test_a_client_certificate(authority: Authority, folder: Path, tmp_path: Path) -> None:
    context = authority.issue_server(client_authority=authority)
    trusted = FetchOptions(ssl_cert_file=str(authority.file), retries=1)
    with serve_folder(folder, context=context) as server:
        with pytest.raises(UnreachableError) as refused:
            Desk(tmp_path, trusted).fetch(ask_for(f"{server.url}/a.whl", CONTENT))
        told = (
            f"{refused.value} {' '.join(refused.value.hints)}"  # whichever of the two comes first
        )
        assert "SSL_CLIENT_CERT" in told or "Connection reset" in told
        assert server.requests == []
        named = FetchOptions(
            ssl_cert_file=str(authority.file), ssl_client_cert=str(authority.issue_client())
        )
        Desk(tmp_path, named).fetch(ask_for(f"{server.url}/a.whl", CONTENT))
        assert len(server.requests) == 1


def test_certificates_are_read_only_where_a_connection_is_encrypted(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    desk = Desk(tmp_path, FetchOptions(ssl_cert_file=str(tmp_path / "empty.pem")))
    with serve_folder(folder) as server:
        desk.fetch(ask_for(f"{server.url}/a.whl", CONTENT))
    assert desk.landed.read_bytes() == CONTENT


def test_certificates_that_are_none(authority: Authority, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    with serve_folder(folder, context=authority.issue_server()) as server:
        request = ask_for(f"{server.url}/a.whl", CONTENT)
        with pytest.raises(UnusableCertificateError, match=r"empty\.pem"):
            Desk(tmp_path, FetchOptions(ssl_cert_file=str(tmp_path / "empty.pem"))).fetch(request)
        for options in (
            FetchOptions(ssl_cert_file=str(tmp_path / "absent.pem")),
            FetchOptions(ssl_client_cert=str(tmp_path / "empty.pem")),
            FetchOptions(ssl_client_cert=str(tmp_path / "absent.pem")),
        ):
            desk = Desk(tmp_path, options)
            with pytest.raises(UnreachableError, match="not trusted"):
                desk.fetch(request)
            assert len(desk.reporter.of(Warned)) == 1


def test_encrypted_connections_are_broken_off_too(
    authority: Authority, folder: Path, tmp_path: Path
) -> None:
    (folder / "b.whl").write_bytes(CONTENT)
    desk = Desk(tmp_path, FetchOptions(ssl_cert_file=str(authority.file), timeout=20))
    with serve_folder(folder, context=authority.issue_server()) as server:
        server.script("/a.whl", Answer(drip=5))
        server.script("/b.whl", Answer(status=404, pause=0.2, body=b""))
        requests = [ask_for(f"{server.url}/{name}.whl", CONTENT) for name in "ab"]
        start = time.monotonic()
        with desk.fetcher as fetcher, pytest.raises(NotFoundError):
            fetcher.fetch_many(requests, lambda fetching: fetching.into(str(desk.landed)))
        assert time.monotonic() - start < 3


def test_plain_http_on_a_tls_port(authority: Authority, folder: Path, tmp_path: Path) -> None:
    with serve_folder(folder) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(UnreachableError, match="TLS failed"):
            Desk(tmp_path, FetchOptions(retries=0)).fetch(ask_for(f"{url}/a.whl", CONTENT))


def test_no_redirect_from_https_to_http(authority: Authority, folder: Path, tmp_path: Path) -> None:
    with (
        serve_folder(folder) as plain,
        serve_folder(folder, context=authority.issue_server()) as server,
    ):
        server.redirect("/moved", f"{plain.url}/a.whl")
        request = ask_for(f"{server.url}/moved", CONTENT)
        trusted = str(authority.file)
        with pytest.raises(RedirectError, match="from https to plain http") as caught:
            Desk(tmp_path, FetchOptions(ssl_cert_file=trusted)).fetch(request)
        assert f"--allow-insecure-host 127.0.0.1:{plain.port}" in caught.value.hints[0]
        assert plain.requests == []
        allowed = FetchOptions(
            ssl_cert_file=trusted, allow_insecure_hosts=(f"127.0.0.1:{plain.port}",)
        )
        Desk(tmp_path, allowed).fetch(request)
        assert len(plain.requests) == 1


def test_plain_http_through_a_proxy(folder: Path, tmp_path: Path) -> None:
    with serve_folder(folder) as server, serve_proxy() as proxy:
        url = f"{server.url}/a.whl"
        desk = Desk(tmp_path, FetchOptions(proxies=Proxies(http=proxy.url)))
        desk.fetch(ask_for(url, CONTENT))
        assert [(seen.method, seen.path) for seen in proxy.requests] == [("GET", url)]
        assert len(server.requests) == 1


def test_https_through_a_proxy(authority: Authority, folder: Path, tmp_path: Path) -> None:
    with (
        serve_folder(folder, context=authority.issue_server()) as server,
        serve_proxy(login=("ann", "pa:ss@")) as proxy,
    ):
        through = proxy.url.replace("//", "//ann:pa%3Ass%40@")
        options = FetchOptions(ssl_cert_file=str(authority.file), proxies=Proxies(https=through))
        desk = Desk(tmp_path, options)
        url = server.url.replace("//", "//user:hunter2@")
        desk.fetch(ask_for(f"{url}/a.whl", CONTENT))
        assert [(seen.method, seen.path) for seen in proxy.requests] == [
            ("CONNECT", f"127.0.0.1:{server.port}")
        ]
        # each password stays with whom it is for
        assert "authorization" not in proxy.requests[0].headers
        assert "proxy-authorization" not in server.requests[0].headers
        assert "authorization" in server.requests[0].headers
    assert desk.landed.read_bytes() == CONTENT


def test_an_encrypted_proxy(authority: Authority, folder: Path, tmp_path: Path) -> None:
    with (
        serve_folder(folder, context=authority.issue_server()) as server,
        serve_proxy(context=authority.issue_server()) as proxy,
    ):
        options = FetchOptions(ssl_cert_file=str(authority.file), proxies=Proxies(https=proxy.url))
        desk = Desk(tmp_path, options)
        desk.fetch(ask_for(f"{server.url}/a.whl", CONTENT))
    assert desk.landed.read_bytes() == CONTENT


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_credentials(
    authority: Authority, folder: Path, tmp_path: Path, scheme: str
) -> None:
    context = authority.issue_server() if scheme == "https" else None
    with (
        serve_folder(folder, context=context) as server,
        serve_proxy(login=("ann", "letmein")) as proxy,
    ):
        through = proxy.url.replace("//", "//ann:hunter2@")
        options = FetchOptions(
            ssl_cert_file=str(authority.file), proxies=Proxies(http=through, https=through)
        )
        desk = Desk(tmp_path, options)
        with pytest.raises(UnreachableError, match=r"407.*tried once") as caught:
            desk.fetch(ask_for(f"{server.url}/a.whl", CONTENT))
        assert "hunter2" not in f"{caught.value}{caught.value.hints}{desk.told}"
        assert server.requests == []


def test_hosts_that_need_no_proxy(folder: Path, tmp_path: Path) -> None:
    with serve_folder(folder) as server:
        proxies = Proxies(http="http://127.0.0.1:1", bypass=("127.0.0.0/8",))
        Desk(tmp_path, FetchOptions(proxies=proxies)).fetch(ask_for(f"{server.url}/a.whl", CONTENT))
        assert len(server.requests) == 1


def test_a_proxy_that_is_not_there(tmp_path: Path) -> None:
    options = FetchOptions(proxies=Proxies(http="http://ann:hunter2@127.0.0.1:1"), retries=1)
    desk = Desk(tmp_path, options)
    with pytest.raises(UnreachableError, match=r"proxy.*Connection refused.*2 times") as caught:
        desk.fetch(ask_for("http://example.invalid/a.whl", CONTENT))
    assert "hunter2" not in f"{caught.value}{caught.value.hints}{desk.told}"


@pytest.mark.parametrize("proxy", ["socks5://ann:hunter2@h:1080", "http://", "http://h:port"])
def test_proxies_that_are_not_spoken(tmp_path: Path, proxy: str) -> None:
    desk = Desk(tmp_path, FetchOptions(proxies=Proxies(http=proxy)))
    with pytest.raises(UnusableProxyError) as caught:
        desk.fetch(ask_for("http://example.invalid/a.whl", CONTENT))
    assert "hunter2" not in f"{caught.value}{caught.value.hints}{desk.told}"
