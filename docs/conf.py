"""How the documentation is built: `python -m sphinx -W -b html docs OUT`, with siteroot and the group docs importable."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from siteroot import __version__
from siteroot.cli.reference import without_marks

project = "siteroot"
author = "the authors of siteroot"
copyright = "the authors of siteroot"  # noqa: A001 - Sphinx's own word
release = version = __version__
html_title = f"siteroot {release}"

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True
smartquotes = False  # `--target` is no dash
exclude_patterns = ["_build"]
html_theme = "furo"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sourcelink = False


def strip_page(app: Sphinx, page: str, source: list[str]) -> None:
    """Leave out the marks of what `tools/reference.py` writes."""
    del app, page
    source[0] = without_marks(source[0])


def setup(app: Sphinx) -> None:
    """Register the hook."""
    app.connect("source-read", strip_page)
