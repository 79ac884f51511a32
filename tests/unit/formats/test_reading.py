"""Typed reading: values, key paths, and what is said of a value of the wrong kind."""

import datetime as dt

import pytest

from siteroot.errors import ProjectError
from siteroot.formats.reading import Faults, Table, parse_name


def fault_of(faults: Faults) -> str:
    """Return what the faults say, in the family of whoever reads."""
    with pytest.raises(ProjectError) as caught:
        faults.raise_any(ProjectError, "x.toml")
    return str(caught.value)


def test_values_of_the_right_kind() -> None:
    faults = Faults()
    table = Table(
        {
            "text": "a",
            "number": 3,
            "truth": False,
            "texts": ["a", "b"],
            "table": {"x": 1},
            "tables": [{"x": 1}, {"x": 2}],
            "lists": [[{"x": 1}], []],
            "mixed": ["a", {"x": 3}],
        },
        faults,
    )
    assert (table.text("text"), table.integer("number"), table.boolean("truth")) == ("a", 3, False)
    assert table.texts("texts") == ("a", "b")
    assert table.parsed("text", str.upper) == "A"
    assert table.parsed_texts("texts", str.upper) == ("A", "B")
    assert table.table_or_empty("table").values == {"x": 1}
    assert [row.integer("x") for row in table.tables("tables")] == [1, 2]
    assert [[row.integer("x") for row in rows] for rows in table.table_lists("lists")] == [[1], []]
    (first, second) = table.texts_or_tables("mixed")
    assert first == ("mixed[0]", "a")
    assert isinstance(second[1], Table)
    assert second[1].path == "mixed[1]"
    faults.raise_any(ProjectError, "x.toml")


def test_absent_keys_are_no_faults() -> None:
    faults = Faults()
    table = Table({}, faults)
    assert (table.text("a"), table.integer("a"), table.boolean("a"), table.table("a")) == (
        None,
    ) * 4
    assert (table.texts("a"), table.parsed_texts("a", str)) == ((), ())
    assert (table.parsed("a", str), list(table.tables("a"))) == (None, [])
    assert table.table_or_empty("a").values == {}
    assert not faults


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, "an integer"),
        (True, "true or false"),
        (1.5, "a number"),
        ([], "an array"),
        ({}, "a table"),
        (dt.date(2022, 1, 1), "a date or time"),
    ],
)
def test_a_value_of_another_kind(value: object, kind: str) -> None:
    faults = Faults()
    table = Table({"key": value}, faults)
    assert table.text("key") is None
    assert fault_of(faults) == f"x.toml: key: is {kind} where a string is expected"


def test_the_key_path_goes_all_the_way_and_names_the_subject() -> None:
    faults = Faults()
    top = Table({"package": [{}, {"wheels": [{"hash": "x"}]}]}, faults)
    package = list(top.tables("package"))[1]
    package.subject = "numpy 2.0"
    (wheel,) = package.tables("wheels")
    wheel.parsed("hash", int)
    assert fault_of(faults) == (
        "x.toml: package[1].wheels[0].hash (numpy 2.0): invalid literal for int() with base 10: 'x'"
    )


def test_faults_do_not_stop_the_reading() -> None:
    faults = Faults()
    table = Table({"rows": ["a", 2, "c", {}]}, faults)
    assert table.texts("rows") == ("a", "c")
    assert fault_of(faults).splitlines() == [
        "x.toml: 2 faults:",
        "  rows[1]: is an integer where a string is expected",
        "  rows[3]: is a table where a string is expected",
    ]


def test_what_the_file_holds_does_not_reach_the_terminal_raw() -> None:
    faults = Faults()
    Table({"a\x1b[2J\n": 1}, faults).text("a\x1b[2J\n")
    assert fault_of(faults) == r"x.toml: a\x1b[2J\n: is an integer where a string is expected"


def test_a_long_fault_is_cut() -> None:
    faults = Faults()
    faults.add("key", "x" * 5000)
    assert len(fault_of(faults)) < 500


def test_required_is_a_fault_only_where_the_value_is_missing_or_wrong() -> None:
    faults = Faults()
    assert Table({"a": "x"}, faults).required("a", str) == "x"
    assert not faults
    assert Table({}, faults).required("a", str) is None
    assert fault_of(faults) == "x.toml: a: is missing"


@pytest.mark.parametrize(("text", "name"), [("A", "a"), ("a_B.c", "a-b-c"), ("x--y", "x-y")])
def test_names_are_normalised(text: str, name: str) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize("text", ["", "-a", "a-", "a b", "ä", "a\n"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a name"):
        parse_name(text)
