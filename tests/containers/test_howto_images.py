"""The Dockerfiles of the how-to page, built as they stand there, and run."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.http_server import serve_folder
from support.projects import make_project
from support.pyz import CHECKOUT, make_pyz
from support.wheels import build_wheel

pytestmark = pytest.mark.container

LAB = Path(
    os.environ.get("SITEROOT_CONTAINER_LAB") or CHECKOUT.parent / "shared" / "container-lab.sh"
).resolve()
PAGE = (CHECKOUT / "docs" / "howto" / "container-images.md").read_text("utf-8")
ONE, STAGES, DISTROLESS = re.findall(r"^```dockerfile\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
#: Stands for the image that no registry gives us here: a Python, and nothing that could be a shell.
WITHOUT_SHELL = """\
FROM docker.io/library/python:3.12-slim
RUN ["python3", "-c", "import os; [os.remove(f'{d}/{n}') for d in ('/bin', '/usr/bin') for n in ('sh', 'bash', 'dash') if os.path.lexists(f'{d}/{n}')]"]
ENTRYPOINT ["python3"]
"""


def lab(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(LAB), *words], capture_output=True, text=True, check=False, timeout=240
    )


@dataclass
class Images:
    """Builds images of one context, and runs them."""

    context: Path
    tag: str

    def build(self, dockerfile: str) -> None:
        path = self.context / "Dockerfile"
        path.write_text(dockerfile)
        built = lab("build", str(self.context), str(path), self.tag, "--no-cache")
        assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]

    def run(self, *words: str) -> str:
        done = lab("run", self.tag, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """A context with a project whose wheels lie behind a server of this machine."""
    if not LAB.is_file():
        pytest.skip("no container lab: SITEROOT_CONTAINER_LAB names container-lab.sh")
    checked = lab("check")
    if checked.returncode:
        pytest.skip(checked.stdout.strip() or checked.stderr.strip())
    context, wheels = (tmp_path_factory.mktemp(name) for name in ("context", "wheels"))
    points = "[console_scripts]\ndemo = demo:main\n"
    text = "def main():\n    print('demo runs')\n"
    wheel = build_wheel(wheels, "demo", "1.0", {"demo/__init__.py": text}, entry_points=points)
    make_project(context, [wheel], groups={"dev": []})
    (context / "src" / "app").mkdir(parents=True)
    (context / "src" / "app" / "__main__.py").write_text("import demo\n\nprint(demo.__file__)\n")
    make_pyz(context / "siteroot.pyz")
    images = Images(context, f"localhost/siteroot-howto-{os.getpid()}:latest")
    with serve_folder(wheels) as server:
        lock = context / "uv.lock"
        lock.write_text(lock.read_text().replace(wheels.as_uri(), server.url))
        yield images
    lab("rmi", "--force", images.tag)


def test_one_image(images: Images) -> None:
    images.build(ONE)
    assert images.run() == "/app/pkgs/demo/__init__.py"
    assert images.run("/app/pkgs/bin/demo") == "demo runs"
    assert images.run("python3", "-c", "import os; print(os.path.exists('/siteroot'))") == "False"


def test_several_stages(images: Images) -> None:
    images.build(STAGES)
    assert images.run("python3", "-c", "import demo; print(demo.__file__)").startswith("/opt/pkgs/")
    assert images.run("/opt/pkgs/bin/demo") == "demo runs"


def test_an_image_without_a_shell(images: Images) -> None:
    build = STAGES.split("\nFROM ")[0]
    images.build(f"{build}\n{re.sub(r'^FROM .*$', WITHOUT_SHELL, DISTROLESS, flags=re.MULTILINE)}")
    assert images.run() == "/opt/pkgs/demo/__init__.py"
    assert images.run("python3", "/opt/pkgs/bin/demo") == "demo runs"
    without = lab("run", images.tag, "sh", "-c", "true")
    assert without.returncode != 0
