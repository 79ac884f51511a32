"""The words about servers and Pythons through whole syncs from real servers, each beside uv's outcome.

Each row is a way to say something: words, variables, settings in pyproject.toml; and siteroot's exit code. Where that
is 1, uv fails too, with 1 or 2: to it a 404 is a failure, a 500 or a refused connection is not.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.certificates import Authority, make_authority
from support.command import plain_variables
from support.desk import Desk, make_desk
from support.flags import HERE, parse_variables
from support.http_server import Server, serve_folder
from support.interpreters import need_pythons, need_uv, real_pythons
from support.projects import make_project
from support.wheels import build_wheel

Way = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Site:
    """A project whose one wheel lies on a server. Words in <> stand for what it has."""

    folder: Path
    server: Server
    authority: Authority

    def fill_in(self, text: str) -> str:
        """Return a row's text with the server's own names in it."""
        login = self.server.url.replace("//", "//ann:pw@")
        for word, meant in (
            ("<login>", f"{login}/simple"),
            ("<named>", f"{self.server.url.replace('//', '//ann@')}/simple"),
            ("<index>", f"{self.server.url}/simple"),
            ("<host>", f"127.0.0.1:{self.server.port}"),
            ("<authority>", str(self.authority.file)),
        ):
            text = text.replace(word, meant)
        return text


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def encrypted(tmp_path: Path, authority: Authority) -> Iterator[Site]:
    with serve_folder(_wheels(tmp_path), context=authority.issue_server()) as server:
        yield Site(tmp_path, server, authority)


@pytest.fixture
def private(tmp_path: Path, authority: Authority) -> Iterator[Site]:
    with serve_folder(_wheels(tmp_path), login=("ann", "pw")) as server:
        yield Site(tmp_path, server, authority)


def _wheels(folder: Path) -> Path:
    (folder / "wheels").mkdir()
    build_wheel(folder / "wheels", "demo", "1.0")
    return folder / "wheels"


def _project(site: Site, settings: str) -> Path:
    wheels = site.folder / "wheels"
    project = make_project(
        site.folder / "project", wheels.iterdir(), settings=site.fill_in(settings)
    )
    lock = project / "uv.lock"
    text = lock.read_text().replace("https://index.test/simple", f"{site.server.url}/simple")
    lock.write_text(text.replace(wheels.as_uri(), site.server.url))
    return project


def _ours(site: Site, way: Way, desk: Desk) -> int:
    words, variables, settings, _ = way
    done = desk.sync(
        *HERE, "--target", "pkgs", *site.fill_in(words).split(),
        cwd=_project(site, settings),
        variables={"UV_HTTP_RETRIES": "0", **parse_variables(site.fill_in(variables))},
    )  # fmt: skip
    assert (site.folder / "project" / "pkgs" / "demo.py").exists() is (done.code == 0)
    assert "pw" not in done.err
    return done.code


def _uvs(site: Site, way: Way) -> int:
    words, variables, settings, _ = way
    environ = {
        "UV_CACHE_DIR": str(site.folder / "uv-cache"),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_HTTP_RETRIES": "0",
        **parse_variables(site.fill_in(variables)),
    }
    command = [need_uv(), "sync", "--frozen", "-q", *HERE, *site.fill_in(words).split()]
    done = subprocess.run(
        command,
        cwd=_project(site, settings),
        env=plain_variables(site.folder, {"TMPDIR": str(site.folder), **environ}),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode


_TRUSTED = "SSL_CERT_FILE=<authority>"
ENCRYPTED: dict[str, Way] = {
    "an authority that nobody trusts": ("", "", "", 1),
    "SSL_CERT_FILE": ("", _TRUSTED, "", 0),
    "--allow-insecure-host": ("--allow-insecure-host 127.0.0.1", "", "", 0),
    "--allow-insecure-host with the port": ("--allow-insecure-host <host>", "", "", 0),
    "--allow-insecure-host of another": ("--allow-insecure-host files.test", "", "", 1),
    "--allow-insecure-host of another port": ("--allow-insecure-host 127.0.0.1:1", "", "", 1),
    "--allow-insecure-host twice": ("--allow-insecure-host a.test --allow-insecure-host 127.0.0.1", "", "", 0),
    "--trusted-host": ("--trusted-host 127.0.0.1", "", "", 0),
    "UV_INSECURE_HOST": ("", "UV_INSECURE_HOST=127.0.0.1", "", 0),
    "allow-insecure-host": ("", "", '[tool.uv]\nallow-insecure-host = ["127.0.0.1"]', 0),
    "--no-config hides allow-insecure-host": ("--no-config", "", '[tool.uv]\nallow-insecure-host = ["127.0.0.1"]', 1),
    "--system-certs, which do not have it": ("--system-certs", "", "", 1),
    "--system-certs with SSL_CERT_FILE": ("--system-certs", _TRUSTED, "", 0),
    "--no-system-certs with SSL_CERT_FILE": ("--no-system-certs", _TRUSTED, "", 0),
    "--native-tls": ("--native-tls", _TRUSTED, "", 0),
    "--no-native-tls": ("--no-native-tls", _TRUSTED, "", 0),
    "UV_SYSTEM_CERTS": ("", f"UV_SYSTEM_CERTS=1 {_TRUSTED}", "", 0),
    "UV_NATIVE_TLS": ("", f"UV_NATIVE_TLS=1 {_TRUSTED}", "", 0),
    "system-certs": ("", _TRUSTED, "[tool.uv]\nsystem-certs = true", 0),
    "native-tls": ("", _TRUSTED, "[tool.uv]\nnative-tls = true", 0),
    "--offline": ("--offline", _TRUSTED, "", 1),
    "--no-offline": ("--no-offline", f"UV_OFFLINE=1 {_TRUSTED}", "", 0),
    "--no-index": ("--no-index", _TRUSTED, "", 0),
    "no-index": ("", _TRUSTED, "[tool.uv]\nno-index = true", 0),
    "--find-links": ("--find-links ../wheels", _TRUSTED, "", 0),
    "-f": ("-f ../wheels", _TRUSTED, "", 0),
    "UV_FIND_LINKS": ("", f"UV_FIND_LINKS=../wheels {_TRUSTED}", "", 0),
    "find-links": ("", _TRUSTED, '[tool.uv]\nfind-links = ["../wheels"]', 0),
    "a proxy that is not there": ("", f"HTTPS_PROXY=http://127.0.0.1:1 {_TRUSTED}", "", 1),
    "NO_PROXY": ("", f"HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=127.0.0.1 {_TRUSTED}", "", 0),
    "https-proxy": ("", _TRUSTED, '[tool.uv]\nhttps-proxy = "http://127.0.0.1:1"', 1),
}  # fmt: skip

_PASSWORD = "UV_INDEX_PRIV_USERNAME=ann UV_INDEX_PRIV_PASSWORD=pw"
PRIVATE: dict[str, Way] = {
    "no login": ("", "", "", 1),
    "--index": ("--index <login>", "", "", 0),
    "--index with a name": ("--index priv=<index>", _PASSWORD, "", 0),
    "--index with another name": ("--index other=<index>", _PASSWORD, "", 1),
    "UV_INDEX": ("", "UV_INDEX=<login>", "", 0),
    "UV_INDEX with a name": ("", f"UV_INDEX=priv=<index> {_PASSWORD}", "", 0),
    "--default-index": ("--default-index <login>", "", "", 0),
    "--default-index with a name": ("--default-index priv=<index>", _PASSWORD, "", 0),
    "UV_DEFAULT_INDEX": ("", "UV_DEFAULT_INDEX=<login>", "", 0),
    "--index-url": ("--index-url <login>", "", "", 0),
    "-i": ("-i <login>", "", "", 0),
    "UV_INDEX_URL": ("", "UV_INDEX_URL=<login>", "", 0),
    "--extra-index-url": ("--extra-index-url <login>", "", "", 0),
    "UV_EXTRA_INDEX_URL": ("", "UV_EXTRA_INDEX_URL=<login>", "", 0),
    "[[tool.uv.index]]": ("", _PASSWORD, '[[tool.uv.index]]\nname = "priv"\nurl = "<index>"', 0),
    "[[tool.uv.index]], explicit": ("", _PASSWORD, '[[tool.uv.index]]\nname = "priv"\nurl = "<index>"\nexplicit = true', 0),
    "index-url": ("", "", '[tool.uv]\nindex-url = "<login>"', 0),
    "extra-index-url": ("", "", '[tool.uv]\nextra-index-url = ["<login>"]', 0),
    "--no-config hides index-url": ("--no-config", "", '[tool.uv]\nindex-url = "<login>"', 1),
    "--keyring-provider without a keyring": ("--keyring-provider subprocess --index <named>", "", "", 1),
    "--keyring-provider disabled": ("--keyring-provider disabled --index <named>", "PATH=<keyring>", "", 1),
    "--keyring-provider": ("--keyring-provider subprocess --index <named>", "PATH=<keyring>", "", 0),
    "UV_KEYRING_PROVIDER": ("--index <named>", "UV_KEYRING_PROVIDER=subprocess PATH=<keyring>", "", 0),
    "keyring-provider": ("--index <named>", "PATH=<keyring>", '[tool.uv]\nkeyring-provider = "subprocess"', 0),
}  # fmt: skip


def _with_keyring(site: Site, way: Way) -> Way:
    """Return the row with a PATH that has a `keyring` command which knows the password."""
    place = site.folder / "bin"
    place.mkdir(exist_ok=True)
    (place / "keyring").write_text('#!/bin/sh\n[ "$3" = ann ] && echo pw\n')
    (place / "keyring").chmod(0o755)
    words, variables, settings, code = way
    return words, variables.replace("<keyring>", f"{place}:/usr/bin:/bin"), settings, code


@pytest.mark.parametrize("name", ENCRYPTED)
def test_over_an_encrypted_connection(encrypted: Site, name: str) -> None:
    way = ENCRYPTED[name]
    assert _ours(encrypted, way, make_desk(encrypted.folder / "home")) == way[3]


@pytest.mark.uv
@pytest.mark.parametrize("name", ENCRYPTED)
def test_uv_over_an_encrypted_connection(encrypted: Site, name: str) -> None:
    assert bool(_uvs(encrypted, ENCRYPTED[name])) is bool(ENCRYPTED[name][3])


@pytest.mark.parametrize("name", PRIVATE)
def test_from_a_server_that_wants_a_login(private: Site, name: str) -> None:
    way = _with_keyring(private, PRIVATE[name])
    assert _ours(private, way, make_desk(private.folder / "home")) == way[3]


@pytest.mark.uv
@pytest.mark.parametrize("name", PRIVATE)
def test_uv_from_a_server_that_wants_a_login(private: Site, name: str) -> None:
    assert bool(_uvs(private, _with_keyring(private, PRIVATE[name]))) is bool(PRIVATE[name][3])


def test_our_own_variables_and_settings_say_the_same(encrypted: Site) -> None:
    desk = make_desk(encrypted.folder / "home")
    for variables, settings in (
        ("SITEROOT_INSECURE_HOST=127.0.0.1", ""),
        ("", '[tool.siteroot]\nallow-insecure-host = ["127.0.0.1"]'),
        (f"SITEROOT_SYSTEM_CERTS=1 {_TRUSTED}", ""),
        (_TRUSTED, "[tool.siteroot]\nsystem-certs = true"),
    ):
        assert _ours(encrypted, ("--reinstall", variables, settings, 0), desk) == 0


# -- which Python

MANAGED, OTHER, NEITHER = "managed", "on PATH", "none"
PYTHONS: dict[str, tuple[str, str, str, str]] = {
    "nothing said": ("", "", "", MANAGED),
    "--managed-python": ("--managed-python", "", "", MANAGED),
    "--no-managed-python": ("--no-managed-python", "", "", OTHER),
    "UV_MANAGED_PYTHON": ("", "UV_MANAGED_PYTHON=1", "", MANAGED),
    "UV_NO_MANAGED_PYTHON": ("", "UV_NO_MANAGED_PYTHON=1", "", OTHER),
    "--python-preference": ("--python-preference system", "", "", OTHER),
    "UV_PYTHON_PREFERENCE": ("", "UV_PYTHON_PREFERENCE=only-system", "", OTHER),
    "python-preference": ("", "", '[tool.uv]\npython-preference = "system"', OTHER),
    "the flag over the setting": ("--managed-python", "", '[tool.uv]\npython-preference = "only-system"', MANAGED),
    "the flag over the variable": ("--no-managed-python", "UV_MANAGED_PYTHON=1", "", OTHER),
    "--no-python-downloads": ("--no-python-downloads", "", "", MANAGED),
    "--managed-python of a version that is not": ("--managed-python --python 3.9", "", "", NEITHER),
    "--managed-python with a path": ("--managed-python --python OTHER", "", "", OTHER),
}  # fmt: skip


@pytest.mark.parametrize("who", ["siteroot", pytest.param("uv", marks=pytest.mark.uv)])
@pytest.mark.parametrize("name", PYTHONS)
def test_which_python_is_chosen(tmp_path: Path, name: str, who: str) -> None:
    """Two real ones: the older as uv would have installed it, the newer on the search path."""
    words, variables, settings, chosen = PYTHONS[name]
    older, newer = need_pythons(2)
    pythons = {MANAGED: older, OTHER: newer}
    minors = {path: f"{major}.{minor}" for (major, minor), path in real_pythons().items()}
    short = minors[older]
    managed = tmp_path / "pythons" / f"cpython-{short}.1-linux-x86_64-gnu" / "bin"
    for place, python in ((managed, older), (tmp_path / "bin", newer)):
        place.mkdir(parents=True)
        (place / f"python{minors[python]}").symlink_to(python)
        (place / "python3").symlink_to(python)
    project = make_project(tmp_path / "project", [], settings=settings)
    environ = {
        "PATH": str(tmp_path / "bin"),
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "pythons"),
        **parse_variables(variables),
    }
    said = words.replace("OTHER", newer).split()
    if who == "uv":
        command = [need_uv(), "sync", "--frozen", "--dry-run", "--offline", "--no-cache", *said]
        environ["UV_PYTHON_DOWNLOADS"] = "never"
        if "--no-python-downloads" in said:
            del environ["UV_PYTHON_DOWNLOADS"]
        done = subprocess.run(
            command,
            cwd=project,
            env=plain_variables(tmp_path, {"TMPDIR": str(tmp_path), **environ}),
            capture_output=True,
            text=True,
            check=False,
        )
        code, told = done.returncode, done.stderr
    else:
        answer = make_desk(tmp_path / "home").sync(
            "--target", "pkgs", "--dry-run", "-v", *said, cwd=project, variables=environ
        )
        code, told = answer.code, answer.err
    if chosen is NEITHER:
        assert code == 2
        assert "managed installations" in told or "among the Pythons that uv installed" in told
        return
    assert code == 0, told
    sign = {"uv": f"CPython {minors[pythons[chosen]]}.", "siteroot": _shown(chosen, name)}[who]
    assert sign in told, told


def _shown(chosen: str, name: str) -> str:
    """Return what siteroot says with -v of where it found the Python."""
    return (
        "given" if "with a path" in name else {MANAGED: "/pythons/cpython", OTHER: "/bin/"}[chosen]
    )
