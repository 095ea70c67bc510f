"""The panel of judgements beside a forest plot: for each row one cell a domain, such as a risk of bias.

The panel knows no tool: domains, words, symbols and tones come from whoever draws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from matplotlib import color_sequences
from matplotlib.colors import to_hex

from synth.errors import MethodError
from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.style import BACKGROUND, LINE_SPACING, RULE, SKY, SMALL_SIZE, TEXT, VERMILLION

Tone = Literal["good", "fair", "poor", "very poor", "open", "unseen", "none"]

_LONGEST_HEADING: Final = 4
_LONGEST_SYMBOL: Final = 2
_SMALLEST: Final = 6.5  # points to which a symbol of two characters may shrink
_STRIP: Final = 0.22  # share of an open cell's height in which the tones that are possible stand side by side
_BETWEEN: Final = 2.0  # points between two cells
_SAMPLE_GAP: Final = 14.0  # points between two samples of the legend
CELL: Final = 12.5
"""Height of a cell beside a row, and its least width, points."""
_WIDE: Final = 16.0  # width of a cell where there is room: two characters fit
_WIDEST: Final = 24.0  # of any cell, and of a strip in a wider box
_YELLOW: Final = to_hex(color_sequences["okabe_ito"][4])
_GREY: Final = "#d3d9de"
# Fill and letter: fair and poor differ in lightness too, so that they differ in grey; the symbol says it once more.
# Each letter stands on its fill with a contrast of at least 4.5 to 1 (tests/plots/test_risk_of_bias_drawn.py).
LOOKS: Final[dict[Tone, tuple[str, str]]] = {
    "good": (SKY, TEXT),
    "fair": (_YELLOW, TEXT),
    "poor": (VERMILLION, TEXT),
    "very poor": (TEXT, BACKGROUND),
    "open": (BACKGROUND, TEXT),
    "unseen": (_GREY, TEXT),
    "none": (BACKGROUND, TEXT),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was judged of one domain in one row.

    Attributes
    ----------
    words : str
        In full, for the legend, the table and the alternative text: "low risk".
    symbol : str
        One or two characters for the cell: "+".
    tone : {"good", "fair", "poor", "very poor", "open", "unseen", "none"}
        Its fill. "open" stands for a judgement that is not settled, "unseen" for what nobody could look up.
    possible : tuple of Tone
        Of an open judgement, the tones of all that it may come to, best first: they stand in a strip in its cell.

    Raises
    ------
    MethodError
        If words or symbol are missing, the symbol is longer, or a tone is unknown; if a judgement that is not open
        names what is possible, or an open one a single tone.
    """

    words: str
    symbol: str
    tone: Tone
    possible: tuple[Tone, ...] = ()

    def __post_init__(self) -> None:
        if not self.words.strip():
            raise MethodError(f"judgement {self.symbol!r} has no words; words for its legend are expected")
        if not 1 <= len(self.symbol.strip()) <= _LONGEST_SYMBOL:
            raise MethodError(
                f"judgement {self.words!r} has the symbol {self.symbol!r}; one or two characters are expected"
            )
        for tone in (self.tone, *self.possible):
            if tone not in get_args(Tone):
                raise MethodError(f"judgement {self.words!r}: tone {tone!r}; one of {', '.join(get_args(Tone))}")
        if len(self.possible) == 1 or (self.possible and self.tone != "open"):
            raise MethodError(
                f"judgement {self.words!r}: tone {self.tone!r} with {len(self.possible)} possible; only an open "
                "judgement has possible tones, and then two or more"
            )


#: Of one row: the judgement of each domain, by the domain's heading.
RowJudgements = Mapping[str, Judgement]

NOT_JUDGED: Final = Judgement("not judged", text.NOTHING, "none")
"""Shown where a row has no judgement of a domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementPanel:
    """Domains of a panel, in their order.

    Attributes
    ----------
    title : str
        What is judged: "Risk of bias".
    domains : mapping of str to str
        Name of each domain in words by its heading of at most four characters: {"D1": "randomisation"}.
    note : str
        A sentence that stands with the legend, such as who judged.

    Raises
    ------
    MethodError
        If there is no domain, a heading is longer, or words are missing.
    """

    title: str
    domains: Mapping[str, str]
    note: str = ""

    def __post_init__(self) -> None:
        if not self.title.strip() or not self.domains:
            raise MethodError(f"panel of judgements {self.title!r}: a title and at least one domain are expected")
        for heading, words in self.domains.items():
            if not 1 <= len(heading.strip()) <= _LONGEST_HEADING or not words.strip():
                raise MethodError(
                    f"panel {self.title!r}: domain {heading!r} ({words!r}); a heading of at most {_LONGEST_HEADING} "
                    "characters and a name in words are expected"
                )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table of what is drawn."""
        return tuple(f"{self.title}: {heading}" for heading in self.domains)

    @property
    def pitch(self) -> float:
        """Points from one cell to the next."""
        return max(CELL + _BETWEEN, text.widest(tuple(self.domains), SMALL_SIZE, bold=True) + _BETWEEN)

    @property
    def width(self) -> float:
        """Points."""
        return self.pitch * len(self.domains)

    @property
    def cell(self) -> float:
        """Width of a cell, points."""
        return min(self.pitch - _BETWEEN, _WIDE)

    @property
    def height(self) -> float:
        """Of one row of cells with the room around it, points."""
        return CELL + 2 * _BETWEEN

    @property
    def legend(self) -> str:
        """Headings with their names, and the note."""
        listed = "; ".join(f"{heading} {words}" for heading, words in self.domains.items())
        return f"{self.title}, by domain: {listed}.{f' {self.note}' if self.note else ''}"

    def of(self, judgements: RowJudgements) -> dict[str, Judgement]:
        """The judgement of each domain in order; `NOT_JUDGED` where there is none."""
        return {heading: judgements.get(heading, NOT_JUDGED) for heading in self.domains}

    def record(self, judgements: RowJudgements) -> dict[str, str]:
        """Words of each judgement, by column of the table."""
        return dict(zip(self.columns, (found.words for found in self.of(judgements).values()), strict=True))

    def in_words(self, rows: Sequence[RowJudgements]) -> str:
        """How often each judgement was given in each domain, for the alternative text."""
        parts = []
        for heading, words in self.domains.items():
            given = [self.of(row)[heading].words for row in rows]
            counts = ", ".join(f"{given.count(word)} {word}" for word in dict.fromkeys(given))
            parts.append(f"{heading} ({words}): {counts}")
        return f"{self.title}: {'; '.join(parts)}.{f' {self.note}' if self.note else ''}"


def check_panel(
    panel: JudgementPanel | None, rows: Iterable[tuple[str, RowJudgements]], *, plot: str = "forest plot"
) -> None:
    """Refuse judgements without a panel, of an unknown domain, or one symbol with two meanings.

    Parameters
    ----------
    panel : JudgementPanel or None
    rows : iterable of (name, RowJudgements)
        Each row's name for a message, and its judgements.
    plot : str
        What the plot is called in a message.

    Raises
    ------
    MethodError
        See above.
    """
    meanings = {(NOT_JUDGED.symbol, NOT_JUDGED.tone, NOT_JUDGED.possible): NOT_JUDGED.words}
    for name, judgements in rows:
        if judgements and panel is None:
            raise MethodError(f"{plot}: {name} has judgements; a panel with their domains is expected")
        for heading, found in judgements.items():
            if panel is not None and heading not in panel.domains:
                raise MethodError(f"{plot}: {name} is judged in {heading!r}; the panel has {', '.join(panel.domains)}")
            said = meanings.setdefault((found.symbol, found.tone, found.possible), found.words)
            if said != found.words:
                raise MethodError(
                    f"{plot}: {name} shows {found.words!r} by the symbol {found.symbol!r}, which stands for "
                    f"{said!r}; one look for each judgement is expected"
                )


def draw_cells(
    canvas: Canvas, panel: JudgementPanel, judgements: RowJudgements, left: float, middle: float, *, index: int
) -> None:
    """One row of cells.

    Parameters
    ----------
    left, middle : float
        Left edge, and height of the cells' middle, points of the page.
    index : int
        Place of the row, from 0; it is in the names of the artists.
    """
    for place, (heading, found) in enumerate(panel.of(judgements).items()):
        x = left + place * panel.pitch + (panel.pitch - panel.cell) / 2
        draw_cell(canvas, found, x, middle, label=f"judgement {index} {heading}", width=panel.cell)


def draw_cell(
    canvas: Canvas,
    judgement: Judgement,
    left: float,
    middle: float,
    *,
    label: str,
    width: float = CELL,
    height: float = CELL,
    size: float = SMALL_SIZE,
) -> None:
    """One cell: a filled box with the symbol; an open one has a strip of what is possible at its foot.

    Parameters
    ----------
    left, middle : float
        Left edge, and height of the cell's middle, points of the page.
    label : str
        Of the box; those of the strip begin with "possible".
    width, height : float
        Of the box, points.
    size : float
        Of the symbol, points; a symbol of two characters is set as much smaller as the box needs.
    """
    strip = draw_ground(canvas, judgement, left, middle, width=width, height=height, label=label)
    symbol = text.printable(judgement.symbol)
    size = max(_SMALLEST, min(size, size * (width - 1) / text.text_width(symbol, size, bold=True)))
    top = middle - strip / 2 - size * LINE_SPACING / 2
    color = LOOKS[judgement.tone][1]
    canvas.text((symbol,), left + width / 2, top, size=size, bold=True, color=color, align="center")


def draw_ground(
    canvas: Canvas, judgement: Judgement, left: float, middle: float, *, width: float, height: float, label: str
) -> float:
    """A cell without its symbol; returns the height of the strip at its foot, which is 0 where it has none.

    In a wide box the strip stays as wide as in a cell, so that its parts cannot be read as shares of the box.
    """
    fill, _ = LOOKS[judgement.tone]
    unfilled = judgement.tone == "none"
    edge = RULE if unfilled else TEXT if judgement.tone == "open" else fill
    canvas.box(left, middle - height / 2, width, height, fill=fill, edge=edge, dashed=unfilled, label=label)
    strip = _STRIP * height if judgement.possible else 0.0
    for place, tone in enumerate(judgement.possible):
        part = min(width, _WIDEST) / len(judgement.possible)
        start = left + max(width - _WIDEST, 0.0) / 2
        foot = middle + height / 2 - strip
        canvas.box(start + place * part, foot, part, strip, fill=LOOKS[tone][0], edge=TEXT, label=f"possible {label}")
    return strip


def draw_headings(canvas: Canvas, panel: JudgementPanel, left: float, top: float) -> None:
    """The short heading of each domain above its cells."""
    for place, heading in enumerate(panel.domains):
        middle = left + (place + 0.5) * panel.pitch
        canvas.text((text.printable(heading),), middle, top, size=SMALL_SIZE, bold=True, align="center")


def samples(panel: JudgementPanel, rows: Iterable[RowJudgements]) -> tuple[Judgement, ...]:
    """Every judgement that the panel shows, from good to poor."""
    shown = dict.fromkeys(found for row in rows for found in panel.of(row).values())
    order = get_args(Tone)
    return tuple(sorted(shown, key=lambda found: order.index(found.tone)))


def sample_lines(found: Sequence[Judgement], width: float) -> tuple[tuple[Judgement, ...], ...]:
    """Samples of the legend in lines that fit a width, points."""
    lines: list[list[Judgement]] = []
    left = width
    for judgement in found:
        needed = sample_width(judgement, width)
        if not lines or left < needed:
            lines.append([])
            left = width
        lines[-1].append(judgement)
        left -= needed
    return tuple(tuple(line) for line in lines)


def sample_width(judgement: Judgement, most: float) -> float:
    """Room that one sample of the legend takes with the gap behind it, points."""
    return _WIDE + 4 + text.widest(_sample_words(judgement, most), SMALL_SIZE) + _SAMPLE_GAP


def _sample_words(judgement: Judgement, most: float) -> tuple[str, ...]:
    return text.wrap(judgement.words, most - _WIDE - 4, SMALL_SIZE, max_lines=1)


def draw_samples(
    canvas: Canvas, lines: Sequence[Sequence[Judgement]], left: float, top: float, *, width: float, height: float
) -> float:
    """The legend's cells with their words, each line so high; returns the height that they take."""
    for row, line in enumerate(lines):
        x, middle = left, top + (row + 0.5) * height
        for judgement in line:
            draw_cell(canvas, judgement, x, middle, label="sample cell", width=_WIDE)
            words_top = middle - SMALL_SIZE * LINE_SPACING / 2
            canvas.text(_sample_words(judgement, width), x + _WIDE + 4, words_top, size=SMALL_SIZE)
            x += sample_width(judgement, width)
    return len(lines) * height
