"""Real lists of requirements on the public index: `siteroot pip compile` pins what uv pinned on the same day.

COMPILE.tsv tells of each list the Python, the mode and the file with uv's answer, DATE the day.
"""

import csv
from pathlib import Path

import pytest

from support.corpus import corpus_files
from support.desk import make_desk
from support.once import shared_folder

_TABLES = corpus_files("compile/COMPILE.tsv")
_ROWS = [
    row
    for table in _TABLES
    for row in csv.DictReader(table.read_text().splitlines(), delimiter="\t")
    if row["mode"] != "universal"  # siteroot resolves for one Python and platform
]

#: The answers are those of an installed Python, and a bare 3.11 means 3.11.0, which needs backports that 3.11.3 does not
#: (async-timeout, in airflow's list). The table does not tell the patch release; uv itself comes to its answers by this one.
_PATCH = ".7"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all lists, whoever resolves them: they share many projects."""
    return shared_folder(tmp_path_factory, "compiling")


def test_there_are_lists() -> None:
    if not _TABLES:
        pytest.skip("corpus: SITEROOT_CORPUS names none")
    assert len(_ROWS) > 15


@pytest.mark.index
@pytest.mark.slow(20)
@pytest.mark.parametrize("row", _ROWS, ids=lambda row: Path(row["expected"]).stem)
def test_a_list_comes_to_uvs_pins(row: dict[str, str], cache: Path, tmp_path: Path) -> None:
    folder = _TABLES[0].parent
    done = make_desk(tmp_path).run(
        "pip", "compile", folder / row["list"], "--python-version", row["python"] + _PATCH, "--resolution", row["mode"],
        "--exclude-newer", (folder / "DATE").read_text().strip(), "--no-header", "--no-annotate", "--cache-dir", cache,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.out.splitlines() == (folder / row["expected"]).read_text().splitlines()
