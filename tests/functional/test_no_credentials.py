"""No credential in anything that a command prints, keeps or makes: whole syncs, each way to say one, each way to fail.

After each command every byte of stdout, stderr, cache, root and project (the files that said it aside) is searched.
"""

import base64
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from support.desk import Desk, Done, make_desk
from support.http_server import Answer, Server, serve_folder, serve_proxy
from support.projects import make_project
from support.repositories import Repo
from support.sdists import source_files
from support.wheels import build_wheel

USER, PASSWORD = "ann.of.index", "s3cret:w\u00e9@rd"
WHEEL = "/demo-1.0-py3-none-any.whl"

#: The password as it could be printed: plain, in a URL, in a header, in parts.
FORMS = (
    PASSWORD,
    quote(PASSWORD, safe=""),
    quote(PASSWORD),
    base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
    base64.b64encode(f"{USER}:{PASSWORD}".encode("latin-1")).decode(),
    "s3cret",
)


@dataclass(frozen=True, slots=True)
class Said:
    """One way to say a credential: in the lock's URLs, in settings, in variables, in files at home.

    `code` is the exit code where the server answers rightly.
    """

    lock: str = "{plain}"
    settings: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    netrc: str = ""
    code: int = 0


WAYS = {
    "the lock's URLs": Said(lock="{login}", code=2),
    "a user in the lock, the rest in netrc": Said(
        lock="{named}", netrc="machine 127.0.0.1 login {user} password {password}", code=2
    ),
    "netrc": Said(netrc="machine 127.0.0.1 login {user} password {password}"),
    "a netrc that cannot be read": Said(
        netrc="machine 127.0.0.1 login {user} secret {password}", code=1
    ),
    "an index in settings": Said(
        settings='[[tool.uv.index]]\nname = "x"\nurl = "{login}/simple"\n',
    ),
    "variables of an index": Said(
        settings='[[tool.uv.index]]\nname = "x"\nurl = "{plain}/simple"\n',
        variables=(("UV_INDEX_X_USERNAME", "{user}"), ("UV_INDEX_X_PASSWORD", "{password}")),
    ),
    "our variables of an index": Said(
        settings='[[tool.uv.index]]\nname = "x"\nurl = "{plain}/simple"\n',
        variables=(
            ("SITEROOT_INDEX_X_USERNAME", "{user}"),
            ("SITEROOT_INDEX_X_PASSWORD", "{password}"),
        ),
    ),
    "a variable's index": Said(variables=(("UV_DEFAULT_INDEX", "{login}/simple"),)),
    "a mirror's URL": Said(
        lock="http://gone.test", words=("--mirror", "http://gone.test={login}/simple")
    ),
    "a mirror in a variable": Said(
        lock="http://gone.test", variables=(("SITEROOT_MIRROR", "http://gone.test={login}/simple"),)
    ),
    "a mirror whose page has logins in it": Said(
        lock="http://gone.test",
        settings='[tool.siteroot.mirrors]\n"http://gone.test" = "{login}/private"\n',
    ),
    "a broken setting beside it": Said(
        settings='[[tool.uv.index]]\nname = "x"\nurl = "{login}/simple"\nformat = "nonsense"\n',
        code=2,
    ),
    "an index without a host": Said(
        settings='[[tool.uv.index]]\nname = "x"\nurl = "http://{user}:{quoted}@/simple"\n',
        code=1,
    ),
}

#: What the server answers to whoever has the password; None is the file.
FAULTS: dict[str, Answer | None] = {
    "right": None,
    "401": Answer(status=401, body=b"who?"),
    "403": Answer(status=403, body=b"no"),
    "404": Answer(status=404, body=b"where?"),
    "500": Answer(status=500, body=b"ouch"),
    "cut": Answer(cut_at=50),
    "wrong bytes": Answer(body=b"PK not a wheel"),
    "round and round": Answer(status=302, headers={"Location": WHEEL}),
    "elsewhere": Answer(status=302, headers={"Location": "http://localhost:9/else"}),
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path / "home")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    (tmp_path / "wheels").mkdir()
    build_wheel(tmp_path / "wheels", "demo", "1.0", {"demo.bin": os.urandom(5000)})
    return tmp_path / "wheels"


@pytest.fixture
def server(wheels: Path) -> Iterator[Server]:
    with serve_folder(wheels, login=(USER, PASSWORD)) as made:
        yield made


def found_in(folder: Path, aside: tuple[Path, ...] = ()) -> list[str]:
    """Return the files below a folder that hold a form of the password, in their bytes or names."""
    forms = [form.encode(code) for form in FORMS for code in ("utf-8", "latin-1")]
    found = []
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(here, name)
            if path in aside:
                continue
            said = os.fsencode(name)
            if path.is_symlink():
                said += os.fsencode(os.readlink(path))
            elif path.is_file():
                said += path.read_bytes()
            found += [str(path)] if any(form in said for form in forms) else []
    return found


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("way", WAYS)
def test_no_credential_is_printed_or_kept(
    desk: Desk, server: Server, wheels: Path, way: str, fault: str
) -> None:
    said = WAYS[way]
    names = {
        "plain": server.url,
        "login": server.url.replace("//", f"//{USER}:{quote(PASSWORD, safe='')}@"),
        "named": server.url.replace("//", f"//{USER}@"),
        "user": USER,
        "password": PASSWORD,
        "quoted": quote(PASSWORD, safe=""),
    }
    project = make_project(
        wheels.parent / "project", wheels.iterdir(), settings=said.settings.format(**names)
    )
    lock = project / "uv.lock"
    lock.write_text(lock.read_text().replace(wheels.as_uri(), said.lock.format(**names)))
    if said.netrc:
        (desk.home / ".netrc").write_text(said.netrc.format(**names))
    for page, link in (("simple", f"../..{WHEEL}"), ("private", f"{names['login']}{WHEEL}")):
        server.always[f"/{page}/demo/"] = Answer(
            headers={"Content-Type": "text/html"}, body=f'<a href="{link}">demo</a>'.encode()
        )
    answer = FAULTS[fault]
    if answer is not None:
        server.always[WHEEL] = answer
    variables = {name: value.format(**names) for name, value in said.variables}
    variables["UV_HTTP_RETRIES"] = "0"
    own = [word.format(**names) for word in said.words]
    words = ("--python", sys.executable, "--target", "pkgs", *own)
    aside = (lock, project / "pyproject.toml", desk.home / ".netrc")
    code = None
    for more in (("--dry-run", "-vv"), ("--output-format", "json", "-v"), ()):
        done = desk.sync(*words, *more, cwd=project, variables=variables)
        code = done.code
        assert "Traceback" not in done.err
        for form in FORMS:
            assert form not in done.out
            assert form not in done.err
    assert code == (said.code or int(answer is not None))
    assert found_in(project, aside) == []
    assert found_in(desk.home, aside) == []


def pip(desk: Desk, *words: str, cwd: Path) -> Done:
    """Run a pip command, and search what it says, keeps and makes."""
    cache = ("--cache-dir", str(desk.home / "cache"))
    variables = {"UV_HTTP_RETRIES": "0", "GIT_CONFIG_GLOBAL": os.devnull}
    done = desk.run("pip", *words, *cache, "-v", cwd=cwd, variables=variables)
    assert "Traceback" not in done.err
    assert all(form not in done.out + done.err for form in FORMS), done.err
    assert found_in(desk.home) == []
    return done


@pytest.mark.parametrize("named", ["demo @ ", ""])
def test_no_credential_of_a_requirement_is_told_or_kept(
    desk: Desk, server: Server, wheels: Path, named: str
) -> None:
    login = server.url.replace("//", f"//{USER}:{quote(PASSWORD, safe='')}@")
    word, target = f"{named}{login}{WHEEL}", ("--python", sys.executable, "--target", "root")
    root = wheels.parent / "root"
    done = pip(desk, "install", word, *target, cwd=root.parent)
    assert (done.code, done.err.splitlines()[-1]) == (0, f" + demo==1.0 (from {server.url}{WHEEL})")
    url = json.loads((root / "demo-1.0.dist-info" / "direct_url.json").read_bytes())["url"]
    assert url == f"{server.url}{WHEEL}"
    assert found_in(root) == []
    assert "Checked 1 package" in pip(desk, "install", word, *target, cwd=root.parent).err
    gone = pip(desk, "uninstall", f"{login}{WHEEL}", *target, cwd=root.parent)
    assert (gone.code, gone.err.splitlines()[-1]) == (0, " - demo==1.0")


def test_no_credential_of_a_repository_is_told_or_kept(desk: Desk, tmp_path: Path) -> None:
    tree = Repo(tmp_path / "tree")
    commit = tree.commit(source_files("inner", "1.0", {"inner.py": ""}))
    (tmp_path / "served").mkdir()
    tree.git("clone", "--quiet", "--bare", ".", str(tmp_path / "served" / "r.git"))
    tree.git("-C", str(tmp_path / "served" / "r.git"), "update-server-info")
    with serve_folder(tmp_path / "served") as server:
        login = server.url.replace("//", f"//{USER}:{quote(PASSWORD, safe='')}@")
        words = (f"inner @ git+{login}/r.git@main", "--python", sys.executable, "--target", "root")
        done = pip(desk, "install", *words, cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.err.splitlines()[-1] == f" + inner==1.0 (from git+{server.url}/r.git@{commit})"
    assert found_in(tmp_path / "root") == []


@pytest.mark.parametrize("option", ["", "-e ", "-r ", "-c ", "-f ", "-i "])
@pytest.mark.parametrize(
    "word",
    [
        "http://u:s3cret@127.0.0.1:1/x",
        "u:s3cret@h:x",
        "git+u:s3cret@h:x",
        "git+https://u:s3cret@127.0.0.1:1/x.git",
        "git+ssh://u:s3cret@127.0.0.1:1/x.git",
        "hg+http://u:s3cret@127.0.0.1:1/x",
        "'a @ http://u:s3cret@127.0.0.1:1/x y'",
        "'a @ http://u:s3cret@[h/x'",
        "'a[b @ http://u:s3cret@127.0.0.1:1/'",
        "http://u:a/s3cret@127.0.0.1:1/x",
        "'http://u:a s3cret@127.0.0.1:1/x'",
    ],
)
def test_no_credential_of_a_word_is_told_where_it_makes_no_sense(
    desk: Desk, tmp_path: Path, option: str, word: str
) -> None:
    (tmp_path / "r.in").write_text(f"{option}{word if option else word.strip(chr(39))}\na\n")
    assert pip(desk, "compile", "r.in", "--no-build", cwd=tmp_path).code != 0
    if option in ("", "-e ", "-r ", "-c "):
        named = (*option.split(), word.strip("'"))
        assert pip(desk, "install", "a", *named, "--target", "t", cwd=tmp_path).code != 0


@pytest.mark.parametrize("right", [True, False])
def test_a_proxys_password_is_not_told_either(desk: Desk, wheels: Path, right: bool) -> None:
    with (
        serve_folder(wheels) as server,
        serve_proxy(login=(USER, PASSWORD if right else "other")) as proxy,
    ):
        project = make_project(wheels.parent / "project", wheels.iterdir())
        lock = project / "uv.lock"
        lock.write_text(lock.read_text().replace(wheels.as_uri(), server.url))
        address = proxy.url.replace("//", f"//{USER}:{quote(PASSWORD, safe='')}@")
        done = desk.sync(
            *("--python", sys.executable, "--target", "pkgs", "-vv"),
            cwd=project,
            variables={"HTTP_PROXY": address, "http_proxy": address, "UV_HTTP_RETRIES": "0"},
        )
    assert done.code == (0 if right else 1), done.err
    assert all(form not in done.err + done.out for form in FORMS)
    assert found_in(desk.home) == []
    assert found_in(project, (lock,)) == []
