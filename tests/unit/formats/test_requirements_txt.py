"""requirements.txt, one file on its own: its text, its lines, what they say, and what is wrong with them."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from siteroot.errors import ProjectError
from siteroot.formats.reading import Faults
from siteroot.formats.requirements_lines import (
    Line,
    UnreadableTextError,
    decode_text,
    read_lines,
)
from siteroot.formats.requirements_txt import parse_requirement, parse_requirements_txt
from siteroot.model.digest import Digest
from siteroot.model.requirements import (
    FileOption,
    IncludeLine,
    OptionLine,
    RequirementLine,
    Statement,
    WrittenRequirement,
)

SHA = "sha256:" + "0a" * 32


def parse(text: str, **variables: str) -> tuple[Statement, ...]:
    """Return what a file without faults says."""
    faults = Faults()
    statements = parse_requirements_txt(text.encode(), "r.txt", variables, faults)
    faults.raise_any(ProjectError, "")
    return statements


def faults_of(text: str) -> list[str]:
    """Return the faults of a file, one line each."""
    faults = Faults()
    parse_requirements_txt(text.encode(), "r.txt", {}, faults)
    with pytest.raises(ProjectError) as caught:
        faults.raise_any(ProjectError, "")
    return [line.strip() for line in caught.value.message.splitlines()]


@pytest.mark.parametrize(
    "content",
    [
        "é".encode(),
        codecs.BOM_UTF8 + "é".encode(),
        codecs.BOM_UTF16_LE + "é".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "é".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "é".encode("utf-32-le"),
        codecs.BOM_UTF32_BE + "é".encode("utf-32-be"),
    ],
)
def test_byte_order_marks_tell_the_encoding(content: bytes) -> None:
    assert decode_text(content) == "é"


@pytest.mark.parametrize(
    "head", [b"# -*- coding: latin-1 -*-\n", b"#!/x\n# vim: set fileencoding=latin-1 :\n"]
)
def test_a_comment_in_the_first_two_lines_tells_the_encoding(head: bytes) -> None:
    assert decode_text(head + b"\xe9").endswith("é")


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"a\nb\r\nc\xe9", "is no utf-8 text", 3),
        (b"# coding: nonsense\n", "there is no encoding 'nonsense'", 1),
        (b"# coding: hex\nab", "there is no encoding 'hex'", 1),
        (codecs.BOM_UTF16_LE + b"a", "is no utf-16-le text", 1),
    ],
)
def test_text_that_cannot_be_read_is_told_with_its_line(
    content: bytes, message: str, line: int
) -> None:
    with pytest.raises(UnreadableTextError, match=message) as caught:
        decode_text(content)
    assert caught.value.line == line


@given(st.text(alphabet="a#\\\n\r ${A}B-=\t"))
def test_lines_are_those_that_pip_reads(text: str) -> None:
    """pip counts a form feed as an end of line too, and reads the variables of its own process."""
    req_file = pytest.importorskip("pip._internal.req.req_file")
    lines = req_file.ignore_comments(req_file.join_lines(enumerate(text.splitlines(), 1)))
    assert [(line.number, line.text) for line in read_lines(text, {})] == list(lines)


def test_variables_are_put_in_after_comments_went_and_only_where_they_are_set() -> None:
    variables = {"URL": "https://x/#y", "EMPTY": "", "lower": "no"}
    text = "a ${URL} # ${URL}\n${EMPTY} ${NONE} ${lower} $URL"
    assert list(read_lines(text, variables)) == [
        Line(1, "a https://x/#y", "a ${URL}"),
        Line(2, "${EMPTY} ${NONE} ${lower} $URL", "${EMPTY} ${NONE} ${lower} $URL"),
    ]


def written(name: str | None, location: str | None = None, *extras: str) -> WrittenRequirement:
    """Return a requirement without version and marker."""
    return WrittenRequirement(
        name=name, extras=extras, specifier=SpecifierSet(), marker=None, location=location
    )


def test_a_requirement_with_its_options() -> None:
    (statement,) = parse(
        "\nFlask_Thing[B,a] >=1, !=2 ; python_version > '3' \\\n"
        f"  --hash={SHA} --hash sha256:{'0B' * 32} \\\n"
        "  -C a=b --config-settings='c=d e'  # why\n"
    )
    assert statement == RequirementLine(
        line=2,
        written=WrittenRequirement(
            name="flask-thing",
            extras=("a", "b"),
            specifier=SpecifierSet(">=1, !=2"),
            marker=Marker("python_version > '3'"),
        ),
        editable=False,
        digests=(Digest("sha256", "0a" * 32), Digest("sha256", "0b" * 32)),
        settings=(("a", "b"), ("c", "d e")),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("./x.whl", written(None, "./x.whl")),
        ("x-1-py3-none-any.whl", written(None, "x-1-py3-none-any.whl")),
        ("../dir [b, a]", written(None, "../dir", "a", "b")),
        (".", written(None, ".")),
        ("/a b/c", written(None, "/a b/c")),
        ("file:///x/y.zip", written(None, "file:///x/y.zip")),
        ("https://h/x.whl#sha256=1[a]", written(None, "https://h/x.whl#sha256=1", "a")),
        ("git+https://h/x@v;1#egg=a", written(None, "git+https://h/x@v;1#egg=a")),
        ("a @ https://h/x.whl", written("a", "https://h/x.whl")),
        ("A.b[c]@./dir", written("a-b", "./dir", "c")),
    ],
)
def test_urls_and_paths_are_requirements_too(text: str, expected: WrittenRequirement) -> None:
    assert parse_requirement(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "./x ;python_version > '3'",
        "https://h/x.whl ; python_version > '3'",
        "git+ssh://a@h/x; python_version > '3'",
    ],
)
def test_they_may_have_a_marker(text: str) -> None:
    assert parse_requirement(text).marker == Marker("python_version > '3'")


@pytest.mark.parametrize(
    ("text", "location", "extras"),
    [
        ("-e .", ".", ()),
        ("-e.", ".", ()),
        ("-e=./x", "./x", ()),
        ("--editable=x[a]", "x", ("a",)),
        ("--editable  './my dir'", "./my dir", ()),
        ("-e name", "name", ()),
    ],
)
def test_an_editable_is_a_place_even_where_it_could_be_a_name(
    text: str, location: str, extras: tuple[str, ...]
) -> None:
    (statement,) = parse(text)
    assert isinstance(statement, RequirementLine)
    assert statement.editable
    assert (statement.written.location, statement.written.extras) == (location, extras)


@pytest.mark.parametrize(
    ("text", "file", "constraint"),
    [
        ("-r a.txt", "a.txt", False),
        ("-ra.txt", "a.txt", False),
        ("-r=a.txt", "a.txt", False),
        ("--requirement   a b.txt  # c", "a b.txt", False),
        ("--requirement='a b.txt'", "a b.txt", False),
        ("-c https://h/c.txt?a=b", "https://h/c.txt?a=b", True),
        ("--constraint dir#1/c.txt", "dir#1/c.txt", True),
    ],
)
def test_other_files_are_named(text: str, file: str, constraint: bool) -> None:
    assert parse(text) == (IncludeLine(line=1, file=file, constraint=constraint),)


def test_options_may_share_a_line() -> None:
    assert parse("--no-index -f ./a --pre --extra-index-url=https://h/${X} -i x", X="y") == (
        OptionLine(line=1, option=FileOption.NO_INDEX),
        OptionLine(line=1, option=FileOption.FIND_LINKS, value="./a"),
        OptionLine(line=1, option=FileOption.PRE),
        OptionLine(line=1, option=FileOption.EXTRA_INDEX_URL, value="https://h/y"),
        OptionLine(line=1, option=FileOption.INDEX_URL, value="x"),
    )


def test_all_faults_of_a_file_are_told_each_with_its_line() -> None:
    assert faults_of(
        "flask\n!\nhello world\n\n-x\n--requird a\n-r\n-i a b -f c\n--no-index=1\n"
        "flask --pre\nflask --hash=sha256:0\nflask --hash=crc:0\nflask -C a\n--hash=a\n"
        "flask ; python\nhttps://h/x y\nflask --hash 'a\nsetup.py --global-option=a\n"
        "a.txt\n./x[!]\n./x ; y\n-e\n"
    ) == [
        "20 faults:",
        "r.txt:2: is neither a requirement, nor a URL or path, nor an option",
        "r.txt:3: the requirement on `hello` cannot be read: expected semicolon (after name with no"
        " version specifier) or end",
        "r.txt:5: there is no option `-x` here",
        "r.txt:6: there is no option `--requird` here; did you mean `--requirement`?",
        "r.txt:7: `--requirement` needs a value",
        "r.txt:8: words stand after an option's value: a path with spaces wants quotes",
        "r.txt:9: `--no-index` takes no value",
        "r.txt:10: `--pre` speaks of no single requirement: write it on a line of its own",
        "r.txt:11: `--hash` names a sha256 of 1 characters that is none: it has 64 hexadecimal ones",
        "r.txt:12: `--hash` wants ALGORITHM:HEXADECIMAL, as in sha256:2c26…",
        "r.txt:13: `--config-settings` wants KEY=VALUE",
        "r.txt:14: `--hash` belongs behind a requirement, on the same line",
        "r.txt:15: the requirement on `flask` cannot be read: expected a marker variable or quoted"
        " string",
        "r.txt:16: a URL holds no spaces",
        "r.txt:17: a quote is not closed",
        "r.txt:18: there is no option `--global-option` here: it was for calls of setup.py;"
        " `--config-settings KEY=VALUE` speaks to backends",
        "r.txt:19: looks like a requirements file: `-r` has to stand before it",
        "r.txt:20: `[!]` are no extras",
        "r.txt:21: what stands after `;` is no marker",
        "r.txt:22: `--editable` needs a value",
    ]


def test_no_fault_shows_a_password() -> None:
    told = "".join(
        faults_of(
            "https://u:secret@h/x y\nflask @ https://u:secret@h/x y\n--nope=https://u:secret@h"
        )
    )
    assert "r.txt:1" in told
    assert "r.txt:3" in told
    assert "secret" not in told


@given(st.text())
def test_whatever_a_file_holds_is_read_or_refused(text: str) -> None:
    parse_requirements_txt(text.encode("utf-8", "surrogatepass"), "r.txt", {}, Faults())


@given(st.lists(st.sampled_from(
    ["flask", "-e", ".", "[a]", " ", "\\\n", "\n", "#", "--hash=", SHA, "==1", ";", "'", '"', "-r", "@", "https://",
     "git+", "/", "${", "}", ",", "-", "=", "os_name", "\t", "-C", "a=b", "--no-index"]
)).map("".join))  # fmt: skip
def test_whatever_its_words_are_put_together_to_is_read_or_refused(text: str) -> None:
    parse_requirements_txt(text.encode(), "r.txt", {}, Faults())
