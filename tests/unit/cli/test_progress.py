"""What is told while work goes on: lines in a pipe, a display on a terminal, and never a thread."""

import io
import threading

import pytest

from siteroot.cli.bars import Bars
from siteroot.cli.parsing import Presentation
from siteroot.cli.progress import Display, Teller
from siteroot.cli.terminal import Paint
from siteroot.model.event import (
    CompilingAdvanced,
    CompilingFinished,
    CompilingStarted,
    Event,
    FetchAdvanced,
    FetchFinished,
    FetchStarted,
    Note,
    PlacingAdvanced,
    PlacingFinished,
    PlacingStarted,
    PreparedWheels,
    PreparingStarted,
    TimePassed,
    Waiting,
    Warned,
)

_MIB = 1024 * 1024


class _Clock:
    """Moves on by a second each time it is asked, so that nothing is left undrawn."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def _told(*events: Event, quiet: int = 0, verbose: int = 0) -> list[str]:
    stream = io.StringIO()
    teller = Teller(
        stream, Paint(on=False), Presentation(quiet=quiet, verbose=verbose), _Clock(), None
    )
    for event in events:
        teller.report(event)
    teller.close()
    return stream.getvalue().splitlines()


_STORY = (
    Note("chosen: the first"),
    Note("in detail", depth=2),
    Warned("careful"),
    Waiting(what="the root pkgs", holder=7),
    Waiting(what="the cache", holder=None),
    PreparingStarted(count=2, size=None),
    FetchStarted(name="small", version="1", size=10),
    FetchStarted(name="unknown", version="1", size=None),
    FetchStarted(name="large", version="1", size=3 * _MIB),
    FetchAdvanced(name="large", count=_MIB),
    FetchFinished(name="large", failed=False),
    PreparedWheels(count=3, size=3 * _MIB, seconds=0.5),
    CompilingStarted(modules=1200),
    CompilingAdvanced(modules=1),
    CompilingFinished(modules=1200, seconds=2.5),
    PlacingStarted(files=10),
    PlacingAdvanced(files=10),
    PlacingFinished(),
)


def test_in_a_pipe_plain_lines_are_told() -> None:
    assert _told(*_STORY) == [
        "warning: careful",
        "Waiting for the root pkgs, which process 7 holds",
        "Waiting for the cache",
        "Downloading large (3.0MiB)",
        "Prepared 3 packages in 500ms (3.0MiB)",
        "Bytecode compiled 1,200 files in 2.50s",
    ]


def test_with_q_nothing_is_told() -> None:
    assert _told(*_STORY, quiet=1) == []


def test_with_v_reasons_are_told() -> None:
    assert "chosen: the first" in _told(*_STORY, verbose=1)
    assert "in detail" not in _told(*_STORY, verbose=1)
    assert "in detail" in _told(*_STORY, verbose=2)


def test_that_nothing_had_to_be_fetched_is_not_told() -> None:
    assert _told(PreparedWheels(count=0, size=0, seconds=0.1)) == []


def _live(stream: io.StringIO, clock: _Clock) -> Teller:
    def open_display() -> Display:
        return Bars(stream, color=False, clock=clock)

    return Teller(stream, Paint(on=False), Presentation(), clock, open_display)


def _screen(text: str) -> list[str]:
    """Return what a terminal shows at the end, by the few controls that are used."""
    lines, row, column = [""], 0, 0
    rest = text
    while rest:
        if rest.startswith("\x1b["):
            end = next(index for index, letter in enumerate(rest[2:], 2) if letter.isalpha())
            amount, control = rest[2:end], rest[end]
            rest = rest[end + 1 :]
            if control == "A":
                row = max(0, row - int(amount or 1))
            elif control == "K":
                lines[row] = ""
            continue
        letter, rest = rest[0], rest[1:]
        if letter == "\n":
            row, column = row + 1, 0
            if row == len(lines):
                lines.append("")
        elif letter == "\r":
            column = 0
        else:
            lines[row] = lines[row][:column].ljust(column) + letter + lines[row][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


def test_on_a_terminal_downloads_are_drawn_and_leave_no_trace() -> None:
    stream, clock = io.StringIO(), _Clock()
    teller = _live(stream, clock)
    teller.report(PreparingStarted(count=2, size=4 * _MIB))
    teller.report(FetchStarted(name="large", version="1", size=3 * _MIB))
    teller.report(FetchStarted(name="small", version="1", size=_MIB))
    teller.report(FetchAdvanced(name="large", count=_MIB))
    drawn = _screen(stream.getvalue())
    assert drawn[0][1:] == " Preparing packages... (0/2)  1.0MiB/4.0MiB"
    assert drawn[1].split()[0] == "large"
    assert drawn[1].endswith("1.0MiB/3.0MiB")
    assert drawn[2].split()[0] == "small"
    teller.report(Warned("careful"))
    teller.report(FetchFinished(name="large", failed=False))
    teller.report(FetchFinished(name="small", failed=False))
    assert "(2/2)" in "".join(_screen(stream.getvalue()))
    teller.report(PreparedWheels(count=2, size=4 * _MIB, seconds=0.5))
    assert [line for line in _screen(stream.getvalue()) if line] == [
        "warning: careful",
        "Prepared 2 packages in 500ms (4.0MiB)",
    ]


def test_a_server_that_is_silent_is_named_and_the_display_lives() -> None:
    stream, clock = io.StringIO(), _Clock()
    teller = _live(stream, clock)
    teller.report(PreparingStarted(count=1, size=_MIB))
    teller.report(FetchStarted(name="slow", version="1", size=_MIB, host="files.test"))
    turns = set()
    for _ in range(8):
        clock.now += 0.1
        teller.report(TimePassed())
        title, row = _screen(stream.getvalue())[:2]
        turns.add(title[0])
        assert title[1:] == " Preparing packages... (0/1)  0B/1.0MiB"
        assert row.split() == ["slow", "waiting", "for", "files.test", "0B/1.0MiB"]
    assert len(turns) > 1
    teller.report(FetchAdvanced(name="slow", count=1024))
    assert "waiting" not in _screen(stream.getvalue())[1]
    teller.close()


@pytest.mark.parametrize("last", [FetchFinished(name="a", failed=True), PreparedWheels(count=1, size=1, seconds=0.1), PlacingStarted(files=5), None])  # fmt: skip
def test_no_thread_ever_lives_so_that_placing_may_fork(last: Event | None) -> None:
    before = set(threading.enumerate())
    stream, clock = io.StringIO(), _Clock()
    teller = _live(stream, clock)
    teller.report(PreparingStarted(count=1, size=10))
    teller.report(FetchStarted(name="a", version="1", size=10))
    teller.report(FetchAdvanced(name="a", count=5))
    assert set(threading.enumerate()) == before
    if last is not None:
        teller.report(last)
    assert set(threading.enumerate()) == before
    teller.close()
    assert stream.getvalue().count("\x1b[?25h") == stream.getvalue().count("\x1b[?25l"), (
        "cursor hidden"
    )


def test_events_may_come_from_many_threads() -> None:
    stream, clock = io.StringIO(), _Clock()
    teller = _live(stream, clock)
    teller.report(PreparingStarted(count=8, size=None))

    def fetch(number: int) -> None:
        teller.report(FetchStarted(name=f"n{number}", version="1", size=100))
        for _ in range(20):
            teller.report(FetchAdvanced(name=f"n{number}", count=5))
        teller.report(FetchFinished(name=f"n{number}", failed=False))

    threads = [threading.Thread(target=fetch, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _screen(stream.getvalue())[0][1:] == " Preparing packages... (8/8)  800B"
    teller.close()
    assert not any(_screen(stream.getvalue()))


def test_placing_is_one_line_that_goes_again() -> None:
    stream, clock = io.StringIO(), _Clock()
    teller = _live(stream, clock)
    teller.report(PlacingStarted(files=1000))
    teller.report(PlacingAdvanced(files=250))
    assert _screen(stream.getvalue()) == ["Placing files ########---------------------- 250/1,000"]
    teller.report(Warned("careful"))
    teller.report(PlacingAdvanced(files=750))
    teller.report(PlacingFinished())
    assert _screen(stream.getvalue()) == ["warning: careful", ""]


def test_compiling_is_one_line_that_goes_again() -> None:
    stream, clock = io.StringIO(), _Clock()
    teller = _live(stream, clock)
    teller.report(CompilingStarted(modules=1000))
    teller.report(CompilingAdvanced(modules=250))
    drawn = "Compiling bytecode ########---------------------- 250/1,000"
    assert _screen(stream.getvalue()) == [drawn]
    teller.report(CompilingFinished(modules=0, seconds=1.0))
    assert not any(_screen(stream.getvalue()))


def test_placing_that_is_over_at_once_is_not_drawn() -> None:
    stream = io.StringIO()
    teller = Teller(
        stream, Paint(on=False), Presentation(), lambda: 0.0, lambda: pytest.fail("drawn")
    )
    for event in (PlacingStarted(files=9), PlacingAdvanced(files=9), PlacingFinished()):
        teller.report(event)
    assert stream.getvalue() == ""


def test_names_are_never_taken_for_markup() -> None:
    stream, clock = io.StringIO(), _Clock()
    teller = _live(stream, clock)
    teller.report(FetchStarted(name="[bold]x[/bold]", version="1", size=10))
    teller.report(Warned("[red]careful[/red] :smile:"))
    teller.close()
    assert "[bold]x[/bold]" in stream.getvalue()
    assert "[red]careful[/red] :smile:" in stream.getvalue()


@pytest.mark.parametrize(
    "drawn",
    [
        (PlacingStarted(files=10), PlacingAdvanced(files=5)),
        (
            PreparingStarted(count=1, size=_MIB),
            FetchStarted(name="a", version="1", size=_MIB, host="far"),
        ),
    ],
    ids=["placing", "fetching"],
)
def test_what_a_signal_says_stands_alone_and_nothing_is_drawn_after_it(
    drawn: tuple[Event, ...],
) -> None:
    stream = io.StringIO()
    teller = _live(stream, _Clock())
    for event in drawn:
        teller.report(event)
    assert len("".join(_screen(stream.getvalue()))) > 10
    teller.interject("Ending")
    for event in (PlacingAdvanced(files=1), FetchAdvanced(name="a", count=9)):
        teller.report(event)
    assert [line for line in _screen(stream.getvalue()) if line.strip()] == ["Ending"]
    teller.close()
    assert [line for line in _screen(stream.getvalue()) if line.strip()] == ["Ending"]
