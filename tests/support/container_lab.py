"""Real images, built and run without a daemon or a registry: container-lab.sh."""

import os
import subprocess
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
