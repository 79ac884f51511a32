"""Real images, built and run without a daemon or a registry: container-lab.sh."""

import io
import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from .pyz import CHECKOUT

LAB = Path(
    os.environ.get("SITEROOT_CONTAINER_LAB") or CHECKOUT.parent / "shared" / "container-lab.sh"
).resolve()
#: Stands for the image that no registry gives us here: a Python, and nothing that could be a shell.
WITHOUT_SHELL = """\
FROM docker.io/library/python:3.12-slim
RUN ["python3", "-c", "import os; [os.remove(f'{d}/{n}') for d in ('/bin', '/usr/bin') for n in ('sh', 'bash', 'dash') if os.path.lexists(f'{d}/{n}')]"]
ENTRYPOINT ["python3"]
"""


def lab(*words: str) -> subprocess.CompletedProcess[str]:
    """Return what the lab did."""
    return subprocess.run(
        ["bash", str(LAB), *words], capture_output=True, text=True, check=False, timeout=240
    )


def need_lab() -> None:
    """Skip where no images can be built, and say why."""
    if not LAB.is_file():
        pytest.skip("no container lab: SITEROOT_CONTAINER_LAB names container-lab.sh")
    checked = lab("check")
    if checked.returncode:
        pytest.skip(checked.stdout.strip() or checked.stderr.strip())


def root_in_layers(tag: str, folder: Path) -> list[tuple[str, dict[str, object]]]:
    """Return each layer's diff_id with its entries of the root: type, mode, time, owner and content."""
    shutil.rmtree(folder, ignore_errors=True)
    saved = lab("save", tag, str(folder))
    assert saved.returncode == 0, saved.stderr
    blobs = folder / "blobs" / "sha256"

    def blob(digest: str) -> Path:
        return blobs / digest.removeprefix("sha256:")

    index = json.loads((folder / "index.json").read_bytes())
    manifest = json.loads(blob(index["manifests"][0]["digest"]).read_bytes())
    config = json.loads(blob(manifest["config"]["digest"]).read_bytes())
    layers = []
    for diff_id, layer in zip(config["rootfs"]["diff_ids"], manifest["layers"], strict=True):
        entries: dict[str, object] = {}
        with tarfile.open(fileobj=io.BytesIO(blob(layer["digest"]).read_bytes())) as archive:
            for member in archive:
                if not member.name.startswith("app/pkgs"):
                    continue
                file = archive.extractfile(member) if member.isreg() else None
                entries[member.name] = (
                    member.type,
                    member.mode,
                    member.mtime,
                    (member.uid, member.gid),
                    member.linkname,
                    file.read() if file else None,
                )
        layers.append((diff_id, entries))
    return layers


@dataclass
class Images:
    """Builds images of one context, and runs them."""

    context: Path
    tag: str

    def build(self, dockerfile: str, *words: str) -> None:
        """Build; words go to `buildah build`."""
        path = self.context / "Dockerfile"
        path.write_text(dockerfile)
        built = lab("build", str(self.context), str(path), self.tag, "--no-cache", *words)
        assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]

    def run(self, *words: str) -> str:
        """Return what a command prints in the image, the image's own where there is none."""
        done = lab("run", self.tag, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()
