"""uv as the judge of which locks are broken."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.uv_locks import CASES, Case

UV = os.environ.get("UV_ORACLE") or shutil.which("uv")

PYPROJECT = """\
[project]
name = "app"
version = "1.0"
requires-python = ">=3.8"
dependencies = ["iniconfig"]

[project.optional-dependencies]
x = ["iniconfig"]

[tool.uv]
package = false
"""


@pytest.mark.uv
@pytest.mark.skipif(UV is None, reason="uv is not on PATH and UV_ORACLE does not name it")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_uv_refuses_what_the_table_says_it_refuses(case: Case, tmp_path: Path) -> None:
    assert UV is not None
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "uv.lock").write_bytes(case.text.encode())
    done = subprocess.run(
        [UV, "export", "--frozen", "--offline", "--no-cache", "--no-config", "--quiet"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (2 if case.uv_refuses else 0), done.stderr
