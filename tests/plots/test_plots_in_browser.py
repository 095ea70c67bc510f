"""In a browser, with DejaVu Sans and with the face that a page without it shows, all words fit and none overlap."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from synth.plots import (
    Drawing,
    FlowColumn,
    FlowCounts,
    FlowStage,
    ForestRow,
    ForestSummary,
    ReferenceLine,
    forest,
    prisma_flow,
)

# Lines of one paragraph may touch with the accents of one and the tails of the next, so a few pixels are let through.
FAULTS = """() => {
  const picture = document.querySelector("svg").getBoundingClientRect();
  const places = [...document.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
  const faults = [];
  places.forEach(([words, place], index) => {
    if (place.left < picture.left || place.right > picture.right || place.top < picture.top
        || place.bottom > picture.bottom) faults.push(`outside: ${words}`);
    for (const [others, other] of places.slice(index + 1))
      if (Math.min(place.right, other.right) - Math.max(place.left, other.left) > 0.5
          && Math.min(place.bottom, other.bottom) - Math.max(place.top, other.top) > 3.5)
        faults.push(`overlap: ${words} | ${others}`);
  });
  return [places.length, faults];
}"""


def changes() -> Drawing:
    rows = [
        ForestRow(
            label="Zażółć-Gęślą & Überström 2019", estimate=42.9, interval=(24.4, 61.4), mark="derived", group="A"
        ),
        ForestRow(label="李明 2021, a long invented name that is cut " * 3, estimate=31.0, columns={"n": "7 hips"}),
        ForestRow(label="Wide", estimate=22.5, interval=(-300.0, 4800.0), columns={"n": "9", "Follow-up": "6"}),
    ]
    return forest(
        rows,
        summaries=[ForestSummary(label="Pool (k = 2)", estimate=30.0, interval=(10.0, 50.0), prediction=(-99.0, 99.0))],
        effect_label="Change in an invented score, points (0 to 100, higher is better, measured at the last visit)",
        null_value=0.0,
        reference_lines=[ReferenceLine(20.0, "an invented important difference, anchor-based, of another disease")],
        columns=("n", "Follow-up"),
        left_label="lower after the operation",
        right_label="higher after the operation",
        title="An invented outcome, change from the first visit to the last visit",
    )


def flow() -> Drawing:
    reasons = (("Femoroacetabular impingement only", 4), ("Other disease", 26))
    other = (
        FlowStage(stage="identified", count=47, sources=(("Reference lists", 12), ("Web pages", 35))),
        FlowStage(stage="assessed", count=47, removed=30, reasons=reasons),
    )
    columns = (
        FlowColumn(title="Databases and registers", note="No database search has been run"),
        FlowColumn(title="Other methods", stages=other),
    )
    return prisma_flow(FlowCounts(columns=columns, studies_included=15, reports_included=17))


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return browser.new_page(viewport={"width": 700, "height": 900})


@pytest.mark.parametrize("face", ["'DejaVu Sans'", "Arial", "Helvetica", "sans-serif"])
@pytest.mark.parametrize("draw", [changes, flow])
def test_words_fit(page: Page, draw: object, face: str) -> None:
    assert callable(draw)
    style = f"body {{ margin: 0 }} text {{ font-family: {face}, sans-serif !important }}"
    page.set_content(f"<!doctype html><meta charset='utf-8'><style>{style}</style>{draw().svg().decode()}")
    number, faults = page.evaluate(FAULTS)
    assert number > 10
    assert faults == []


def test_a_phone_shows_letters_of_over_eight_pixels(page: Page) -> None:
    style = "body { margin: 0 } svg { width: 390px; height: auto }"
    page.set_content(f"<!doctype html><meta charset='utf-8'><style>{style}</style>{changes().svg().decode()}")
    scale = page.evaluate("document.querySelector('svg').getScreenCTM().a")
    size = page.evaluate(
        "parseFloat([...document.querySelectorAll('text')].find(t => t.textContent == 'Wide').style.fontSize)"
    )
    assert scale * size > 8
