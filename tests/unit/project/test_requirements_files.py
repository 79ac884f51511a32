"""What requirements files come to together: nesting, places, options, project files, and the faults of all of them."""

import pytest
from packaging.specifiers import SpecifierSet

from siteroot.errors import ProjectError, SourceError, UsageError
from siteroot.model.digest import Digest
from siteroot.model.lock import (
    DirectorySource,
    EditableSource,
    GitSource,
    PathSource,
    RegistrySource,
    Source,
    UrlSource,
)
from siteroot.model.requirement import Requirement
from siteroot.model.requirements import (
    Asked,
    FileOptions,
    Formats,
    ProjectFile,
    Requirements,
    RequirementSource,
    SourceKind,
    UnnamedRequirement,
)
from siteroot.project.requirements_files import Reading, read_requirements
from support.project_files import MemoryProjectFiles

WEB = {
    "https://h/a/r.txt": "rich\n-r ../b.txt",
    "https://h/b.txt": "attrs",
    "https://h/bad.txt": "rich\n-r //[y",
    "https://h/bad-links.txt": "-f //[x",
}


def fetch(url: str) -> bytes:
    """Return what the made web holds."""
    if url not in WEB:
        raise SourceError("there is no such page", where=url)
    return WEB[url].encode()


def read(
    files: dict[str, str], *sources: str, stdin: str = "", extras: tuple[str, ...] | None = ()
) -> Requirements:
    """Return what was asked for with these words, "-r FILE" and the like, in the folder /p."""
    kinds = {
        "-r": SourceKind.FILE,
        "-c": SourceKind.CONSTRAINTS,
        "-e": SourceKind.EDITABLE,
        "--group": SourceKind.GROUP,
    }
    named = []
    for source in sources:
        option, _, text = source.partition(" ")
        kind = kinds.get(option)
        named.append(
            RequirementSource(SourceKind.REQUIREMENT, source)
            if kind is None
            else RequirementSource(kind, text)
        )
    reading = Reading(
        files=MemoryProjectFiles(files),
        folder="/p",
        variables={"V": "7"},
        fetch=fetch,
        stdin=stdin.encode,
        extras=extras,
    )
    return read_requirements(named, reading)


def told(requirements: Requirements) -> list[str]:
    """Return the names that are asked for with where they were said."""
    return [
        f"{asked.requirement.name} {asked.requirement.origin}"
        for asked in requirements.asked
        if isinstance(asked.requirement, Requirement)
    ]


def test_files_name_files_beside_themselves_and_may_go_round_in_a_circle() -> None:
    files = {
        "/p/r.txt": "a\n-r sub/s.txt\nb\n-r sub/s.txt",
        "/p/sub/s.txt": "c\n-r ../r.txt\n-r t.txt",
        "/p/sub/t.txt": "d",
    }
    assert told(read(files, "-r r.txt")) == [
        "a r.txt:1",
        "c sub/s.txt:1",
        "d sub/t.txt:1",
        "b r.txt:3",
    ]
    assert told(read(files, "-r ../p/sub/t.txt", "-r file:///p/sub/t.txt")) == [
        "d ../p/sub/t.txt:1"
    ]


def test_a_constraints_file_only_constrains_and_so_does_all_that_it_names() -> None:
    files = {
        "/p/r.txt": "a\n-c c.txt",
        "/p/c.txt": "b<2\n-r d.txt\n--no-index",
        "/p/d.txt": "a==1\nc[x] @ https://h/c.whl",
    }
    found = read(files, "-r r.txt")
    assert told(found) == ["a r.txt:1"]
    assert [(each.name, each.specifier) for each in found.constraints] == [
        ("b", SpecifierSet("<2")),
        ("a", SpecifierSet("==1")),
        ("c", SpecifierSet("")),
    ]
    assert not found.options.no_index
    assert [each.name for each in read(files, "-c d.txt").constraints] == ["a", "c"]
    assert told(read(files, "-r d.txt", "-c d.txt")) == ["a d.txt:1", "c d.txt:2"]


def test_stdin_and_the_web_hold_files_too() -> None:
    files = {"/p/x.txt": "x"}
    assert told(read(files, "-r -", stdin="a\n-r x.txt")) == ["a <stdin>:1", "x x.txt:1"]
    assert told(read(files, "-r /dev/stdin", stdin="a==${V}")) == ["a /dev/stdin:1"]
    assert told(read({}, "-r https://h/a/r.txt")) == [
        "rich https://h/a/r.txt:1",
        "attrs https://h/b.txt:1",
    ]
    with pytest.raises(SourceError, match="no such page"):
        read({"/p/r.txt": "-r https://h/none"}, "-r r.txt")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("./dir", DirectorySource(path="/p/dir")),
        ("dir/../dir#subdirectory=in", DirectorySource(path="/p/dir/in")),
        ("./absent", DirectorySource(path="/p/absent")),
        ("./absent#1.tar.gz", PathSource(path="/p/absent#1.tar.gz")),
        ("${PROJECT_ROOT}/dir", DirectorySource(path="/p/dir")),
        ("file:///p/my%20dir", DirectorySource(path="/p/my dir")),
        ("file://localhost/x.whl", PathSource(path="/x.whl")),
        ("./like.zip", DirectorySource(path="/p/like.zip")),
        ("-e dir", EditableSource(path="/p/dir")),
        ("-e file:///p/dir", EditableSource(path="/p/dir")),
        (
            "https://u@h/x.zip#subdirectory=in",
            UrlSource(url="https://u@h/x.zip", subdirectory="in"),
        ),
        ("https://h/x.whl?a=b", UrlSource(url="https://h/x.whl?a=b", subdirectory=None)),
        (
            "git+ssh://git@h/x.git@v1#subdirectory=in&lfs=true",
            GitSource(
                url="ssh://git@h/x.git", commit="", subdirectory="in", requested="v1", lfs=True
            ),
        ),
        (
            "git+https://h/x",
            GitSource(url="https://h/x", commit="", subdirectory=None, requested=None),
        ),
        (
            "git+https://h/x@v1#path=d/a.zip",
            GitSource("https://h/x", "", subdirectory=None, requested="v1", path="d/a.zip"),
        ),
    ],
)
def test_places_lead_to_sources(text: str, source: Source) -> None:
    files = {"/p/r.txt": text, "/p/dir/in/x": "", "/p/my dir/x": "", "/p/like.zip/x": ""}
    (asked,) = read(files, "-r r.txt").asked
    assert isinstance(asked.requirement, UnnamedRequirement)
    assert asked.requirement.source == source
    assert asked.requirement.origin == "r.txt:1"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("./A_b-1-py3-none-any.whl", "a-b"),
        ("https://h/a.b-1.0.tar.gz#egg=other", "a-b"),
        ("git+https://h/x#egg=A_b[X,y]", "a-b"),
        ("a-b @ ./dir", "a-b"),
        ("./dir#egg=a-b", "a-b"),
    ],
)
def test_file_names_and_eggs_say_the_name(text: str, name: str) -> None:
    (asked,) = read({"/p/r.txt": text, "/p/dir/x": ""}, "-r r.txt").asked
    assert isinstance(asked.requirement, Requirement)
    assert asked.requirement.name == name
    assert asked.requirement.extras == (("x", "y") if "[" in text else ())


def test_hashes_come_from_options_and_from_fragments() -> None:
    one, other = "0a" * 32, "0b" * 32
    text = f"https://h/x-1.zip#sha256={one} --hash=sha256:{other} -C a=b -C a=c"
    assert read({"/p/r.txt": text}, "-r r.txt").asked == (
        Asked(
            requirement=Requirement(
                name="x",
                extras=(),
                specifier=SpecifierSet(),
                marker=None,
                source=UrlSource(url="https://h/x-1.zip", subdirectory=None),
                origin="r.txt:1",
                digests=(Digest("sha256", other), Digest("sha256", one)),
                place=f"https://h/x-1.zip#sha256={one}",
                asker="-r r.txt",
            ),
            settings={"a": ("b", "c")},
        ),
    )


@pytest.mark.parametrize("place", ["https://h/x-1.zip", "x @ file:///x-1.zip", "./x-1.zip"])
@pytest.mark.parametrize("words", ["sha256=00", "egg=x&md5=", f"sha256={'z' * 64}"])
def test_a_hash_in_a_url_that_is_none_is_refused(place: str, words: str) -> None:
    algorithm = "md5" if "md5" in words else "sha256"
    with pytest.raises(
        ProjectError, match=f"`#{algorithm}=.*names a {algorithm} of .* that is none"
    ):
        read({"/p/r.txt": f"{place}#{words}"}, "-r r.txt")


def test_options_of_all_files_are_joined() -> None:
    files = {
        "/p/r.txt": "-i https://h/simple\n--no-binary a,B_c\n--only-binary :all:\n-r sub/s.txt\n-f wheels",
        "/p/sub/s.txt": "--extra-index-url ./index\n-f wheels\n-f https://h/x\n--require-hashes\n"
        "--no-binary :none:\n--no-binary d\n--only-binary :none:\n-i https://h/simple\n--pre",
        "/p/sub/wheels/x.whl": "",
    }
    found = read(files, "-r r.txt")
    assert found.options == FileOptions(
        index_url="https://h/simple",
        extra_index_urls=("/p/index",),
        find_links=("/p/sub/wheels", "https://h/x", "/p/wheels"),
        no_binary=Formats(names=frozenset({"d"})),
        only_binary=Formats(),
        require_hashes=True,
    )
    assert found.warnings == (
        "sub/s.txt:9: `--pre` is passed over: say `--prerelease allow` on the command line instead",
    )


PYPROJECT = """
[project]
name = "p"
version = "1"
dependencies = ["a>1", "b @ file:///p/b"]
optional-dependencies = { X_y = ["c"], z = ["d"] }
[dependency-groups]
dev = ["e", { include-group = "more" }]
more = ["f"]
"""


def test_project_files_are_asked_for_their_dependencies() -> None:
    files = {"/p/pyproject.toml": PYPROJECT, "/p/q/pyproject.toml": PYPROJECT}
    assert told(read(files, "-r pyproject.toml")) == ["a pyproject.toml", "b pyproject.toml"]
    assert len(told(read(files, "-r q/pyproject.toml", extras=None))) == 4
    assert told(read(files, "-r pyproject.toml", extras=("x-y",)))[2:] == ["c pyproject.toml"]
    assert told(read(files, "--group dev", "--group q/pyproject.toml:more")) == [
        "e pyproject.toml (group `dev`)",
        "f pyproject.toml (group `dev`)",
        "f q/pyproject.toml (group `more`)",
    ]


def test_what_only_a_build_or_another_reader_can_tell_is_named() -> None:
    dynamic = '[project]\nname = "p"\nversion = "1"\ndynamic = ["dependencies"]'
    files = {"/p/pyproject.toml": dynamic, "/p/q/pyproject.toml": "[tool.x]"}
    found = read(
        files, "-r pyproject.toml", "-r q/pyproject.toml", "-r setup.py", "-r pylock.a.toml"
    )
    assert found == Requirements(
        trees=tuple(
            ProjectFile(f"/p/{name}", name)
            for name in ("pyproject.toml", "q/pyproject.toml", "setup.py")
        ),
        locks=("/p/pylock.a.toml",),
    )


def test_faults_of_all_files_are_told_at_once_each_where_it_stands() -> None:
    files = {
        "/p/r.txt": "-r s.txt\n-r absent.txt\n-i https://h/1\nhg+https://h/x\n-c c.txt\n--no-binary a b",
        "/p/s.txt": "!\n-i https://h/2\n-e x.whl\nfile://h/x\nhttps://u:secret@h/x\ngit+git@h:x/y\n"
        "-e https://h/x.zip\nftp://h/x.zip\n"
        "git+u:secret@h:x\n-e ./x\0y\na[b @ http://secret@h/",
        "/p/c.txt": "./x.whl\n-e .",
    }
    with pytest.raises(ProjectError) as caught:
        read(files, "-r r.txt")
    assert [line.strip() for line in caught.value.message.splitlines()] == [
        "16 faults:",
        "s.txt:1: is neither a requirement, nor a URL or path, nor an option",
        "s.txt:11: the requirement on `a` cannot be read: expected matching RIGHT_BRACKET for LEFT_BRACKET, after extras",
        "s.txt:3: an editable has to be a folder, and `x.whl` is an archive",
        "s.txt:4: `file://h/x` is on another host: a file URL has three slashes",
        "s.txt:5: `https://h/x` ends as no wheel or archive does",
        "s.txt:6: a git URL has a scheme and two slashes: git+ssh://HOST/PATH",
        "s.txt:7: an editable has to be a folder of this machine",
        "s.txt:8: `ftp:` is not understood: http, https, file and git+… are",
        "s.txt:9: a git URL has a scheme and two slashes: git+ssh://HOST/PATH",
        "s.txt:10: no path or URL holds a NUL character",
        "r.txt:2: there is no file absent.txt",
        "r.txt:4: `hg+https:` is not understood: only git is understood",
        "c.txt:1: a constraint has to say the name that it is about: NAME @ URL",
        "c.txt:2: an editable cannot be a constraint",
        "r.txt:3: `--index-url` is another one than that of s.txt:2",
        "r.txt:6: `a b` cannot be the name of a distribution",
    ]


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("r.txt", "is a requirements file", "say `-r r.txt`"),
        ("hello world", "the requirement on `hello` cannot be read", None),
        ("-e name.whl", "an editable has to be a folder, and `name.whl` is an archive", None),
        ("https://u:secret@h/x", "`https://h/x` ends as no wheel or archive does", None),
        (f"a[{'x,' * 40_000}]", "a requirement has at most 64 KiB", None),
    ],
)
def test_words_of_the_command_line_are_judged_likewise(
    source: str, message: str, hint: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        read({"/p/r.txt": ""}, source)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.hints == (() if hint is None else (hint,))


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (("-r absent.txt",), "^absent.txt: there is no such file"),
        (("-c absent.txt",), "^absent.txt: there is no such file"),
        (("-r q",), "^q: is a folder, and no file"),
        (("-r folders.txt",), "^folders.txt:1: q is a folder"),
        (("-r pyproject.toml",), "pyproject.toml: there is no such file"),
        (("--group q/pyproject.toml:x",), "q/pyproject.toml: has no dependency group `x`"),
    ],
)
def test_files_that_are_not_there_are_named(sources: tuple[str, ...], message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        read({"/p/q/pyproject.toml": PYPROJECT, "/p/folders.txt": "-r q"}, *sources)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("https://u:secret@[::1", "`https://[::1` is no URL"),
        ("file://h/r.txt", "`file://h/r.txt` is on another host: a file URL has three slashes"),
        ("file://", "`file://` names no file"),
        ("x%00y", "no file has a NUL character in its name"),
    ],
)
def test_what_is_no_place_of_a_file_is_refused(place: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        read({}, f"-r {place}", stdin="rich")
    assert refused.value.message == message
    assert "secret" not in str(refused.value)
    with pytest.raises(ProjectError) as caught:
        read({"/p/r.txt": f"attrs\n-c {place}"}, "-r r.txt")
    assert caught.value.message == f"r.txt:2: {message}"


@pytest.mark.parametrize(
    "place", ["git+https://u:secret@h/x", "u:secret@h", "a @ http://secret@h/x"]
)
def test_a_file_that_is_not_there_is_named_without_its_credentials(place: str) -> None:
    for files, word in (({}, place), ({"/p/q/r.txt": f'-r "{place}"'}, "q/r.txt")):
        with pytest.raises(ProjectError, match=r"there is no (such )?file") as caught:
            read(files, f"-r {word}")
        assert "secret" not in str(caught.value)


def test_what_is_no_url_on_a_page_is_told_where_it_stands_or_is_used() -> None:
    with pytest.raises(ProjectError) as caught:
        read({}, "-r https://h/bad.txt")
    assert caught.value.message == "https://h/bad.txt:2: `https://[y` is no URL"
    assert read({}, "-r https://h/bad-links.txt").options.find_links == ("https://[x",)


def test_a_chain_of_files_may_be_of_any_length() -> None:
    files = {f"/p/{n}.txt": f"a{n}\n-r {n + 1}.txt\nb{n}" for n in range(3000)}
    asked = told(read({**files, "/p/3000.txt": "last"}, "-r 0.txt"))
    assert (asked[:2], asked[3000], asked[-1]) == (
        ["a0 0.txt:1", "a1 1.txt:1"],
        "last 3000.txt:1",
        "b0 0.txt:3",
    )


def test_an_extra_that_a_project_does_not_have_is_named() -> None:
    with pytest.raises(ProjectError, match="has no extra `no`"):
        read({"/p/pyproject.toml": PYPROJECT}, "-r pyproject.toml", extras=("no",))


SOURCES = """
[project]
name = "p"
version = "1"
dependencies = ["a>1", "b", "c[x] ; python_version > '3'", "d", "e", "f", "g", "plain"]
optional-dependencies = { z = ["h"] }
[dependency-groups]
dev = ["h"]
[tool.uv.sources]
a = { git = "https://h/a.git", tag = "v1", subdirectory = "in" }
b = { url = "https://h/b.whl" }
c = { path = "../c", editable = true }
d = { path = "d.whl" }
e = { index = "own" }
f = { workspace = true }
g = [{ path = "g", marker = "sys_platform == 'win32'" }, { git = "https://h/g" }]
h = { path = "h", extra = "z" }
[[tool.uv.index]]
name = "own"
url = "https://h/simple"
[tool.uv.workspace]
members = ["f"]
"""
MEMBER = '[project]\nname = "f"\nversion = "1"'


def test_sources_of_a_project_say_where_from() -> None:
    files = {"/p/q/pyproject.toml": SOURCES, "/p/q/f/pyproject.toml": MEMBER}
    found = read(files, "-r q/pyproject.toml", extras=("z",)).asked
    told = [
        (asked.requirement.name, asked.requirement.source, str(asked.requirement.marker or ""))
        for asked in found
        if isinstance(asked.requirement, Requirement)
    ]
    plain = GitSource(url="https://h/g", commit="", subdirectory=None, requested=None)
    assert told == [
        ("a", GitSource(url="https://h/a.git", commit="", subdirectory="in", requested="v1"), ""),
        ("b", UrlSource(url="https://h/b.whl", subdirectory=None), ""),
        ("c", EditableSource(path="/p/c"), 'python_version > "3"'),
        ("d", PathSource(path="/p/q/d.whl"), ""),
        ("e", RegistrySource("https://h/simple"), ""),
        ("f", EditableSource(path="/p/q/f"), ""),
        ("g", DirectorySource(path="/p/q/g"), 'sys_platform == "win32"'),
        ("g", plain, ""),
        ("plain", None, ""),
        ("h", DirectorySource(path="/p/q/h"), ""),
    ]
    (in_group,) = read(files, "--group q/pyproject.toml:dev").asked
    assert in_group.requirement.source is None


def test_sources_that_cannot_be_followed_are_named() -> None:
    text = (
        '[project]\nname = "p"\nversion = "1"\ndependencies = ["a", "b", "c"]\n[tool.uv.sources]\n'
        'a = { path = "a", marker = "os_name == \'nt\'" }\nb = { index = "none" }\nc = { workspace = true }\n'
    )
    with pytest.raises(ProjectError) as caught:
        read({"/p/pyproject.toml": text}, "-r pyproject.toml")
    assert [line.strip() for line in caught.value.message.splitlines()] == [
        "3 faults:",
        "pyproject.toml: `a` has sources for some environments only: the requirement has to say for which as well",
        "pyproject.toml: `b` comes from the index `none`, which is not declared",
        "pyproject.toml: `c` has a workspace source, and is no member of the workspace",
    ]


def test_annotations_name_who_asks_as_seen_from_the_commands_folder() -> None:
    files = {
        "/p/r.txt": "a\n-r in/s.txt\n-c c.txt",
        "/p/in/s.txt": "b",
        "/p/c.txt": "c",
        "/q/o.txt": "d",
        "/p/in/pyproject.toml": "[project]\nname = 'A.pp'\nversion = '1'\ndependencies = ['e']\n"
        "[dependency-groups]\ng = ['f']",
        "/p/pyproject.toml": "[dependency-groups]\ng = ['g']",
    }
    found = read(
        files, "-r /p/r.txt", "-r /q/o.txt", "-r in/pyproject.toml", "--group in/pyproject.toml:g",
        "--group g", "-r -", "word", stdin="piped",
    )  # fmt: skip
    assert [(each.requirement.asker) for each in found.asked] == [
        "-r r.txt",
        "-r in/s.txt",
        "-r /q/o.txt",
        "a-pp (in/pyproject.toml)",
        "a-pp (in/pyproject.toml:g)",
        "(pyproject.toml:g)",
        "",
        "",
    ]
    assert [each.asker for each in found.constraints] == ["-c c.txt"]
