"""examples/docker: each Dockerfile built as it stands there, from the web application's folder, and run."""

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterator

import pytest

from support.container_lab import WITHOUT_SHELL, Images, lab, need_lab
from support.pyz import CHECKOUT, shared_pyz

pytestmark = [pytest.mark.container, pytest.mark.index]

EXAMPLES = CHECKOUT / "examples"
#: What the application says of itself, and what else is in the image.
TELL = """\
import json, os, shutil, sys
import fastapi, pydantic_core, webapp.service
tops = {os.path.dirname(os.path.dirname(each.__file__)) for each in (fastapi, pydantic_core)}
left = [path for path in ("/siteroot", "/siteroot.tar.gz", "/sources", "/app/uv.lock") if os.path.exists(path)]
service = webapp.service.make_service()
print(json.dumps([sorted(tops), service.title, left, sys.prefix == sys.base_prefix, shutil.which("sh")]))
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    need_lab()
    context = tmp_path_factory.mktemp("context")
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(EXAMPLES / "webapp" / name, context)
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(EXAMPLES / "webapp" / "src", context / "src", ignore=unwanted)
    shutil.copy(shared_pyz(tmp_path_factory), context / "siteroot.pyz")
    images = Images(context, f"localhost/siteroot-examples-{os.getpid()}:latest")
    yield images
    lab("rmi", "--force", images.tag)


def dockerfile(name: str) -> str:
    return (EXAMPLES / "docker" / f"{name}.Dockerfile").read_text("utf-8")


def test_a_file_in_the_context(images: Images) -> None:
    images.build(dockerfile("file"))
    told = json.loads(images.run("python3", "-c", TELL))
    assert told == [["/app/pkgs"], "webapp", [], True, "/usr/bin/sh"]
    assert images.run("/app/pkgs/bin/uvicorn", "--version").startswith("Running uvicorn")


def test_a_stage_makes_the_file_from_sources_that_are_pinned(images: Images) -> None:
    archive = images.context / "siteroot-0.1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as out:
        for name in ("src", "tools", "scripts", "pyproject.toml", "uv.lock", "README.md"):
            out.add(CHECKOUT / name, f"siteroot-0.1.0/{name}")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    images.build(dockerfile("stage"), "--build-arg", f"SITEROOT_SHA256={digest}")
    told = json.loads(images.run("python3", "-c", TELL))
    assert told == [["/app/pkgs"], "webapp", [], True, "/usr/bin/sh"]
    archive.write_bytes(archive.read_bytes() + b"\0")
    path = images.context / "Dockerfile"
    words = ("--no-cache", "--build-arg", f"SITEROOT_SHA256={digest}")
    other = lab("build", str(images.context), str(path), images.tag, *words)
    assert other.returncode != 0
    assert "/siteroot.tar.gz: FAILED" in other.stdout + other.stderr


def test_an_image_without_a_shell(images: Images) -> None:
    final = Images(images.context, f"localhost/siteroot-without-shell-{os.getpid()}:latest")
    final.build(WITHOUT_SHELL)
    try:
        words = ("--build-arg", f"FINAL_IMAGE={final.tag}", "--build-arg", "PYTHON=3.12")
        images.build(dockerfile("distroless"), *words)
        told = json.loads(images.run("python3", "-c", TELL))
        assert told == [["/app/pkgs"], "webapp", [], True, None]
    finally:
        lab("rmi", "--force", images.tag, final.tag)
