"""An invented report that uses everything the report model has. No person, study, figure or finding in it is real.

The texts are short stories about an imaginary ligament of an imaginary lizard; the hostile ones try to break out of
each output format.
"""

from __future__ import annotations

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.pyplot import rc_context

from synth.report.model import (
    Bullets,
    Callout,
    Column,
    Document,
    Facts,
    Figure,
    Paragraph,
    Row,
    Run,
    Runs,
    Section,
    Table,
    runs,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(2)>",
    "& < > \" ' &amp; &lt;b&gt;",
    "| a | b | and a \\| and a trailing backslash \\",
    "*stars* _underscores_ **both** ~~struck~~ `code` ``` fence",
    "# not a heading",
    "- not an item",
    "1. not an item either",
    "> not a quotation",
    "[x](https://example.org/not-a-link) ![y](z.png) [ref]: q",
    "@someone and #123 and :tada: and www.example.org and https://example.org/plain",
    "=cmd()",
    "+1+cmd|' /C calc'!A0",
    "@import url(https://example.org/x.css)",
    "$x$ and $$y$$",
    "#let x = 1; #panic() \\ *bold* @label <label> // comment /* c */",
    "{{ 7 * 7 }} {% raw %}",
    "]]> <!-- comment --> <?xml?>",
    "שלום עולם and مرحبا بالعالم between Latin words",
    "Ærøskøbing, Zürich, Łódź, Ångström, naïve, ﬁ, e\u0301, 12 µm, p ≤ 0.05, −0.71, x̄ ± s, ½",
    "emoji 🦎🦴 and 漢字",
    "a null \x00, an escape \x1b[31m, a bell \x07, an override \u202e123\u202c, a surrogate \ud800",
    "two\nlines\r\nand\ta tab",
    "  spaces around  ",
    "https://example.org/" + "a-very-long-address-that-goes-on/" * 6 + "end?query=value&other=value#part",
    "Pneumonoultramicroscopicsilicovolcanoconiosispneumonoultramicroscopicsilicovolcanoconiosis",
)

PROSE = (
    "In this invented review, lizards of three islands were followed after one of two imaginary procedures on an "
    "imaginary ligament. None of it happened. The paragraph is long enough to show how the measure of a line reads on "
    "a wide screen and on a telephone, and how a number such as 42.9 (24.4 to 61.4) sits within running text."
)


def sample_document() -> Document:
    """The whole invented report."""
    return Document(
        title="Does tail massage help lizards with an invented ligament complaint?",
        kind="Evidence map (invented)",
        lead=_lead(),
        as_of="2031-02-28",
        sections=(_summary(), _outcomes(), _hostile(), _deep(), _studies(), _matter()),
    )


def _lead() -> tuple[Callout, ...]:
    return (
        Callout(
            "answer",
            "Answer",
            (
                Paragraph(
                    runs(
                        "Scores were higher after massage in the one invented series that measured them; ",
                        Run("whether massage caused this is very uncertain.", strong=True),
                        " No study compared procedures.",
                    )
                ),
            ),
        ),
        Callout("note", "Question", (Paragraph(runs("In lizards with the complaint, what happens after massage?")),)),
        Callout(
            "caution",
            "How certain",
            (
                Facts((("Certainty", runs("very low")), ("Studies", runs("3, none compared")))),
                Bullets((runs("No study was read in full."), runs("Why: ", Run("limits", link="#limits"), "."))),
            ),
        ),
        Callout("note", "As of", (Paragraph(runs("Evidence as of 28 February 2031; next look due in August.")),)),
    )


def _summary() -> Section:
    blocks = (
        Paragraph(runs(PROSE)),
        Paragraph(
            runs(
                "See ",
                Run("the outcomes table", link="#outcomes-table"),
                ", ",
                Run("study Gecko 2029", link="#study-gecko2029"),
                " and ",
                Run(
                    "the full text of an imaginary article",
                    link="https://example.org/a(b)c<d>|e?x=1&y=ü",
                    emphasis=True,
                ),
                ". A figure with a mark: 42.9",
                Run("derived", mark=True),
                " points, ",
                Run("strong", strong=True),
                Run("and emphasised", emphasis=True),
                Run(" strong with a space ", strong=True),
                "and plain.",
            )
        ),
        Bullets((runs("first invented item"), runs("second, with ", Run("strong", strong=True), " words"))),
        Bullets((runs("numbered one"), runs("numbered two")), numbered=True),
        Paragraph(runs("Another list starts again at one:")),
        Bullets((runs("again one"), runs("again two")), numbered=True),
        Facts(
            (
                ("Population", runs("lizards with the imaginary complaint")),
                ("A label that is rather long for its column", runs("value, with ", Run("a link", link="#limits"))),
            )
        ),
        Callout("note", "An aside within a section", (Paragraph(runs("It is boxed, and not a heading.")),)),
    )
    return Section("Summary", "summary", blocks)


def _outcomes() -> Section:
    return Section(
        "Outcomes",
        "outcomes",
        (
            Table(
                "Invented outcomes after massage",
                (
                    Column("Outcome", width=2),
                    Column("Studies", "right"),
                    Column("Lizards", "right"),
                    Column("Mean change", "right"),
                ),
                (
                    Row((runs("Tail score, 0 to 100"), runs("1"), runs("12"), runs("42.9", Run("derived", mark=True)))),
                    Row((runs("Climbing height, cm"), runs("2"), runs("31"), runs("−0.71 (−1.10 to −0.33)"))),
                    Row((runs("Colour"), (), (), runs("not seen")), anchor="outcome-colour"),
                ),
                notes=(
                    runs("An empty cell means ", Run("not seen", strong=True), "."),
                    runs("All figures are invented."),
                ),
                anchor="outcomes-table",
            ),
            _figure("tail-score", "Change of the invented tail score in three invented series", 3),
            Section(
                "Everything that was measured",
                "measured",
                (
                    _wide_table(),
                    Paragraph(runs(PROSE)),
                    _matrix("What each invented study reported"),
                    _matrix("The same matrix again, on the same page on its side"),
                    Paragraph(runs(PROSE)),
                    _figure("climbing", "Climbing height of ten invented series", 10),
                ),
            ),
        ),
    )


def _wide_table() -> Table:
    titles = (
        "Study",
        "Procedure",
        "Instrument",
        "Baseline",
        "Last value",
        "Change",
        "Interval",
        "Lizards",
        "Where it was seen",
    )
    columns = tuple(Column(title, "right" if 3 <= index <= 7 else "left") for index, title in enumerate(titles))
    groups = ("Tail massage", "Ligament transplantation")
    rows = []
    for group in groups:
        rows.append(Row((runs(group),), group=True))
        for number in range(1, 5):
            cells = (
                runs(Run(f"Gecko {2020 + number}", link="#study-gecko2029")),
                runs(f"{group.lower()}, modified"),
                runs("Invented Herpetological Function Score"),
                runs(f"{50 + number}.{number}"),
                runs(f"{80 + number}.{number}"),
                runs(f"{30 + number}.0", Run("derived", mark=True), Run("ceiling", mark=True)),
                runs(f"{20 + number}.1 to {40 + number}.9"),
                runs(f"{number * 3} of {number * 3 + 1}"),
                runs(
                    Run(
                        f"doi:10.0000/example.{number}.ligamentum.caudale.massage",
                        link=f"https://doi.org/10.0000/example.{number}",
                    ),
                    ", table 2",
                ),
            )
            rows.append(Row(cells))
    return Table(
        "Every invented measurement, nine columns wide", columns, tuple(rows), (runs("Lizards: analysed of enrolled."),)
    )


def _matrix(caption: str) -> Table:
    organs = (
        *("Tail", "Whiskerless snout", "Left forelimb", "Right forelimb", "Crest", "Dewlap", "Claws", "Tongue"),
        *("Temperature", "Pigmentation", "Regeneration"),
    )
    states = ("figure", "direction only", "not mentioned", "measured, not seen")
    rows = tuple(
        Row((runs(f"Chameleon {2000 + study}"), *(runs(states[(study + place) % 4]) for place in range(len(organs)))))
        for study in range(7)
    )
    return Table(caption, (Column("Study"), *map(Column, organs)), rows)


def _hostile() -> Section:
    columns = (Column("Text"), Column("Again & <again> | *here*"))
    rows = tuple(Row((runs(text), runs(Run(text, strong=True), Run(text, emphasis=True)))) for text in HOSTILE)
    return Section(
        "Hostile texts & <b>their</b> *places* | $here$ #let",
        "hostile",
        (
            *(Paragraph(runs(text)) for text in HOSTILE),
            Bullets(tuple(runs(text) for text in HOSTILE)),
            Facts(tuple((text, runs(text)) for text in HOSTILE[:6])),
            Callout(
                "caution", HOSTILE[0], (Paragraph(runs(HOSTILE[1], Run(HOSTILE[4], link="https://example.org/x"))),)
            ),
            Table(f"Hostile {HOSTILE[2]} {HOSTILE[3]}", columns, rows, tuple(runs(text) for text in HOSTILE[:4])),
        ),
    )


def _deep() -> Section:
    inner = Section("Third level, with a list", "third", (Bullets((runs("deep item"),)), Paragraph(runs(PROSE))))
    middle = Section("Second level", "second", (Paragraph(runs("Between the levels.")), inner))
    return Section(
        "Sections within sections",
        "first",
        (middle, Section("Another second level", "other", (Paragraph(runs(PROSE)),))),
    )


def _studies() -> Section:
    columns = (
        Column("Study"),
        Column("Year", "right"),
        Column("Island", width=1.5),
        Column("Lizards", "right"),
        Column("Citation", width=3),
    )
    rows = tuple(_study_row(number) for number in range(60))
    return Section(
        "All sixty invented studies",
        "studies",
        (Table("Invented studies in the order of their numbers", columns, rows, anchor="studies-table"),),
        folded=True,
    )


def _study_row(number: int) -> Row:
    title = f"An invented title about lizards, part {number}"
    citation = f"Author {number}, Colleague A, Colleague B. {title}. Journal of Nothing; {number}:1-9."
    cells = (
        runs(f"Gecko {1990 + number}"),
        runs(str(1990 + number)),
        runs(("North Island", "South Island", "Island of the Middle")[number % 3]),
        runs(str(3 + number % 7)),
        runs(Run(citation, link=f"https://example.org/invented/{number}")),
    )
    return Row(cells, anchor="study-gecko2029" if number == 39 else f"study-{number}")


def _matter() -> Section:
    return Section(
        "Limits, and what would change the answer",
        "limits",
        (
            Callout(
                "caution",
                "Nobody has signed this",
                (Paragraph(runs("It is invented and is not advice.")), Bullets((runs("not for lizards"),))),
            ),
            Section("Long reference matter", "reference", (Paragraph(runs(PROSE)), _small_table()), folded=True),
        ),
    )


def _small_table() -> Table:
    return Table(
        "Two columns",
        (Column("Word"), Column("Meaning")),
        (Row((runs("massage"), runs("an invented procedure"))), Row((runs("tail"), runs("an invented organ")))),
    )


def _figure(name: str, caption: str, series: int) -> Figure:
    values = [10.0 + 3.5 * index for index in range(series)]
    svg, png = _drawn(values)
    rows = tuple(Row((_label(index), runs(f"{value:.1f}"))) for index, value in enumerate(values))
    table = Table(
        f"Values drawn: {caption}", (Column("Series"), Column("Change", "right")), rows, anchor=f"{name}-data"
    )
    alt = f"Forest plot of {series} invented series, each a square with a line for its interval; all lie right of zero."
    return Figure(name, caption, alt, svg, png, table, anchor=name)


def _label(index: int) -> Runs:
    return runs(f"Invented series {index + 1}")


def _drawn(values: list[float]) -> tuple[bytes, bytes]:
    style = {"svg.fonttype": "none", "svg.hashsalt": "synth", "font.family": "DejaVu Sans", "font.size": 9}
    with rc_context(style):
        canvas = Canvas(figsize=(7, 1.2 + 0.35 * len(values)), layout="constrained")
        axes = canvas.add_subplot()
        axes.errorbar(values, range(len(values)), xerr=8, fmt="s", color="#0b5563", capsize=3)
        axes.axvline(0, color="#888888", linewidth=1)
        axes.set_yticks(range(len(values)), [f"Invented series {index + 1}" for index in range(len(values))])
        axes.set_xlabel("Change, points (− worse, + better) & <more>")
        svg, png = io.BytesIO(), io.BytesIO()
        FigureCanvasSVG(canvas).print_svg(svg, metadata={"Date": None})
        FigureCanvasAgg(canvas)
        canvas.savefig(png, dpi=200, metadata={"Software": None})
    return svg.getvalue(), png.getvalue()
