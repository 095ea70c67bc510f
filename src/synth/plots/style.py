"""The one look of all figures: colours, sizes in points, fonts, and the matplotlib settings that hold while drawing.

Colours are those of Okabe and Ito ("Color Universal Design", 2002, revised 2008, https://jfly.uni-koeln.de/color/),
taken from matplotlib's own copy of that set. Colour never carries a meaning alone: shapes, dashes and words do too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import matplotlib
from matplotlib import style as matplotlib_style
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties

_OKABE_ITO: Final = tuple(to_hex(color) for color in matplotlib.color_sequences["okabe_ito"])
_BLACK, _ORANGE, SKY, _GREEN, _YELLOW, BLUE, VERMILLION, _PURPLE = _OKABE_ITO

BACKGROUND: Final = "#ffffff"
TEXT: Final = "#1a1a1a"
MUTED: Final = "#4d4d4d"  # 8.5 to 1 on white: small print must stay readable in print and on a phone
RULE: Final = "#8c8c8c"
STRIPE: Final = "#f4f6f8"
HEADING_FILL: Final = "#e8edf2"
REFERENCE_COLOURS: Final = (VERMILLION, _GREEN, _PURPLE, _ORANGE)
REFERENCE_DASHES: Final = ((5.0, 2.0), (1.5, 1.5), (7.0, 2.0, 1.5, 2.0))

PAGE_WIDTH: Final = 460.0
"""Points: the width of the text on a printed page; a 390 px screen shows the 10 point text at over 8 px."""
MARGIN: Final = 8.0
GAP: Final = 10.0
TITLE_SIZE: Final = 11.5
TEXT_SIZE: Final = 10.0
SMALL_SIZE: Final = 9.0
LINE_SPACING: Final = 1.28
"""Distance between two baselines, in multiples of the text size."""

_FONT_FILES: Final = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# The bundled file is named so that widths do not depend on the fonts of the machine.
_FONT_FILE: Final = {False: _FONT_FILES / "DejaVuSans.ttf", True: _FONT_FILES / "DejaVuSans-Bold.ttf"}

_SETTINGS: Final[dict[str, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "living evidence notebooks",
    "font.family": ["DejaVu Sans", "sans-serif"],
    # matplotlib writes this list in place of "sans-serif"; its own default names fonts wider than DejaVu Sans.
    "font.sans-serif": ["DejaVu Sans"],
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "path.simplify": False,
}


@contextmanager
def drawing_settings() -> Iterator[None]:
    """Matplotlib's defaults with this style on top, whatever the reader's matplotlibrc says; undone on leaving."""
    with matplotlib_style.context(_SETTINGS, after_reset=True):
        yield


def font(size: float, *, bold: bool = False) -> FontProperties:
    """DejaVu Sans as bundled with matplotlib, with the generic family behind it.

    Parameters
    ----------
    size : float
        Points.
    bold : bool
        Weight.
    """
    return FontProperties(
        family=["DejaVu Sans", "sans-serif"], weight="bold" if bold else "normal", size=size, fname=_FONT_FILE[bold]
    )
