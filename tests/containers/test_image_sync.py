"""A real Dockerfile of uv's, with siteroot.pyz in uv's place, in a real container."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.container_lab import LAB, lab, need_lab, root_in_layers
from support.ground import build_versions
from support.projects import make_project
from support.pyz import shared_pyz

pytestmark = [pytest.mark.container, pytest.mark.index]

EXAMPLE = LAB.parent / "examples" / "image-sync"

#: All that changes in the Dockerfile: the stage that brings the tool, its mounts, the command, where the venv was.
CHANGES = {
    "FROM ghcr.io/astral-sh/uv:${UV} AS uv\n": "FROM scratch AS siteroot\nCOPY siteroot.pyz /siteroot\n",
    "--mount=from=uv,source=/uv,target=/uv ": "--mount=from=siteroot,source=/siteroot,target=/siteroot ",
    "/uv sync ": "/siteroot sync --target pkgs ",
    "WORKDIR /app\n": "WORKDIR /app\nENV PYTHONPATH=/app/pkgs\n",
}
HEAD = """\
FROM scratch AS siteroot
COPY siteroot.pyz /siteroot.pyz

FROM docker.io/library/python:3.12-slim AS final
ENV PYTHONUNBUFFERED=1
ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
"""
SYNC = """\
RUN --mount=from=siteroot,source=/siteroot.pyz,target=/siteroot \\
	--mount=type=bind,source=uv.lock,target=uv.lock \\
	--mount=type=bind,source=pyproject.toml,target=pyproject.toml \\
	--mount=type=cache,id=@CACHE@,target=/uv-cache,mode=0777,sharing=shared \\
	\\
	/siteroot sync -v --link-mode=copy --cache-dir=/uv-cache --frozen --no-install-project@MORE@ --target pkgs

ENV PYTHONPATH=/app/pkgs
"""
LOCAL = """\
RUN --mount=from=siteroot,source=/siteroot.pyz,target=/siteroot \\
	--mount=type=bind,source=@NAME@,target=@NAME@ \\
	--mount=type=bind,source=wheels,target=/wheels \\
	/siteroot sync --link-mode=copy --no-cache --frozen --project @NAME@ --target pkgs
ENV PYTHONPATH=/app/pkgs
"""


@dataclass(frozen=True)
class Whole:
    """An image that was built twice: what the builds printed, and the root's layers of each."""

    tag: str
    printed: list[str]
    layers: list[list[tuple[str, dict[str, object]]]]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with the archive in it, and without its Dockerfile."""
    need_lab()
    folder = tmp_path_factory.mktemp("context")
    for name in ("pyproject.toml", "uv.lock", "README.md"):
        shutil.copyfile(EXAMPLE / name, folder / name)
    shutil.copytree(EXAMPLE / "src", folder / "src", copy_function=shutil.copy)
    for path in (folder / "src").rglob("*"):  # the shared examples may be read-only
        path.chmod(path.stat().st_mode | 0o200)
    shutil.copy(shared_pyz(tmp_path_factory), folder / "siteroot.pyz")
    return folder


@pytest.fixture
def tag() -> Iterator[str]:
    name = f"localhost/siteroot-test-{os.getpid()}:latest"
    yield name
    lab("rmi", "--force", name)


def build(context: Path, tag: str, dockerfile: str, *words: str) -> str:
    path = context / "Dockerfile"
    path.write_text(dockerfile)
    built = lab("build", str(context), str(path), tag, "--no-cache", *words)
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    return built.stdout + built.stderr


def first_step(cache: str, more: str = "") -> str:
    return SYNC.replace("@CACHE@", cache).replace("@MORE@", more)


def test_a_second_step_changes_a_root_that_lies_in_a_lower_layer(
    context: Path, tag: str, tmp_path: Path
) -> None:
    name = f"siteroot-test-{os.getpid()}"
    second = first_step(name, " --no-install-package numpy").replace(
        "/siteroot sync", "/siteroot sync --exact"
    )
    build(context, tag, HEAD + first_step(name) + second, "--timestamp", "0")
    *_, (_, below), (_, above) = root_in_layers(tag, tmp_path / "oci")
    assert "app/pkgs/numpy/__init__.py" in below
    assert ".wh.numpy" in {os.path.basename(entry) for entry in above}
    assert not [entry for entry in above if "/pydantic/" in entry or ".siteroot/" in entry]
    started = lab(
        "run", tag, "python3", "-c", "import pydantic, os; print(sorted(os.listdir('/app/pkgs')))"
    )
    assert started.returncode == 0, started.stderr
    assert "'numpy'" not in started.stdout
    assert "'.siteroot'" not in started.stdout
    again = lab("run", tag, "python3", "-c", "import numpy")
    assert "No module named 'numpy'" in again.stderr


def whole_dockerfile(cache: str) -> str:
    """Return the example's Dockerfile with nothing but CHANGES, and a cache mount of its own."""
    text = (EXAMPLE / "Dockerfile").read_text("utf-8")
    for old, new in CHANGES.items():
        assert old in text
        text = text.replace(old, new)
    return text.replace("type=cache,", f"type=cache,id={cache},")


@pytest.fixture(scope="module")
def whole(context: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """The image of both steps, built twice."""
    name = f"siteroot-whole-{os.getpid()}"
    tag = f"localhost/{name}:latest"
    dockerfile = whole_dockerfile(name)
    printed, layers = [], []
    for _ in ("a cold cache mount", "a hot one"):
        for path in (context / "src").rglob("*"):
            os.utime(path)  # as a fresh clone has its own times
        printed.append(build(context, tag, dockerfile, "--timestamp", "0"))
        layers.append(root_in_layers(tag, tmp_path_factory.mktemp("oci") / "oci"))
    yield Whole(tag, printed, layers)
    lab("rmi", "--force", tag)


def test_both_steps_run_and_twice_give_the_same_layers(whole: Whole) -> None:
    assert all(" + censored==0.1.0 (from file:///app)" in printed for printed in whole.printed)
    assert whole.layers[0] == whole.layers[1]
    dependencies, project = [entries for _, entries in whole.layers[0] if entries]
    assert len(dependencies) > 500
    assert "app/pkgs/numpy/__init__.py" in dependencies
    assert not [path for path in dependencies if "censored" in path]
    assert {path.split("/")[2] for path in project if path.count("/") > 1} == {
        "bin", "censored", "censored-0.1.0.dist-info", ".siteroot.json",
    }  # fmt: skip


def test_what_both_steps_made_runs_and_is_no_virtual_environment(whole: Whole) -> None:
    tag = whole.tag
    started = lab("start", tag, "--selftest", "--json")
    assert started.returncode == 0, started.stderr
    facts = json.loads(started.stdout)
    assert facts["venv"] is False
    assert {package["root"] for package in facts["packages"]} == {"/app/pkgs"}
    assert facts["selftest"] == {"path": "/a", "norm": 13.0, "yaml_compiled": True}
    left = lab("run", tag, "sh", "-c", "ls -A /app; cd /; /app/pkgs/bin/censored --version")
    assert left.stdout == "pkgs\ncensored, version 0.1.0\n", left.stderr


def tar_of_root(tag: str) -> str:
    """Return the digest of the root's sorted tar, owner 0, as the image's own tar makes it."""
    words = "tar --sort=name --owner=0 --group=0 --numeric-owner -C /app/pkgs -cf - . | sha256sum"
    done = lab("run", tag, "sh", "-c", words)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[0]


def test_an_upgrade_in_a_second_step_is_the_fresh_root(
    context: Path, tag: str, tmp_path: Path
) -> None:
    """The old root lies in the lower layer: files change and go, folders become files, a distribution goes."""
    versions = build_versions(context / "wheels")
    steps = {}
    for name in ("more", "two"):
        project = make_project(context / name, versions[name])
        lock = project / "uv.lock"
        lock.write_text(lock.read_text().replace(f"file://{context}/wheels/", "file:///wheels/"))
        steps[name] = LOCAL.replace("@NAME@", name)
    build(context, tag, HEAD + steps["more"] + steps["two"])
    *_, (_, below), (_, above) = root_in_layers(tag, tmp_path / "oci")
    upgraded = tar_of_root(tag)
    started = lab("run", tag, "python3", "-c", "import demo, top; print(demo.V, top.T)")
    assert (started.returncode, started.stdout) == (0, "2 2\n"), started.stderr
    assert "app/pkgs/demo/old.py" in below
    assert below["app/pkgs/demo/__init__.py"] != above["app/pkgs/demo/__init__.py"]
    assert "app/pkgs/demo/.wh.old.py" in above
    assert not [path for path in above if "/other" in path or "/.siteroot/" in path]
    build(context, tag, HEAD + steps["two"])
    assert tar_of_root(tag) == upgraded
    (whole,) = [entries for _, entries in root_in_layers(tag, tmp_path / "oci") if entries]
    for path, entry in above.items():  # times, too: each is what the fresh root's layer has
        if "/.wh." not in path:
            assert entry == whole[path], path
