"""A finished figure: its pictures, its words and its numbers, the same bytes each time."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final
from xml.sax.saxutils import escape

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synth.plots.style import BACKGROUND, drawing_settings

_NO_METADATA: Final = {"Creator": None, "Date": None, "Format": None, "Type": None}
# matplotlib numbers its groups (axes_1, text_12); two figures in one page would share these, and nothing needs them.
_GROUP_NAME: Final = re.compile(r'<g id="[A-Za-z0-9.]+_\d+"')
# In a page this rule of matplotlib's would reach every other picture; the root element says the same for this one.
_STYLE_SHEET: Final = re.compile(r" *<defs>\s*<style[^>]*>\*\{[^}]*\}</style>\s*</defs>\n")
_STROKES: Final = 'stroke-linejoin="round" stroke-linecap="butt"'


class Drawing:
    """A figure with its alternative text and the table of what is drawn.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made without pyplot, so that nothing outlives the drawing.
    title : str
        Short name, kept as the title of the SVG.
    alt_text : str
        What is seen, in words and numbers.
    data : pandas.DataFrame
        What is drawn, one line for each mark, with nothing shortened.

    Notes
    -----
    In a notebook a drawing shows itself as SVG, with the alternative text as plain text; both are the same for the same
    numbers and the same versions of the libraries, so that a committed output can be compared.
    """

    def __init__(self, figure: Figure, *, title: str, alt_text: str, data: pd.DataFrame) -> None:
        self.figure = figure
        self.title = title
        self._alt_text = alt_text
        self._data = data

    @property
    def axes(self) -> tuple[Axes, ...]:
        """The axes, those that hold the marks first."""
        return tuple(reversed(self.figure.axes))

    def alt_text(self) -> str:
        """What is seen, in words and numbers."""
        return self._alt_text

    def data(self) -> pd.DataFrame:
        """What is drawn, as a table of its own that may be changed."""
        return self._data.copy()

    def svg(self) -> bytes:
        """A standalone SVG that may also be put into a page: text as text, no date, no version, no shared ids."""
        buffer = io.StringIO()
        with _quiet_about_glyphs(), drawing_settings():
            self.figure.savefig(buffer, format="svg", facecolor=BACKGROUND, metadata=_NO_METADATA)
        picture = buffer.getvalue()
        picture = _GROUP_NAME.sub("<g", picture[picture.index("<svg") :])
        opening, rest = _STYLE_SHEET.sub("", picture, count=1).split(">", 1)
        words = f"<title>{escape(self.title)}</title>\n <desc>{escape(self._alt_text)}</desc>"
        return f'{opening} role="img" {_STROKES}>\n {words}{rest}'.encode()

    def png(self, dpi: int = 200) -> bytes:
        """A PNG without date and software name.

        Parameters
        ----------
        dpi : int
            Pixels per inch of the printed size. Letters that DejaVu Sans lacks are drawn as boxes here; the SVG keeps
            them as text.
        """
        buffer = io.BytesIO()
        with _quiet_about_glyphs(), drawing_settings():
            self.figure.savefig(buffer, format="png", dpi=dpi, facecolor=BACKGROUND, metadata={"Software": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"<Drawing: {self.title}>"

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        shown = {"image/svg+xml": self.svg().decode(), "text/plain": self._alt_text}
        return {
            kind: text
            for kind, text in shown.items()
            if (not include or kind in include) and (not exclude or kind not in exclude)
        }


@contextmanager
def _quiet_about_glyphs() -> Iterator[None]:
    """A letter that DejaVu Sans lacks is drawn as a box (see `Drawing.png`); matplotlib need not warn of each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font", category=UserWarning)
        yield
