"""The documentation: it builds strictly, says what the program does, and works in a browser."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from siteroot.cli.parsing import parse_command
from siteroot.cli.reference import fill_page
from support.git import ask_git

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

#: A command line of siteroot in a page: `siteroot ...` at the start of an indented line, or in a RUN step.
COMMAND = re.compile(r"^[ ]{4,}(?:\./|/)?siteroot(?:\.pyz)? (?P<words>[^#\n]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, built as `.ci/run` builds them."""
    absent = [name for name in ("sphinx", "furo", "myst_parser") if find_spec(name) is None]
    if absent:
        pytest.skip(f"the group docs is not installed: there is no {', '.join(absent)}")
    out = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-E"]
    done = subprocess.run(
        [*command, "-d", str(out / "doctrees"), str(DOCS), str(out / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return out / "html"


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    """Where a loopback server offers the pages."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Handler, directory=str(built))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Browser:
    """A headless Chromium, told what to do by WebDriver (W3C)."""

    def __init__(self, driver: str) -> None:
        self._driver = driver
        switches = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        wishes = {
            "goog:chromeOptions": {"args": switches},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        session = self._ask("POST", f"{driver}/session", {"capabilities": {"alwaysMatch": wishes}})
        self._session = f"{driver}/session/{session['sessionId']}"

    def open(self, url: str) -> None:
        """Load a page and wait for it."""
        self._ask("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str) -> Any:
        """Return what a script in the page returns."""
        return self._ask("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def console(self) -> list[str]:
        """Return what the console was told since it was last asked: errors and warnings."""
        entries = self._ask("POST", f"{self._session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def close(self) -> None:
        """End the browser."""
        self._ask("DELETE", self._session, None)

    @staticmethod
    def _ask(method: str, url: str, body: object) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, content, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            return json.load(response)["value"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    command = shutil.which("chromedriver")
    if command is None or shutil.which("chromium") is None:
        pytest.skip("there is no chromium with its chromedriver (Debian: chromium-driver)")
    # its sockets lie in the temporary folder, and their paths must be short
    with tempfile.TemporaryDirectory(dir="/tmp") as home:
        driver = subprocess.Popen(
            [command, "--port=0"],
            env={**os.environ, "HOME": home, "TMPDIR": home},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert driver.stdout is not None
            started = (re.search(r"on port (\d+)\.", line) for line in driver.stdout)
            port = next(found[1] for found in started if found)
            browser = Browser(f"http://127.0.0.1:{port}")
            yield browser
            browser.close()
        finally:
            driver.terminate()
            driver.communicate()


def test_the_option_pages_tell_what_the_program_takes(built: Path) -> None:
    page = (built / "reference" / "options.html").read_text("utf-8")
    assert '<dt class="sig sig-object std" id="cmdoption-target">' in page
    assert "Make <code" in page
    assert "cmdoption-target" in (built / "genindex.html").read_text("utf-8")
    for name in ("variables", "settings", "exit-codes", "json"):
        assert "<td>" in (built / "reference" / f"{name}.html").read_text("utf-8"), name
    assert not [page for page in built.rglob("*.html") if "reference: " in page.read_text("utf-8")]


@pytest.mark.parametrize("name", ["options", "variables", "settings", "exit-codes", "json"])
def test_the_reference_in_the_checkout_is_what_the_program_says(name: str) -> None:
    page = (DOCS / "reference" / f"{name}.md").read_text("utf-8")
    right = fill_page(page)
    assert "| --- |" in right or "{option}" in right
    assert page == right, "`python3 tools/reference.py` writes it anew"


def test_nothing_generated_lies_beside_the_sources() -> None:
    listed = ask_git("status", "--porcelain", "--ignored", "docs")
    assert [line for line in listed.splitlines() if line.startswith("!!")] == []


def commands() -> list[tuple[str, str]]:
    """Return every command of siteroot that a page prints, with the page's name."""
    found = []
    for page in PAGES:
        text = page.read_text("utf-8").replace("\\\n", " ")
        name = page.relative_to(DOCS).as_posix()
        found += [(name, " ".join(match["words"].split())) for match in COMMAND.finditer(text)]
    return found


def test_every_command_in_the_pages_is_understood() -> None:
    printed = commands()
    assert len(printed) > 15
    for page, words in printed:
        argv = [word for word in words.replace("$arch", "x86_64").split() if word != "COMMAND"]
        parse_command(argv, {}, str(CHECKOUT))  # raises where a word is unknown
        assert argv[0] in {"sync", "cache", "pip"}, (page, words)


def test_the_dependencies_page_names_what_the_project_needs() -> None:
    page = (DOCS / "explanation" / "dependencies.md").read_text("utf-8")
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    for requirement in (*project["dependencies"], *extras):
        assert f"| {re.split('[<>=;]', requirement)[0]} |" in page


def test_the_architecture_page_names_what_is_there() -> None:
    page = (DOCS / "explanation" / "architecture.md").read_text("utf-8")
    package = CHECKOUT / "src" / "siteroot"
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    assert {name for name in folders if f"`{name}`" not in page} == set()
    modules = {path.name for path in package.rglob("*.py")}
    assert set(re.findall(r"(\w+\.py)\b", page)) <= modules
    paths = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    assert set(re.findall(r"`(\w+/\w+\.py)`", page)) <= paths


def test_the_promises_page_names_tests_that_are_there() -> None:
    page = (DOCS / "explanation" / "promises.md").read_text("utf-8")
    named = re.findall(r"`(tests/[^`]+)`", page)
    assert len(named) > 20
    assert [path for path in named if not (CHECKOUT / path).is_file()] == []


def test_a_browser_opens_every_page_without_an_error(
    built: Path, address: str, browser: Browser
) -> None:
    pages = sorted(path.relative_to(built).as_posix() for path in built.rglob("*.html"))
    assert len(pages) >= len(PAGES)
    for page in pages:
        browser.open(f"{address}/{page}")
        assert browser.run("return document.querySelectorAll('h1').length") >= 1 or page in {
            "search.html",
            "genindex.html",
        }
        assert (page, browser.console()) == (page, [])


def test_the_search_finds_an_option_and_leads_to_it(address: str, browser: Browser) -> None:
    browser.open(f"{address}/search.html?q=--target")
    script = "return [...document.querySelectorAll('#search-results li a')].map(a => a.href)"
    links: list[str] = []
    deadline = time.monotonic() + 10
    while not links and time.monotonic() < deadline:
        time.sleep(0.05)  # the search runs in the page, result by result
        links = browser.run(script)
    assert any("/reference/options.html" in link for link in links), links
    browser.open(f"{address}/reference/options.html#cmdoption-target")
    shown = browser.run("return document.getElementById('cmdoption-target').innerText")
    assert shown.startswith("--target <DIR>")
    browser.open(f"{address}/genindex.html")
    indexed = "return [...document.querySelectorAll('a[href$=\"#cmdoption-target\"]')].map(a => a.innerText)"
    assert "--target" in browser.run(indexed)
    assert browser.console() == []
