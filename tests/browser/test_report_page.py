"""The report page in a real browser: on a telephone and a desk, light and dark, folded and open, and on paper."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import synth
from synth.report.build import build_document
from synth.report.html import to_html
from synth.report.model import Document

sys.path.append(str(Path(__file__).resolve().parents[1] / "report"))

from sample_document import sample_document

REPORTS = ("ifi", "bcg", "sample")
WIDTHS = {"telephone": 390, "desk": 1280}
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
GRAVE = ("serious", "critical")
UNFOLD = "document.querySelectorAll('details').forEach(part => { part.open = true })"
OVERFLOW = """() => {
  const room = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= room) return []
  return [...document.querySelectorAll('body *')]
    .filter(part => part.getBoundingClientRect().right > room + 1)
    .map(part => `${part.tagName} ${part.className}: ${part.textContent.trim().slice(0, 60)}`).slice(0, 10)
    .concat(`${document.documentElement.scrollWidth} > ${room}`)
}"""
HIDDEN = """() => [...document.querySelectorAll('main :is(p, li, td, th, dt, dd, caption, h2, h3, h4, svg)')]
  .filter(part => part.textContent.trim() && !part.closest('nav') && !part.checkVisibility())
  .map(part => `${part.tagName}: ${part.textContent.trim().slice(0, 60)}`).slice(0, 10)"""
WIDE_BOXES = """() => [...document.querySelectorAll('.table')]
  .filter(box => box.scrollWidth > box.clientWidth + 1)
  .map(box => box.querySelector('caption').textContent.slice(0, 60))"""


@pytest.fixture(scope="session")
def pages(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each report."""
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name in REPORTS:
        written[name] = folder / f"{name}.html"
        written[name].write_bytes(to_html(_document(name, repository)))
    return written


def _document(name: str, repository: Path) -> Document:
    return sample_document() if name == "sample" else build_document(synth.open_review(name, root=repository))


def grave_faults(page: Any, *rules: str) -> list[str]:
    """Serious and critical faults that axe-core finds by these rules (or by all), each with the first places."""
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    found = page.evaluate(
        "options => axe.run(document, options)", {"resultTypes": ["violations"], "selectors": False, **only}
    )
    assert len(found["passes"]) >= (len(rules) or 10)
    return [
        f"{fault['impact']} {fault['id']}: {[node['html'][:120] for node in fault['nodes'][:3]]}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
    ]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_the_page_fits_and_can_be_read_by_all(name: str, width: int, pages: dict[str, Path], visit: Any) -> None:
    seen = visit(pages[name], width=width)
    assert seen.page.evaluate(OVERFLOW) == []
    seen.page.evaluate(UNFOLD)
    assert seen.page.evaluate(OVERFLOW) == []
    seen.page.evaluate(AXE)
    assert grave_faults(seen.page) == []
    seen.page.emulate_media(color_scheme="dark")
    assert seen.page.evaluate(OVERFLOW) == []
    if width == WIDTHS["desk"]:
        # In the dark only the colours are other ones, and those are the same at every width.
        assert grave_faults(seen.page, "color-contrast") == []
    assert seen.requests == [pages[name].as_uri()]
    assert seen.complaints == []


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_keeps_its_own_rules(name: str, pages: dict[str, Path], visit: Any) -> None:
    seen = visit(pages[name], scripts=False)
    assert seen.page.locator("h1").count() == 1
    assert seen.requests == [pages[name].as_uri()]
    assert seen.complaints == []


@pytest.mark.parametrize("name", REPORTS)
def test_paper_shows_what_is_folded_on_the_screen(name: str, pages: dict[str, Path], visit: Any) -> None:
    seen = visit(pages[name])
    assert seen.page.evaluate(HIDDEN) != []
    seen.page.emulate_media(media="print")
    assert seen.page.evaluate(HIDDEN) == []


@pytest.mark.parametrize("name", ["ifi", "bcg"])
def test_no_table_has_to_be_scrolled_sideways_on_a_desk(name: str, pages: dict[str, Path], visit: Any) -> None:
    seen = visit(pages[name], width=1280)
    seen.page.evaluate(UNFOLD)
    assert seen.page.evaluate(WIDE_BOXES) == []


def test_wide_tables_are_cards_on_a_telephone(pages: dict[str, Path], visit: Any) -> None:
    seen = visit(pages["sample"], width=390)
    cell = seen.page.locator("table.cards td").first
    label = cell.evaluate("part => getComputedStyle(part, '::before').content")
    assert label == f'"{cell.get_attribute("data-label")}"'
    assert cell.evaluate("part => getComputedStyle(part).display") == "grid"


def test_a_link_into_a_folded_part_opens_it(pages: dict[str, Path], visit: Any) -> None:
    seen = visit(pages["sample"], width=1280)
    folded = seen.page.locator("details#studies")
    assert folded.get_attribute("open") is None
    seen.page.locator("main a[href='#study-gecko2029']").first.click()
    seen.page.wait_for_function("document.querySelector('details#studies').open")
    assert seen.page.locator("#study-gecko2029").is_visible()
