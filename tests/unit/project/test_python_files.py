import pytest

from siteroot.project.python_files import PythonFile, PythonFileError, find_python_file
from support.project_files import MemoryProjectFiles


def find(files: dict[str, str | bytes], start: str = "/w/app/src") -> PythonFile | None:
    return find_python_file(MemoryProjectFiles(files), start, "/w/app", "/home/me/.config")


@pytest.mark.parametrize("path", ["/w/app/src/.python-version", "/w/app/.python-version"])
def test_the_nearest_file_up_to_the_workspace_counts(path: str) -> None:
    files: dict[str, str | bytes] = {"/w/.python-version": "3.8", path: "3.12\n"}
    assert find(files) == PythonFile(request="3.12", path=path)


def test_files_above_the_workspace_do_not_count() -> None:
    assert find({"/w/.python-version": "3.8"}) is None


def test_one_version_goes_before_a_list() -> None:
    files: dict[str, str | bytes] = {
        "/w/app/.python-versions": "3.9\n3.8",
        "/w/app/.python-version": "3.12",
    }
    assert find(files) == PythonFile(request="3.12", path="/w/app/.python-version")
    del files["/w/app/.python-version"]
    assert find(files) == PythonFile(request="3.9", path="/w/app/.python-versions")


def test_comments_and_empty_lines_are_passed_over() -> None:
    found = find({"/w/app/.python-version": "# ours\n\n  pypy@3.10 \r\n3.9\n"})
    assert found is not None
    assert found.request == "pypy@3.10"


def test_a_file_of_comments_decides_for_nothing() -> None:
    files: dict[str, str | bytes] = {
        "/w/app/src/.python-version": "# none",
        "/w/app/.python-version": "3.12",
    }
    assert find(files) == PythonFile(request=None, path="/w/app/src/.python-version")


def test_the_users_pin_counts_last() -> None:
    path = "/home/me/.config/uv/.python-version"
    assert find({path: "3.11"}) == PythonFile(request="3.11", path=path)
    assert find_python_file(MemoryProjectFiles({path: "3.11"}), "/w", "/w") is None


def test_a_start_outside_the_workspace_ends_at_the_top() -> None:
    assert find({}, start="/elsewhere") is None


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(PythonFileError) as caught:
        find({"/w/app/.python-version": b"\xff"})
    assert caught.value.where == "/w/app/.python-version"
