"""uv as an oracle: the same settings send the same credentials with the same requests, and end alike."""

import hashlib
import os
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from siteroot.errors import SiterootError
from siteroot.index.options import FetchOptions
from siteroot.model.settings import IndexSetting
from support.fetching import Desk, ask_for
from support.http_server import Answer, Server, serve_folder
from support.wheels import build_wheel

UV = os.environ.get("UV_ORACLE") or shutil.which("uv")
pytestmark = [
    pytest.mark.uv,
    pytest.mark.skipif(UV is None, reason="there is no uv: neither UV_ORACLE nor PATH has one"),
]

NETRC = "machine 127.0.0.1 login ann password pw"
VARIABLES = {"UV_INDEX_PRIV_USERNAME": "ann", "UV_INDEX_PRIV_PASSWORD": "pw"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An index (its login and path), a file's folder on the same server, and what the server does."""

    login: str = ""
    simple: str = "pypi/simple"
    folder: str = "pypi/files"
    authenticate: str = "auto"
    variables: Mapping[str, str] = field(default_factory=dict)
    netrc: str = ""
    private: bool = True
    answers: tuple[int, ...] = ()


CASES = {
    "index url": Case(login="ann:pw@"),
    "index url, file elsewhere on the host": Case(login="ann:pw@", folder="files"),
    "index url that only begins alike": Case(login="ann:pw@", simple="py/simple", private=False),
    "variables": Case(variables=VARIABLES),
    "variables over the index url": Case(login="bad:bad@", variables=VARIABLES),
    "netrc": Case(netrc=NETRC),
    "netrc after 403": Case(netrc=NETRC, private=False, answers=(403,)),
    "netrc after 404": Case(netrc=NETRC, private=False, answers=(404,)),
    "netrc of another host": Case(netrc=NETRC.replace("127.0.0.1", "localhost")),
    "netrc by default": Case(netrc=NETRC.replace("machine 127.0.0.1", "default")),
    "never, with netrc": Case(authenticate="never", netrc=NETRC),
    "never, with an index url": Case(authenticate="never", login="ann:pw@"),
    "never, open": Case(authenticate="never", login="ann:pw@", private=False),
    "never, file elsewhere": Case(authenticate="never", netrc=NETRC, folder="files"),
    "always, with nothing": Case(authenticate="always"),
    "always, with netrc": Case(authenticate="always", netrc=NETRC),
    "nothing": Case(),
    "nothing needed": Case(private=False),
    "not there": Case(private=False, answers=(404,)),
    "one fault that passes": Case(private=False, answers=(503,)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_as_uv_does(case: Case, tmp_path: Path) -> None:
    (tmp_path / "served" / case.folder).mkdir(parents=True)
    wheel = build_wheel(tmp_path / "served" / case.folder, "acme", "1.0", {"acme.py": b"x = 1\n"})
    (tmp_path / "netrc").write_text(case.netrc)
    login = ("ann", "pw") if case.private else None
    seen = []
    for run in (run_uv, run_ours):
        with serve_folder(tmp_path / "served", login=login) as server:
            server.script(
                f"/{case.folder}/{wheel.name}", *(Answer(status=n, body=b"") for n in case.answers)
            )
            seen.append((run(case, server, wheel, tmp_path), logins(server)))
    assert seen[0] == seen[1]


def logins(server: Server) -> list[str]:
    sent = [seen.headers.get("authorization", "") for seen in server.requests]
    return [b64decode(text.removeprefix("Basic ")).decode() for text in sent]


def run_ours(case: Case, server: Server, wheel: Path, folder: Path) -> bool:
    options = FetchOptions(
        indexes=(
            IndexSetting(name="priv", url=index_url(case, server), authenticate=case.authenticate),
        ),
        variables=case.variables,
        netrc=str(folder / "netrc"),
    )
    location = f"{server.url}/{case.folder}/{wheel.name}"
    try:
        Desk(folder, options).fetch(ask_for(location, wheel.read_bytes()))
    except SiterootError:
        return False
    return True


def run_uv(case: Case, server: Server, wheel: Path, folder: Path) -> bool:
    project = folder / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.11"\n'
        'dependencies = ["acme"]\n[[tool.uv.index]]\nname = "priv"\ndefault = true\n'
        f'url = "{index_url(case, server)}"\nauthenticate = "{case.authenticate}"\n'
    )
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (project / "uv.lock").write_text(
        'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n'
        '[[package]]\nname = "acme"\nversion = "1.0"\n'
        f'source = {{ registry = "{server.url}/{case.simple}" }}\n'
        f'wheels = [{{ url = "{server.url}/{case.folder}/{wheel.name}", hash = "sha256:{digest}" }}]\n'
        '[[package]]\nname = "app"\nversion = "0"\nsource = { virtual = "." }\n'
        'dependencies = [{ name = "acme" }]\n'
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "NETRC": str(folder / "netrc"),
        "UV_CACHE_DIR": str(folder / "cache"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        **case.variables,
    }
    assert UV is not None
    command = [UV, "sync", "--frozen", "--quiet"]
    return subprocess.run(command, cwd=project, env=environment, check=False).returncode == 0


def index_url(case: Case, server: Server) -> str:
    return f"{server.url.replace('//', f'//{case.login}')}/{case.simple}"
