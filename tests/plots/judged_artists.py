"""What a picture of judgements has drawn, read back from its artists, and invented rows to draw."""

from __future__ import annotations

from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from synth.plots import Drawing
from synth.plots.forest.panel import Judgement, JudgementPanel
from synth.plots.judged_rows import JudgedRow

LOW = Judgement("low", "+", "good")
SOME = Judgement("some concerns", "-", "fair")
HIGH = Judgement("high", "x", "poor")
SOME_OR_HIGH = Judgement("some concerns or high", "-x", "open", ("fair", "poor"))
ANY = Judgement("any level", "*", "open", ("good", "fair", "poor"))
UNSEEN = Judgement("unclear: abstract only", "A", "unseen")
LEVELS = (LOW, SOME, HIGH, SOME_OR_HIGH, ANY, UNSEEN)

#: Labels that no layout may stumble over.
HOSTILE = (
    "<b>&amp; \"quoted\" 'twice' </svg>",
    "$\\frac{x}{y}$ and _under_ ^over^",
    "line\nbreak\tand \x00 null",
    "a name without a space " + "abcdefghij" * 16,
    "\N{RIGHT-TO-LEFT OVERRIDE}turned \N{CJK UNIFIED IDEOGRAPH-8A66}\N{CJK UNIFIED IDEOGRAPH-9A13} \N{GRINNING FACE}",
    "%s {0} \\n " * 9,
)


def panel(columns: int = 5) -> JudgementPanel:
    """So many invented domains."""
    return JudgementPanel(
        title="Invented appraisal", domains={f"D{i}": f"invented topic {i}" for i in range(1, columns + 1)}
    )


def judged(k: int, columns: int = 5, *, overall: bool = True, groups: int = 1) -> list[JudgedRow]:
    """So many invented rows; one cell in eleven was not judged, and so were a few rows as a whole."""
    rows = []
    for row in range(k):
        cells = {
            heading: LEVELS[(row * (place + 1) + place) % len(LEVELS)]
            for place, heading in enumerate(panel(columns).domains)
            if (row + place) % 11 != 10
        }
        whole = LEVELS[2 * row % len(LEVELS)] if overall and row % 9 != 8 else None
        group = f"Invented design {row % groups + 1}" if groups > 1 else ""
        rows.append(JudgedRow(label=f"Invented {row + 1} ({1960 + row})", judgements=cells, overall=whole, group=group))
    return rows


def boxes(drawing: Drawing) -> dict[str, Rectangle]:
    """Every box with a name, by it."""
    found: dict[str, Rectangle] = {}
    for patch in drawing.axes[-1].patches:
        name = str(patch.get_label())
        if isinstance(patch, Rectangle) and name.startswith(("judgement ", "overall ", "bar ")):
            assert name not in found, f"two boxes are called {name!r}"
            found[name] = patch
    return found


def strip_of(drawing: Drawing, name: str) -> list[str]:
    """Fills of the strip at the foot of a box, from left to right."""
    parts = [
        patch
        for patch in drawing.axes[-1].patches
        if isinstance(patch, Rectangle) and str(patch.get_label()) == f"possible {name}"
    ]
    return [to_hex(patch.get_facecolor()) for patch in sorted(parts, key=lambda patch: float(patch.get_x()))]


def fill_of(box: Rectangle) -> str:
    return to_hex(box.get_facecolor())


def texts_in(drawing: Drawing, box: Rectangle) -> list[str]:
    """Texts that stand in the middle of a box."""
    x, top = box.get_x() + box.get_width() / 2, box.get_y()
    return [
        text.get_text()
        for text in drawing.axes[-1].texts
        if abs(text.get_position()[0] - x) < 0.01 and top < text.get_position()[1] < top + box.get_height() + 0.5
    ]


def page_words(drawing: Drawing) -> str:
    """All words of the page in drawing order, line ends and no-break spaces as spaces."""
    return " ".join(text.get_text() for text in drawing.axes[-1].texts).replace("\N{NO-BREAK SPACE}", " ")
