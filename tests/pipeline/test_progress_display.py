"""What a person sees while notebooks run."""

from __future__ import annotations

import io

import pytest

from synth.pipeline.events import Event
from synth.pipeline.progress import ProgressDisplay

RUN = [
    Event(kind="notice", message="ordinary kernels [are] used"),
    Event(kind="started", notebook="a.ipynb", cells=3),
    Event(kind="started", notebook="long_name.ipynb", cells=5),
    Event(kind="cell", notebook="a.ipynb", cell=1, cells=3, seconds=0.1),
    Event(kind="cell", notebook="long_name.ipynb", cell=4, cells=5, seconds=0.1),
    Event(kind="finished", notebook="a.ipynb", cell=3, cells=3, seconds=1.26),
    Event(
        kind="failed", notebook="long_name.ipynb", cell=4, cells=5, seconds=12.3, message="long_name.ipynb: cell 4: X"
    ),
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, events: list[Event]) -> str:
    with ProgressDisplay(["a.ipynb", "long_name.ipynb"], stream) as display:
        for event in events:
            display(event)
    return stream.getvalue()


def test_elsewhere_than_on_a_terminal_there_is_a_line_for_each_notebook():
    *lines, last = shown(io.StringIO(), RUN).splitlines()
    assert lines == [
        "ordinary kernels [are] used",
        "a.ipynb          passed    1.3 s",
        "long_name.ipynb  FAILED   12.3 s  at cell 4 of 5",
    ]
    assert last.startswith("1 of 2 notebooks failed in 0.")
    assert last.endswith(" s: long_name.ipynb")


def test_end_line_of_a_run_that_passed():
    passed = [Event(kind="finished", notebook=name, seconds=1.0) for name in ("a.ipynb", "long_name.ipynb")]
    assert shown(io.StringIO(), passed).splitlines()[-1].startswith("2 notebooks passed in 0.")


def test_on_a_terminal_bars_show_where_each_notebook_is(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    text = shown(Terminal(), RUN)
    for words in (
        "a.ipynb",
        "passed",
        "long_name.ipynb",
        "failed at cell 4",
        "2 notebooks",
        "ordinary kernels [are] used",
    ):
        assert words in text
    assert text.splitlines()[-1].endswith("s: long_name.ipynb")


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_no_end_line_after_an_error(stream):
    with pytest.raises(KeyboardInterrupt), ProgressDisplay(["a.ipynb"], stream):
        raise KeyboardInterrupt
    assert "passed in" not in stream.getvalue()
