"""The locks of real projects that tests read: named by SITEROOT_CORPUS, else beside the checkout."""

import os
from pathlib import Path

_BESIDE = Path(__file__).parents[3] / "shared" / "corpus"


def corpus_files(pattern: str) -> list[Path]:
    """Return the corpus' files of that name pattern, none where there is no corpus."""
    return sorted(Path(os.environ.get("SITEROOT_CORPUS", _BESIDE)).rglob(pattern))
