"""The Dockerfile that all this began with, with siteroot.pyz in uv's place: a requirements file piped into `pip install`."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.container_lab import LAB, lab, need_lab, root_in_layers
from support.pyz import shared_pyz

pytestmark = [pytest.mark.container, pytest.mark.index]

EXAMPLE = LAB.parent / "examples" / "image-requirements"

#: What of the example's Dockerfile is another: who brings the tool, its mounts, its name. The words stay, to the letter.
CHANGES = (
    ("FROM ghcr.io/astral-sh/uv:${UV} AS uv\n", "FROM scratch AS siteroot\nCOPY siteroot.pyz /siteroot\n"),
    ("--mount=from=uv,source=/uv,target=/uv", "--mount=from=siteroot,source=/siteroot,target=/siteroot"),
    ("\t/uv pip install ", "\t/siteroot pip install "),
)  # fmt: skip


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with the archive in it, and its Dockerfile changed."""
    need_lab()
    folder = tmp_path_factory.mktemp("image") / "context"
    shutil.copytree(EXAMPLE, folder)
    shutil.copy(shared_pyz(tmp_path_factory), folder / "siteroot.pyz")
    (folder / "siteroot.pyz").chmod(0o755)
    dockerfile = (folder / "Dockerfile").read_text()
    for old, new in CHANGES:
        assert dockerfile.count(old) == 1, old
        dockerfile = dockerfile.replace(old, new)
    cache = f"type=cache,id=siteroot-requirements-{os.getpid()},"  # one of its own, cold at first
    (folder / "Dockerfile").write_text(dockerfile.replace("type=cache,", cache))
    return folder


@pytest.fixture
def tag() -> Iterator[str]:
    name = f"localhost/siteroot-requirements-{os.getpid()}:latest"
    yield name
    lab("rmi", "--force", name)


def test_the_image_is_built_twice_with_equal_layers_and_its_application_runs(
    context: Path, tag: str, tmp_path: Path
) -> None:
    pins = [
        line.strip()
        for line in (context / "requirements.lock").read_text().splitlines()
        if "==" in line
    ]
    assert len(pins) > 5
    words = ("build", str(context), str(context / "Dockerfile"), tag, "--no-cache")
    layers = []
    for _ in ("a cold cache mount", "a hot one"):
        built = lab(*words, "--timestamp", "0")
        printed = built.stdout + built.stderr
        assert built.returncode == 0, printed[-4000:]
        assert all(f" + {pin}" in printed for pin in pins)
        assert f"Resolved {len(pins)} packages in " in printed
        layers.append(root_in_layers(tag, tmp_path / "oci"))
    assert layers[0] == layers[1]
    started = lab("start", tag, "--selftest")
    assert started.returncode == 0, started.stdout + started.stderr
    assert "/app/pkgs" in started.stdout
    left = lab("run", tag, "sh", "-c", "ls -a /app /app/pkgs; find / -xdev -name pyvenv.cfg")
    assert ".siteroot.json" in left.stdout.split()
    assert ".siteroot" not in left.stdout.split()
    assert "pyvenv.cfg" not in left.stdout
