"""Invented rows of directions, and what a plot of them has drawn."""

from __future__ import annotations

import random

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from synth.plots import Drawing
from synth.plots.effect_direction_rows import DirectionRow

OUTCOMES = ("Pain", "Hip function", "Return to sport")
DEPTHS = ("abstract", "first page", "full text")
FILLS = ("figure", "in words only")
STATUSES = ("figure", "direction only", "measured but not seen", "not mentioned")
LONG_NAME = "Invented Collaborative Group With a Name That Is Far Too Long for Any Column of a Table of Studies 2001"
#: Names and words that break a picture which does not measure, clean and keep them.
HOSTILE = (
    "$x_1$ <b>&amp;</b> \x07\x00 bell",
    "Unbreakable" * 12,
    "مطالعة مخترعة 2004",
    "虚构的研究二零零五年",
    "line\nbreak\tand   spaces",
    "e\N{COMBINING ACUTE ACCENT}" * 30,
)


def invented(k: int, outcomes: tuple[str, ...] = OUTCOMES, *, seed: int = 1) -> list[DirectionRow]:
    """Rows of so many invented studies; the same each time."""
    chance = random.Random(seed + k)
    rows = []
    for index in range(k):
        single = index % 4 == 3
        for outcome in outcomes:
            status = chance.choices(STATUSES, (5, 2, 1, 2))[0]
            seen = status in STATUSES[:2]
            several = seen and index % 5 == 2
            for instrument in ("score one", "score two") if several else ("score one",):
                rows.append(
                    DirectionRow(
                        label=LONG_NAME if index == 1 else f"Invented {2000 + index}",
                        outcome=outcome,
                        status=status,
                        direction=chance.choices(("higher", "lower", "no clear change"), (6, 2, 1))[0] if seen else "",
                        better=None if index % 9 == 8 else "higher",
                        n=1 if single else (None, 7, 33, 61, 412)[index % 5],
                        unit=("hips", "patients")[index % 2],
                        single_patient=single,
                        design="case report" if single else "case series",
                        depth=DEPTHS[index % 3],
                        instruments=(instrument,),
                        mark="an invented video abstract" if index == 2 else "",
                        height=DEPTHS[index % 3],
                        fill=FILLS[status == "direction only"] if seen else "",
                    )
                )
    return rows


def one(**changes: object) -> DirectionRow:
    """One invented row of a series that got better."""
    given = {
        "label": "A 2001", "outcome": "Pain", "status": "figure", "direction": "higher", "better": "higher", "n": 12,
        "height": "abstract", "fill": "figure",
    }  # fmt: skip
    return DirectionRow(**{**given, **changes})


def patches(drawing: Drawing, start: str) -> dict[str, list[Patch]]:
    """Patches of the page whose label begins so, by the rest of it."""
    found: dict[str, list[Patch]] = {}
    for patch in drawing.figure.axes[0].patches:
        label = str(patch.get_label())
        if label.startswith(start):
            found.setdefault(label.removeprefix(start), []).append(patch)
    return found


def page_lines(drawing: Drawing, start: str) -> dict[str, Line2D]:
    """Lines of the page whose label begins so, by the rest of it."""
    lines = drawing.figure.axes[0].lines
    return {
        str(line.get_label()).removeprefix(start): line for line in lines if str(line.get_label()).startswith(start)
    }


def words(drawing: Drawing) -> str:
    """All words of the page, in one text with plain spaces."""
    lines = (text.get_text() for text in drawing.figure.axes[0].texts)
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")
