"""How the documentation is built: `python -m sphinx -W -b html docs OUT`, with siteroot and the group docs importable."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from siteroot import __version__
from siteroot.cli import document, exits, options, reference

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

#: What a page gets in the place of `<!-- reference: NAME -->`.
GENERATED = {
    "options": reference.render_options,
    "variables": reference.render_variables,
    "settings": reference.render_settings,
    "exit codes": reference.render_exit_codes,
    "json": reference.render_json,
}


def fill_page(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the program's own tables into a page's text: nothing generated is ever written beside the sources."""
    del page
    for name, render in GENERATED.items():
        place = f"<!-- reference: {name} -->"
        if place in source[0]:
            source[0] = source[0].replace(place, render())
            for module in (document, exits, options, reference):
                app.env.note_dependency(str(module.__file__))


def setup(app: Sphinx) -> None:
    """Register the hook."""
    app.connect("source-read", fill_page)
