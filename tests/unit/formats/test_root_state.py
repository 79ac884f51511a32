import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteroot.formats.root_state import UnreadableState, parse_root_state, render_root_state
from siteroot.model.digest import Digest
from siteroot.model.root import RootEntry, RootState

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
NAMES = st.text(min_size=1, max_size=6).filter(
    lambda name: not set(name) & {"/", "\0"} and name not in (".", "..", ".siteroot")
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
ENTRIES = st.builds(
    RootEntry,
    name=st.just(""),
    version=st.text(max_size=5),
    dist_info=PATHS,
    digests=st.sets(HEX.map(lambda text: Digest("sha256", text)), max_size=2).map(
        lambda digests: tuple(sorted(digests))
    ),
    record=HEX,
    direct=st.booleans(),
    origin=st.just("") | HEX,
)


def named(entries: dict[str, RootEntry]) -> dict[str, RootEntry]:
    return {
        name: RootEntry(
            name=name,
            version=entry.version,
            dist_info=entry.dist_info,
            digests=entry.digests,
            record=entry.record,
            direct=entry.direct,
            origin=entry.origin,
        )
        for name, entry in entries.items()
    }


STATES = st.builds(
    RootState,
    implementation=st.text(max_size=5),
    python=st.text(max_size=5),
    distributions=st.dictionaries(NAMES, ENTRIES, max_size=3).map(named),
    winners=st.dictionaries(PATHS, NAMES, max_size=3),
    files=st.dictionaries(PATHS, HEX, max_size=3),
)

EXAMPLE = RootState(
    implementation="cpython",
    python="3.12",
    distributions=named(
        {
            "demo": RootEntry(
                name="demo",
                version="1.0",
                dist_info="demo-1.0.dist-info",
                digests=(Digest("sha256", "a" * 64), Digest("sha512", "b" * 128)),
                record="c" * 64,
                direct=True,
            ),
            "zebra": RootEntry(
                name="zebra",
                version="2",
                dist_info="zebra-2.dist-info",
                digests=(),
                record="e" * 64,
                direct=False,
                origin="f" * 64,
            ),
        }
    ),
    winners={"shared/__init__.py": "demo"},
    files={"sitecustomize.py": "d" * 64},
)


@given(STATES)
def test_what_is_rendered_is_read_again(state: RootState) -> None:
    assert parse_root_state(render_root_state(state)) == state


def test_the_bytes_do_not_hang_on_any_order() -> None:
    other = RootState(
        implementation="cpython",
        python="3.12",
        distributions=dict(sorted(EXAMPLE.distributions.items(), reverse=True)),
        winners=EXAMPLE.winners,
        files=EXAMPLE.files,
    )
    content = render_root_state(EXAMPLE)
    assert content == render_root_state(other)
    assert content.endswith(b"}\n")
    assert b"\r" not in content


def test_keys_of_a_later_minor_change_are_let_pass() -> None:
    document = json.loads(render_root_state(EXAMPLE))
    document["more"] = [1]
    document["distributions"]["demo"]["more"] = None
    assert parse_root_state(json.dumps(document).encode()) == EXAMPLE


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("schema",), 2, "schema is 2"),
        (("schema",), None, "schema"),
        (("implementation",), 3, "implementation"),
        (("distributions",), [], "distributions"),
        (("distributions", "demo"), "1.0", "distributions.demo"),
        (("distributions", "demo", "direct"), "yes", "direct"),
        (("distributions", "demo", "digests"), ["sha256:zz"], "digest"),
        (("distributions", "demo", "digests"), ["crc:" + "a" * 64], "digest"),
        (("distributions", "demo", "record"), "A" * 64, "sha256"),
        (("distributions", "demo", "dist-info"), "../../etc", "no file in a root"),
        (("files",), {"../../etc/passwd": "a" * 64}, "no file in a root"),
        (("files",), {"/etc/passwd": "a" * 64}, "no file in a root"),
        (("files",), {".siteroot/journal": "a" * 64}, "no file in a root"),
        (("winners",), {"x": 1}, "winners"),
    ],
)
def test_what_is_broken_is_a_value_with_its_reason(
    path: tuple[str, ...], value: object, words: str
) -> None:
    document = json.loads(render_root_state(EXAMPLE))
    table = document
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    found = parse_root_state(json.dumps(document).encode())
    assert isinstance(found, UnreadableState)
    assert words in found.reason


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused_as_a_value(content: bytes) -> None:
    assert isinstance(parse_root_state(content), UnreadableState)


def test_deep_nesting_is_refused_as_a_value() -> None:
    assert isinstance(parse_root_state(b"[" * 100_000), UnreadableState)
