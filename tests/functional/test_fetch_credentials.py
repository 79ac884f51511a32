"""Who is told which password, and that nobody else is."""

import itertools
import os
import stat
import sys
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from siteroot.index.failures import NotFoundError, RefusedError
from siteroot.index.options import FetchOptions
from siteroot.model.event import Warned
from siteroot.model.settings import IndexSetting
from support.fetching import Desk, ask_for, make_file
from support.http_server import Answer, Server, serve_folder

USER, PASSWORD = "ann", "hunter2:w\u00e9@/"
QUOTED = "hunter2%3Aw%C3%A9%40%2F"
CONTENT = os.urandom(20_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "served"
    (folder / "pypi" / "files").mkdir(parents=True)
    (folder / "files").mkdir()
    (folder / "files" / "a.whl").write_bytes(CONTENT)
    (folder / "pypi" / "files" / "a.whl").write_bytes(CONTENT)
    with serve_folder(folder, login=(USER, PASSWORD)) as running:
        yield running


def logins(server: Server) -> list[str | None]:
    """Return what was sent with each request, as user:password."""
    sent = [seen.headers.get("authorization") for seen in server.requests]
    return [b64decode(text.removeprefix("Basic ")).decode() if text else None for text in sent]


def write_netrc(folder: Path, text: str) -> str:
    path = folder / "netrc"
    path.write_text(text)
    return str(path)


def write_keyring(folder: Path, entries: dict[tuple[str, str], str]) -> dict[str, str]:
    """Make a `keyring` command that knows these (service, user) and keeps a log; return its environment."""
    command = folder / "bin" / "keyring"
    command.parent.mkdir()
    command.write_text(
        f"#!{sys.executable}\n"
        "import os, sys\n"
        f"open({str(folder / 'keyring.log')!r}, 'a').write(repr((sys.argv[1:], dict(os.environ))) + '\\n')\n"
        f"entries = {entries!r}\n"
        "service, rest = sys.argv[2], sys.argv[3:]\n"
        "if rest == ['--mode', 'creds']:\n"
        "    found = [(u, p) for (s, u), p in entries.items() if s == service]\n"
        "    print(*found[0], sep='\\n') if found else sys.exit(1)\n"
        "else:\n"
        "    print(entries[service, rest[0]]) if (service, rest[0]) in entries else sys.exit(1)\n"
    )
    command.chmod(stat.S_IRWXU)
    return {"PATH": f"{command.parent}:/usr/bin:/bin", "PYTHONPATH": "/evil", "PYTHONUTF8": "1"}


def test_those_of_the_url_go_with_the_first_request(server: Server, tmp_path: Path) -> None:
    url = server.url.replace("//", f"//{USER}:{QUOTED}@")
    Desk(tmp_path).fetch(ask_for(f"{url}/files/a.whl", CONTENT))
    assert logins(server) == [f"{USER}:{PASSWORD}"]


def test_those_of_an_index_url_go_to_its_files_at_once(server: Server, tmp_path: Path) -> None:
    url = server.url.replace("//", f"//{USER}:{QUOTED}@")
    options = FetchOptions(indexes=(IndexSetting(url=f"{url}/pypi/simple/"),))
    Desk(tmp_path, options).fetch(ask_for(f"{server.url}/pypi/files/a.whl", CONTENT))
    assert logins(server) == [f"{USER}:{PASSWORD}"]


def test_those_of_an_index_serve_its_host_after_a_refusal(server: Server, tmp_path: Path) -> None:
    url = server.url.replace("//", f"//{USER}:{QUOTED}@")
    options = FetchOptions(indexes=(IndexSetting(url=f"{url}/pypi/simple/"),))
    desk = Desk(tmp_path, options)
    with desk.fetcher as fetcher:
        for _ in range(2):
            fetcher.fetch(ask_for(f"{server.url}/files/a.whl", CONTENT), str(desk.landed))
    # refused, then let in, then known
    assert logins(server) == [None, f"{USER}:{PASSWORD}", f"{USER}:{PASSWORD}"]


def test_variables_win_over_an_index_url(server: Server, tmp_path: Path) -> None:
    variables = {"UV_INDEX_X_USERNAME": USER, "UV_INDEX_X_PASSWORD": PASSWORD}
    url = server.url.replace("//", "//wrong:wrong@")
    options = FetchOptions(
        indexes=(IndexSetting(name="x", url=f"{url}/simple"),), variables=variables
    )
    Desk(tmp_path, options).fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == [f"{USER}:{PASSWORD}"]


@pytest.mark.parametrize("family", ["UV", "SITEROOT"])
def test_variables_name_an_indexs_login(server: Server, tmp_path: Path, family: str) -> None:
    variables = {
        f"{family}_INDEX_MY_INDEX_2_USERNAME": USER,
        f"{family}_INDEX_MY_INDEX_2_PASSWORD": PASSWORD,
    }
    index = IndexSetting(name="my-index.2", url=f"{server.url}/simple")
    options = FetchOptions(indexes=(index,), variables=variables)
    Desk(tmp_path, options).fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == [f"{USER}:{PASSWORD}"]


def test_our_own_variables_win(server: Server, tmp_path: Path) -> None:
    variables = {
        "UV_INDEX_X_USERNAME": "wrong",
        "UV_INDEX_X_PASSWORD": "wrong",
        "SITEROOT_INDEX_X_USERNAME": USER,
        "SITEROOT_INDEX_X_PASSWORD": PASSWORD,
    }
    index = IndexSetting(name="x", url=f"{server.url}/simple")
    options = FetchOptions(indexes=(index,), variables=variables)
    Desk(tmp_path, options).fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == [f"{USER}:{PASSWORD}"]


def test_netrc_is_asked_after_a_refusal(server: Server, tmp_path: Path) -> None:
    netrc = write_netrc(tmp_path, f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    Desk(tmp_path, FetchOptions(netrc=netrc)).fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == [None, f"{USER}:{PASSWORD}"]


def test_netrc_is_not_asked_where_nobody_refuses(tmp_path: Path) -> None:
    content = make_file(tmp_path / "a.whl", 100)
    netrc = write_netrc(tmp_path, f"default login {USER} password {PASSWORD}\n")
    with serve_folder(tmp_path) as server:
        Desk(tmp_path, FetchOptions(netrc=netrc)).fetch(ask_for(f"{server.url}/a.whl", content))
        assert logins(server) == [None]


@pytest.mark.parametrize(
    "text",
    [
        f"machine 127.0.0.1 login {USER} secretword {PASSWORD}",
        f"machine 127.0.0.1 login {USER} password {PASSWORD}\nnonsense {PASSWORD}",
        "\xff\xfe",
    ],
)
def test_a_broken_netrc_is_told_without_its_words(
    server: Server, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "netrc"
    path.write_bytes(text.encode("latin-1"))
    desk = Desk(tmp_path, FetchOptions(netrc=str(path)))
    with pytest.raises(RefusedError):
        desk.fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    warned = desk.reporter.of(Warned)
    assert len(warned) == 1
    assert "hunter2" not in desk.told
    assert "secretword" not in desk.told


@pytest.mark.parametrize("status", [403, 404])
def test_some_indexes_hide_behind_other_answers(
    server: Server, tmp_path: Path, status: int
) -> None:
    server.login = None
    server.script("/files/a.whl", Answer(status=status, body=b"no"))
    netrc = write_netrc(tmp_path, f"machine 127.0.0.1 login {USER} password {PASSWORD}")
    Desk(tmp_path, FetchOptions(netrc=netrc)).fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == [None, f"{USER}:{PASSWORD}"]


def test_a_username_alone_gets_its_password_from_the_keyring(
    server: Server, tmp_path: Path
) -> None:
    index = f"{server.url.replace('//', f'//{USER}@')}/simple"
    variables = write_keyring(tmp_path, {(f"{server.url}/simple", USER): PASSWORD})
    options = FetchOptions(
        indexes=(IndexSetting(url=index),), keyring_provider="subprocess", variables=variables
    )
    Desk(tmp_path, options).fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == [f"{USER}:{PASSWORD}"]
    assert "/evil" not in (tmp_path / "keyring.log").read_text()


def test_an_index_that_says_always_is_asked_with_the_keyrings_login(
    server: Server, tmp_path: Path
) -> None:
    host = server.url.removeprefix("http://")
    options = FetchOptions(
        indexes=(IndexSetting(url=f"{server.url}/simple", authenticate="always"),),
        keyring_provider="subprocess",
        variables=write_keyring(tmp_path, {(host, USER): PASSWORD}),
    )
    desk = Desk(tmp_path, options)
    count = itertools.count()
    with desk.fetcher as fetcher:
        fetcher.fetch_many(
            [ask_for(f"{server.url}/files/a.whl", CONTENT)] * 6,
            lambda fetching: fetching.into(str(tmp_path / str(next(count)))),
        )
    assert set(logins(server)) == {f"{USER}:{PASSWORD}"}
    # the URL, then the host, each once however many files there are
    assert len((tmp_path / "keyring.log").read_text().splitlines()) == 2


def test_the_keyring_is_not_asked_without_need_or_name(server: Server, tmp_path: Path) -> None:
    options = FetchOptions(
        keyring_provider="subprocess", variables=write_keyring(tmp_path, {}), retries=0
    )
    with pytest.raises(RefusedError, match="the keyring"):
        Desk(tmp_path, options).fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert not (tmp_path / "keyring.log").exists()


def test_a_keyring_that_is_absent_is_told(server: Server, tmp_path: Path) -> None:
    index = f"{server.url.replace('//', f'//{USER}@')}/simple"
    options = FetchOptions(
        indexes=(IndexSetting(url=index),),
        keyring_provider="subprocess",
        variables={"PATH": str(tmp_path)},
    )
    desk = Desk(tmp_path, options)
    with pytest.raises(RefusedError):
        desk.fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert any("keyring could not be asked" in w.text for w in desk.reporter.of(Warned))  # type: ignore[union-attr]


def test_the_keyring_distribution_is_asked(server: Server, tmp_path: Path) -> None:
    keyring = pytest.importorskip("keyring")
    backend = pytest.importorskip("keyring.backend")

    class Ring(backend.KeyringBackend):  # type: ignore[misc, name-defined]
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return PASSWORD if (service, username) == (f"{server.url}/simple", USER) else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        index = IndexSetting(url=f"{server.url.replace('//', f'//{USER}@')}/simple")
        options = FetchOptions(indexes=(index,), keyring_provider="import")
        Desk(tmp_path, options).fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    finally:
        keyring.set_keyring(before)
    assert logins(server) == [f"{USER}:{PASSWORD}"]


def test_an_index_that_says_never_is_asked_without(server: Server, tmp_path: Path) -> None:
    netrc = write_netrc(tmp_path, f"machine 127.0.0.1 login {USER} password {PASSWORD}")
    index = IndexSetting(url=f"{server.url}/simple", authenticate="never")
    options = FetchOptions(indexes=(index,), netrc=netrc)
    with pytest.raises(RefusedError, match='authenticate = "never"'):
        Desk(tmp_path, options).fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == [None]


def test_credentials_of_an_index_that_says_never_stay_unused(
    server: Server, tmp_path: Path
) -> None:
    url = server.url.replace("//", f"//{USER}:{QUOTED}@")
    index = IndexSetting(url=f"{url}/simple", authenticate="never")
    desk = Desk(tmp_path, FetchOptions(indexes=(index,)))
    with pytest.raises(RefusedError):
        desk.fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == [None]
    assert len(desk.reporter.of(Warned)) == 1
    assert "hunter2" not in desk.told


def test_an_index_that_says_always_is_not_asked_without(server: Server, tmp_path: Path) -> None:
    index = IndexSetting(name="x", url=f"{server.url}/simple", authenticate="always")
    with pytest.raises(RefusedError, match="index `x` says"):
        Desk(tmp_path, FetchOptions(indexes=(index,))).fetch(ask_for(f"{server.url}/x", CONTENT))
    assert server.requests == []


def test_a_refusal_says_what_was_sent_and_where_was_looked(server: Server, tmp_path: Path) -> None:
    url = server.url.replace("//", "//eve:letmein@")
    netrc = write_netrc(tmp_path, "machine 127.0.0.1 login eve password letmein2")
    index = IndexSetting(name="x", url=f"{url}/simple")
    desk = Desk(tmp_path, FetchOptions(indexes=(index,), netrc=netrc))
    with pytest.raises(RefusedError) as caught:
        desk.fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == ["eve:letmein", "eve:letmein2"]
    text = f"{caught.value} {caught.value.hints}"
    assert f"with the credentials of {netrc}" in text
    assert "index `x`" in text
    assert "401 Unauthorized" in text
    assert "letmein" not in text + desk.told


@pytest.mark.parametrize("kind", ["url", "index", "netrc"])
def test_no_credential_goes_to_another_host(server: Server, tmp_path: Path, kind: str) -> None:
    """Another port is another server; the one that is redirected to asks for a password too."""
    secret = server.url.replace("//", f"//{USER}:{QUOTED}@")
    netrc = None
    if kind == "netrc":
        # by host alone, as netrc has it: so the other one has to be another name
        netrc = write_netrc(tmp_path, f"machine 127.0.0.1 login {USER} password {PASSWORD}")
    index = IndexSetting(url=f"{secret if kind == 'index' else server.url}/simple")
    options = FetchOptions(indexes=(index,), netrc=netrc)
    with serve_folder(login=(USER, PASSWORD)) as other:
        server.redirect(
            "/moved", f"{other.url.replace('127.0.0.1', 'localhost')}/a.whl?X-Sig=s3cret"
        )
        desk = Desk(tmp_path, options)
        with pytest.raises(RefusedError, match="redirected to") as caught:
            desk.fetch(ask_for(f"{secret if kind == 'url' else server.url}/moved", CONTENT))
        assert logins(server)[-1] == f"{USER}:{PASSWORD}"
        assert logins(other) == [None]
        text = f"{caught.value} {caught.value.hints} {desk.told}"
        assert not any(word in text for word in ("hunter2", "s3cret", USER + ":"))


def test_credentials_stay_for_a_redirect_on_the_same_host(server: Server, tmp_path: Path) -> None:
    server.redirect("/moved", "/files/a.whl")
    url = server.url.replace("//", f"//{USER}:{QUOTED}@")
    Desk(tmp_path).fetch(ask_for(f"{url}/moved", CONTENT))
    assert logins(server) == [f"{USER}:{PASSWORD}"] * 2


def test_an_index_speaks_for_whole_folders_only(server: Server, tmp_path: Path) -> None:
    """A neighbour whose name merely begins alike is not sent the password at once."""
    server.login = None
    url = server.url.replace("//", f"//{USER}:{QUOTED}@")
    options = FetchOptions(indexes=(IndexSetting(url=f"{url}/py/simple"),))
    Desk(tmp_path, options).fetch(ask_for(f"{server.url}/pypi/files/a.whl", CONTENT))
    assert logins(server) == [None]


def test_two_indexes_on_one_host_each_have_their_own(server: Server, tmp_path: Path) -> None:
    server.login = None
    ours, theirs = (server.url.replace("//", f"//{name}:pw@") for name in ("ours", "theirs"))
    indexes = (IndexSetting(url=f"{ours}/simple"), IndexSetting(url=f"{theirs}/pypi/simple"))
    desk = Desk(tmp_path, FetchOptions(indexes=indexes))
    desk.fetch(ask_for(f"{server.url}/pypi/files/a.whl", CONTENT))
    desk.fetch(ask_for(f"{server.url}/files/a.whl", CONTENT))
    assert logins(server) == ["theirs:pw", "ours:pw"]


def test_what_is_not_there_is_not_there_for_anyone(server: Server, tmp_path: Path) -> None:
    url = server.url.replace("//", f"//{USER}:{QUOTED}@")
    with pytest.raises(NotFoundError) as caught:
        Desk(tmp_path).fetch(ask_for(f"{url}/files/none.whl", CONTENT))
    assert "hunter2" not in f"{caught.value}{caught.value.hints}"
