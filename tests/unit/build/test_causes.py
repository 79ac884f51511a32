import pytest

from siteroot.build.causes import hints_of


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "hdr.c:2:10: fatal error: ldap.h: No such file or directory",
            "the header ldap.h is lacking",
        ),
        ("a.c:1:10: fatal error: 'x/y.hpp' file not found", "the header x/y.hpp is lacking"),
        ("m.c:1:10: fatal error: Python.h: No such file or directory", "headers of this Python"),
        ("/usr/bin/ld: cannot find -lpq: No such file or directory", "the library pq is lacking"),
        ("ld: library not found for -lssl", "the library ssl is lacking"),
        ("error: [Errno 2] No such file or directory: 'gcc'", "no compiler"),
        ("error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory", "no compiler"),
        ("unable to execute 'g++-12': No such file or directory", "no compiler"),
        ("../meson.build:1:0: ERROR: Unknown compiler(s): [['c++'], ['g++']]", "no compiler"),
        ("CMake Error: CMAKE_CXX_COMPILER not set, after EnableLanguage", "no compiler"),
        ("error: can't find Rust compiler", "no Rust"),
        ("ModuleNotFoundError: No module named 'pkg_resources'", "`setuptools<82`"),
        ("ModuleNotFoundError: No module named 'numpy.distutils'", 'app = ["numpy"]'),
        ("ModuleNotFoundError: No module named 'distutils'", 'app = ["setuptools"]'),
        ("error: invalid command 'bdist_wheel'", 'app = ["wheel"]'),
    ],
)
def test_a_line_that_names_a_known_cause_leads_to_what_can_be_done(line: str, told: str) -> None:
    (hint,) = hints_of(("building app", line, "the end"), "app")
    assert told in hint


@pytest.mark.parametrize(
    "line",
    [
        "error: command '/usr/bin/gcc' failed with exit code 1",
        "FileNotFoundError: [Errno 2] No such file or directory: 'config.h'",
        "    log.info(\"No module named 'numpy'\")",
    ],
)
def test_a_line_that_names_none_leads_nowhere(line: str) -> None:
    assert hints_of((line,), "app") == ()


def test_of_a_name_that_nobody_knows_the_hint_leaves_a_place() -> None:
    (hint,) = hints_of(("ModuleNotFoundError: No module named 'numpy'",), "")
    assert 'NAME = ["numpy"]' in hint
