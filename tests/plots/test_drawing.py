"""A drawing gives the same bytes each time and says in words what it shows."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest

from synth.plots import Drawing, ForestRow, ForestSummary, ReferenceLine, forest

SCRIPT = """
import hashlib
from synth.plots import FlowColumn, FlowCounts, FlowStage, ForestRow, ForestSummary, ReferenceLine, forest, prisma_flow
rows = [ForestRow(label=f"Invented {i}", estimate=i + 1.0, interval=(i + 0.5, i + 3.0), weight=0.5, mark=f"m{i}",
                  columns={"n": str(i)}) for i in range(2)]
plot = forest(rows, summaries=[ForestSummary(label="Pool", estimate=1.5, interval=(1, 2), prediction=(0.5, 9))],
              effect_label="Ratio", log_scale=True, null_value=1, columns=("n",),
              reference_lines=[ReferenceLine(2.0, "invented")])
stages = (FlowStage(stage="identified", count=3, removed=1, reasons=(("Invented", 1),)),)
flow = prisma_flow(FlowCounts(columns=(FlowColumn(title="Other", stages=stages),), studies_included=2,
                              reports_included=2))
for drawing in (plot, flow):
    print(hashlib.sha256(drawing.svg()).hexdigest(), hashlib.sha256(drawing.png()).hexdigest())
"""


@pytest.fixture
def drawing(invented_rows: Callable[[int], list[ForestRow]]) -> Drawing:
    return forest(
        invented_rows(3),
        effect_label="Risk ratio",
        log_scale=True,
        null_value=1.0,
        title="Invented <trials> & $5 to $9",
    )


def run_script(**environment: str) -> str:
    command = [sys.executable, "-c", SCRIPT]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=120
    ).stdout


def test_svg_and_png_are_the_same_bytes_twice(drawing: Drawing) -> None:
    assert drawing.svg() == drawing.svg()
    assert drawing.png() == drawing.png()


def test_bytes_do_not_depend_on_hash_seed_or_clock_or_matplotlibrc(tmp_path: Path) -> None:
    settings = tmp_path / "matplotlibrc"
    lines = (
        "font.size: 20",
        "lines.linewidth: 5",
        "axes.facecolor: red",
        "font.sans-serif: Verdana",
        "xtick.top: True",
    )
    settings.write_text("\n".join(lines), encoding="utf-8")
    plain = run_script(PYTHONHASHSEED="0")
    assert len(plain.split()) == 4
    assert run_script(PYTHONHASHSEED="1", SOURCE_DATE_EPOCH="0", MATPLOTLIBRC=str(settings)) == plain


def test_drawing_changes_no_setting_and_needs_no_pyplot(drawing: Drawing) -> None:
    before = dict(matplotlib.rcParams)
    drawing.svg()
    drawing.png(dpi=50)
    assert dict(matplotlib.rcParams) == before
    check = "import sys, synth.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True, timeout=120)


def test_svg_holds_words_as_text_with_a_generic_face_behind(drawing: Drawing) -> None:
    root = ElementTree.fromstring(drawing.svg())
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    assert "Invented trial 1" in [text.text for text in texts]
    assert {"font-family: 'DejaVu Sans', sans-serif" in text.attrib["style"] for text in texts} == {True}


def test_svg_tells_its_title_and_words(drawing: Drawing) -> None:
    root = ElementTree.fromstring(drawing.svg())
    assert root.attrib["role"] == "img"
    assert [child.tag.split("}")[1] for child in list(root)[:2]] == ["title", "desc"]
    assert [child.text for child in list(root)[:2]] == ["Invented <trials> & $5 to $9", drawing.alt_text()]


def test_svg_can_stand_in_a_page_beside_another(drawing: Drawing) -> None:
    picture = drawing.svg().decode()
    assert picture.startswith("<svg ")
    for unwanted in (
        "<style",
        "<!DOCTYPE",
        "<?xml",
        "<metadata",
        'id="text_',
        'id="axes_',
        'id="figure_',
        "Matplotlib",
    ):
        assert unwanted not in picture
    ids = [element.attrib["id"] for element in ElementTree.fromstring(picture).iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))


def test_a_label_that_looks_like_a_group_name_is_kept() -> None:
    label = '<g id="text_1"'
    picture = forest([ForestRow(label=label, estimate=1.0)], effect_label="x", null_value=None).svg()
    words = [text.text for text in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert label in words


def test_png_names_no_software_and_no_date(drawing: Drawing) -> None:
    png = drawing.png(dpi=50)
    kinds = []
    at = 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4])
        kinds.append(png[at + 4 : at + 8].decode())
        assert zlib.crc32(png[at + 4 : at + 8 + length]) == int.from_bytes(png[at + 8 + length : at + 12 + length])
        at += length + 12
    assert set(kinds) == {"IHDR", "pHYs", "IDAT", "IEND"}


def test_png_grows_with_its_resolution(drawing: Drawing) -> None:
    widths = [int.from_bytes(drawing.png(dpi=dpi)[16:20]) for dpi in (72, 144)]
    assert widths == [460, 920]


def test_a_notebook_gets_svg_and_the_words_as_plain_text(drawing: Drawing) -> None:
    shown = drawing._repr_mimebundle_()
    assert shown == {"image/svg+xml": drawing.svg().decode(), "text/plain": drawing.alt_text()}
    assert drawing._repr_mimebundle_(include=["text/plain"]) == {"text/plain": drawing.alt_text()}
    assert list(drawing._repr_mimebundle_(exclude=["text/plain"])) == ["image/svg+xml"]


def test_data_may_be_changed_without_changing_the_drawing(drawing: Drawing) -> None:
    table = drawing.data()
    table["estimate"] = -1.0
    assert (drawing.data()["estimate"] > 0).all()


def test_letters_without_a_glyph_stay_text_and_warn_of_nothing() -> None:
    drawing = forest(
        [ForestRow(label="李明 2021", estimate=1.0, interval=(0.5, 2.0))],
        summaries=[ForestSummary(label="合計", estimate=1.0, interval=None)],
        reference_lines=[ReferenceLine(2.0, "重要")],
        effect_label="x",
        null_value=None,
    )
    assert "李明 2021" in drawing.svg().decode()
    assert drawing.png(dpi=50).startswith(b"\x89PNG")
