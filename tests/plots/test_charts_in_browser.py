"""In a browser, with several faces, all words of the charts fit and none overlap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from chart_reading import invented
from playwright.sync_api import Browser, Page
from test_plots_in_browser import FAULTS

from synth.plots import Drawing
from synth.plots.baujat import baujat
from synth.plots.bubble import bubble
from synth.plots.funnel import funnel
from synth.plots.labbe import labbe
from synth.plots.radial import radial
from synth.synthesis import meta_regression
from synth.synthesis.small_study import egger_test, trim_and_fill
from synth.synthesis.stratified import mantel_haenszel


def _funnel() -> Drawing:
    model = invented(12, long_names=True).model()
    return funnel(
        model,
        measure="OR",
        trim_fill=trim_and_fill(model),
        regression=egger_test(model),
        title="An invented outcome of invented trials with a title that does not fit on one line of the page",
        not_drawn={"An invented trial without figures": "no standard deviation and no number of participants"},
    )


def _radial() -> Drawing:
    return radial(invented(60, long_names=True).model(), measure="OR")


def _baujat() -> Drawing:
    return baujat(invented(60, long_names=True).model())


def _bubble() -> Drawing:
    studies = invented(60, long_names=True)
    levels = [f"a category with a long name {index % 8}" for index in range(60)]
    model = meta_regression(studies.estimates, studies.variances, {"place": levels}, labels=studies.labels)
    return bubble(model, measure="OR")


def _labbe() -> Drawing:
    random = np.random.default_rng(1)
    total = random.integers(20, 200, 30).astype(float)
    events = np.floor(total * random.uniform(0.1, 0.5, 30))
    labels = invented(30, long_names=True).labels
    counts = (np.floor(0.7 * events), total, events, total)
    return labbe(mantel_haenszel(*counts, measure="OR", labels=labels), *counts, labels=labels)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Page:
    return browser.new_page(viewport={"width": 700, "height": 900})


@pytest.mark.parametrize("draw", [_funnel, _radial, _baujat, _bubble, _labbe])
def test_words_fit(page: Page, draw: Callable[[], Drawing]) -> None:
    picture = draw().svg().decode()
    for face in ("'DejaVu Sans'", "Arial", "Helvetica", "sans-serif"):
        style = f"body {{ margin: 0 }} text {{ font-family: {face}, sans-serif !important }}"
        page.set_content(f"<!doctype html><style>{style}</style>{picture}")
        count, faults = page.evaluate(FAULTS)
        assert count > 10, face
        assert faults == [], face
