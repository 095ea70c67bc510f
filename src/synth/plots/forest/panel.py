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

Tone = Literal["good", "fair", "poor", "very poor", "none"]

_LONGEST_HEADING: Final = 4
_LONGEST_SYMBOL: Final = 2
_BETWEEN: Final = 2.0  # points between two cells
_SAMPLE_GAP: Final = 14.0  # points between two samples of the legend
_CELL: Final = 12.5  # side of a cell, points
_YELLOW: Final = to_hex(color_sequences["okabe_ito"][4])
# Fill and letter: fair and poor differ in lightness too, so that they differ in grey; the symbol says it once more.
_LOOKS: Final[dict[Tone, tuple[str, str]]] = {
    "good": (SKY, TEXT),
    "fair": (_YELLOW, TEXT),
    "poor": (VERMILLION, TEXT),
    "very poor": (TEXT, BACKGROUND),
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
    tone : {"good", "fair", "poor", "very poor", "none"}
        Its fill.

    Raises
    ------
    MethodError
        If words or symbol are missing, the symbol is longer, or the tone is unknown.
    """

    words: str
    symbol: str
    tone: Tone

    def __post_init__(self) -> None:
        if not self.words.strip():
            raise MethodError(f"judgement {self.symbol!r} has no words; words for its legend are expected")
        if not 1 <= len(self.symbol.strip()) <= _LONGEST_SYMBOL:
            raise MethodError(
                f"judgement {self.words!r} has the symbol {self.symbol!r}; one or two characters are expected"
            )
        if self.tone not in get_args(Tone):
            raise MethodError(f"judgement {self.words!r}: tone {self.tone!r}; one of {', '.join(get_args(Tone))}")


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

    Raises
    ------
    MethodError
        If there is no domain, a heading is longer, or words are missing.
    """

    title: str
    domains: Mapping[str, str]

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
        return max(_CELL + _BETWEEN, text.widest(tuple(self.domains), SMALL_SIZE, bold=True) + _BETWEEN)

    @property
    def width(self) -> float:
        """Points."""
        return self.pitch * len(self.domains)

    @property
    def height(self) -> float:
        """Of one row of cells with the room around it, points."""
        return _CELL + 2 * _BETWEEN

    @property
    def legend(self) -> str:
        """Headings with their names."""
        listed = "; ".join(f"{heading} {words}" for heading, words in self.domains.items())
        return f"{self.title}, by domain: {listed}."

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
        return f"{self.title}: {'; '.join(parts)}."


def check_panel(panel: JudgementPanel | None, rows: Iterable[tuple[str, RowJudgements]]) -> None:
    """Refuse judgements without a panel, of an unknown domain, or one symbol with two meanings.

    Parameters
    ----------
    panel : JudgementPanel or None
    rows : iterable of (name, RowJudgements)
        Each row's name for a message, and its judgements.

    Raises
    ------
    MethodError
        See above.
    """
    meanings: dict[tuple[str, Tone], str] = {(NOT_JUDGED.symbol, NOT_JUDGED.tone): NOT_JUDGED.words}
    for name, judgements in rows:
        if judgements and panel is None:
            raise MethodError(f"forest plot: {name} has judgements; a panel with their domains is expected")
        for heading, found in judgements.items():
            if panel is not None and heading not in panel.domains:
                raise MethodError(
                    f"forest plot: {name} is judged in {heading!r}; the panel has {', '.join(panel.domains)}"
                )
            said = meanings.setdefault((found.symbol, found.tone), found.words)
            if said != found.words:
                raise MethodError(
                    f"forest plot: {name} shows {found.words!r} by the symbol {found.symbol!r}, which stands for "
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
        x = left + place * panel.pitch + (panel.pitch - _CELL) / 2
        draw_cell(canvas, found, x, middle, label=f"judgement {index} {heading}")


def draw_cell(canvas: Canvas, judgement: Judgement, left: float, middle: float, *, label: str) -> None:
    """One cell: a filled square with the symbol."""
    fill, letter = _LOOKS[judgement.tone]
    unfilled = judgement.tone == "none"
    edge = RULE if unfilled else fill
    canvas.box(left, middle - _CELL / 2, _CELL, _CELL, fill=fill, edge=edge, dashed=unfilled, label=label)
    top = middle - SMALL_SIZE * LINE_SPACING / 2
    symbol = (text.printable(judgement.symbol),)
    canvas.text(symbol, left + _CELL / 2, top, size=SMALL_SIZE, bold=True, color=letter, align="center")


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
    return _CELL + 4 + text.widest(_sample_words(judgement, most), SMALL_SIZE) + _SAMPLE_GAP


def _sample_words(judgement: Judgement, most: float) -> tuple[str, ...]:
    return text.wrap(judgement.words, most - _CELL - 4, SMALL_SIZE, max_lines=1)


def draw_samples(
    canvas: Canvas, lines: Sequence[Sequence[Judgement]], left: float, top: float, *, width: float, height: float
) -> float:
    """The legend's cells with their words, each line so high; returns the height that they take."""
    for row, line in enumerate(lines):
        x, middle = left, top + (row + 0.5) * height
        for judgement in line:
            draw_cell(canvas, judgement, x, middle, label="sample cell")
            words_top = middle - SMALL_SIZE * LINE_SPACING / 2
            canvas.text(_sample_words(judgement, width), x + _CELL + 4, words_top, size=SMALL_SIZE)
            x += sample_width(judgement, width)
    return len(lines) * height
