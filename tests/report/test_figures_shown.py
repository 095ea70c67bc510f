"""Figures and Bayesian sentences of a report: as far as the studies give them a meaning, each with words of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_reports import document_of, review_of, sentences
from test_pools_shown import changed

import synth
from synth.report.build import build_document
from synth.report.model import Document
from synth.synthesis.bayesian_checks import NO_PRIOR

PRIOR = "{distribution: half-normal, scale: 0.5}"


def anchors(document: Document) -> list[str]:
    return [figure.anchor for figure in document.figures()]


def said(document: Document) -> str:
    return "\n".join(sentences(document.sections))


def test_the_default_review_shows_its_scores_before_and_after() -> None:
    document = document_of("ifi")
    slopes = [figure for figure in document.figures() if figure.anchor.startswith("slopes-")]
    assert len(slopes) == len(review_of("ifi").slopes()) == 3
    assert len({figure.alt for figure in slopes}) == len({figure.caption for figure in slopes}) == 3
    assert not [name for name in anchors(document) if name.startswith(("funnel-", "by-"))]


def test_a_pool_of_thirteen_has_its_funnel_and_its_characteristics() -> None:
    document = document_of("bcg")
    assert {"funnel-tuberculosis", "by-tuberculosis_latitude", "by-tuberculosis_allocation"} <= set(anchors(document))
    (funnel,) = (figure for figure in document.figures() if figure.anchor == "funnel-tuberculosis")
    assert "asymmetry has many causes" in funnel.caption


def test_the_bayesian_analysis_is_told_with_its_prior_halved_and_doubled() -> None:
    told = said(document_of("bcg"))
    (pool,) = review_of("bcg").synthesis.pools
    for fit in pool.bayesian.fits:
        assert f"with the prior {fit.name}, 0." in told
    assert "probability of an effect below 1 above 99%" in told
    assert pool.bayesian.reason in told


def test_without_a_prior_the_report_says_that_there_is_none(tmp_path: Path) -> None:
    review = changed(tmp_path, lambda text: text[: text.index("  bayesian:\n")])
    assert NO_PRIOR in said(build_document(review))


def test_below_ten_studies_there_is_no_funnel(tmp_path: Path) -> None:
    folder = tmp_path / "evidence" / "bcg" / "extraction" / "events.csv"
    changed(tmp_path)
    lines = folder.read_text(encoding="utf-8").splitlines(keepends=True)
    studies = list(dict.fromkeys(line.split(",")[0] for line in lines[1:]))[:9]
    kept = [lines[0], *(line for line in lines[1:] if line.split(",")[0] in studies)]
    folder.write_text("".join(kept), encoding="utf-8")

    review = synth.open_review("bcg", root=tmp_path)
    assert review.synthesis.pools[0].pooled.k == 9
    names = anchors(build_document(review))
    assert "funnel-tuberculosis" not in names
    assert "forest-tuberculosis" in names


def test_a_prior_that_the_engine_has_not_is_told_and_the_report_stands(tmp_path: Path) -> None:
    odd = "{distribution: empirical, measure: OR, outcome: moods, comparators: [pharmacological, placebo or control]}"
    review = changed(tmp_path, lambda text: text.replace(PRIOR, odd).replace("measure: RR", "measure: OR"))
    assert "The planned Bayesian analysis cannot be made: empirical prior: outcome 'moods'" in said(
        build_document(review)
    )


@pytest.mark.parametrize("review", ["ifi", "bcg"])
def test_each_figure_has_words_and_a_file_of_its_own(review: str) -> None:
    found = document_of(review).figures()
    assert all(len(figure.alt.split()) > 20 for figure in found)
    assert len({figure.name for figure in found}) == len(found)
