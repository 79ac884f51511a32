"""Whatever the file holds: a lock, or one of siteroot's own errors."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from siteroot.errors import LockError
from siteroot.formats.pylock import parse_pylock
from siteroot.formats.uv_lock import parse_uv_lock
from support.uv_locks import CASES, COMMIT, SHA256

#: Keys and values that a lock may hold, so that what is made up goes deep before it is refused.
KEYS = sorted(
    {key for case in CASES.values() for key in re.findall(r"([a-z][a-z-]+) = ", case.text)}
    | {"dev-dependencies", "requires-dev", "editable", "directory", "subdirectory", "filename"}
    | {"lock-version", "created-by", "packages", "environments", "hashes", "archive", "vcs"}
)
TEXTS = st.sampled_from(
    [
        "",
        "app",
        "1.0",
        ">=3.8",
        "os_name == 'nt'",
        f"https://g.test/a#{COMMIT}",
        f"sha256:{SHA256}",
        "../x",
        "all",
        "a-1-py3-none-any.whl",
        "https://f.test/a-1-py3-none-any.whl",
        "http://[x",
        "//",
        "\0",
        "é-1-a-b-c.whl",
        "(" * 3000,
    ]
) | st.text(max_size=8)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(KEYS), below, max_size=5)
    ),
    max_leaves=12,
)


def render(value: object) -> str:
    """Write a value as TOML."""
    if isinstance(value, dict):
        rows = (f"{json.dumps(key)} = {render(below)}" for key, below in value.items())
        return f"{{ {', '.join(rows)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(render, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def read_both(content: bytes) -> None:
    told = []
    for parse in (parse_uv_lock, parse_pylock):
        try:
            parse(content, "lock")
        except LockError as error:
            told.append(str(error))
    assert all(message.startswith("lock:") for message in told)


@given(st.binary(max_size=60))
def test_any_bytes(content: bytes) -> None:
    read_both(content)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), VALUES)
def test_any_tables(document: dict[str, object], package: object) -> None:
    document = {"version": 1, "requires-python": ">=3.8", "lock-version": "1.0"} | document
    document.setdefault("package", [package])
    document.setdefault("packages", [package])
    read_both(
        "\n".join(f"{json.dumps(key)} = {render(document[key])}" for key in document).encode()
    )


@given(st.data())
def test_a_lock_with_something_changed_in_it(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([case.text for case in CASES.values()]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 40, len(text))))
    new = data.draw(TEXTS | VALUES.map(render) | st.sampled_from('"[]{}=,\n.#'))
    read_both((text[:start] + new + text[end:]).encode(errors="surrogatepass"))
