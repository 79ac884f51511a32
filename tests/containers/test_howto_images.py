"""The Dockerfiles of the how-to page, built as they stand there, and run."""

import os
import re
import shutil
from collections.abc import Iterator

import pytest

from support.container_lab import WITHOUT_SHELL, Images, lab, need_lab
from support.http_server import serve_folder
from support.projects import make_project
from support.pyz import CHECKOUT, shared_pyz
from support.wheels import build_wheel

pytestmark = pytest.mark.container

PAGE = (CHECKOUT / "docs" / "howto" / "container-images.md").read_text("utf-8")
ONE, STAGES, DISTROLESS, OLDER = re.findall(
    r"^```dockerfile\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """A context with a project whose wheels lie behind a server of this machine."""
    need_lab()
    context, wheels = (tmp_path_factory.mktemp(name) for name in ("context", "wheels"))
    points = "[console_scripts]\ndemo = demo:main\n"
    text = "def main():\n    print('demo runs')\n"
    wheel = build_wheel(wheels, "demo", "1.0", {"demo/__init__.py": text}, entry_points=points)
    make_project(context, [wheel], groups={"dev": []})
    (context / "src" / "app").mkdir(parents=True)
    (context / "src" / "app" / "__main__.py").write_text("import demo\n\nprint(demo.__file__)\n")
    shutil.copy(shared_pyz(tmp_path_factory), context / "siteroot.pyz")
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


def test_an_image_whose_python_is_too_old_for_siteroot(images: Images) -> None:
    """No Python 3.8 lies here in an image: that the root wants one is all that can be seen."""
    assert "\nFROM docker.io/library/python:3.8-slim\n" in OLDER
    images.build(OLDER.replace("python:3.8-slim", "python:3.12-slim"))
    started = lab("run", images.tag, "/opt/pkgs/bin/demo")
    assert "found no cpython 3.8" in started.stderr
    assert images.run("python3", "-c", "import demo; print(demo.__file__)").startswith("/opt/pkgs/")
