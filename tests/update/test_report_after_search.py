"""What the report says once PubMed has been searched, and that its notebooks run."""

from __future__ import annotations

from datetime import timedelta

from invented_pubmed import MATCHES, NEW, TODAY, WILSON, WILSON_TITLE, Searching

from eutils_synthetic import invented_record
from synth.report.build import build_document
from synth.report.markdown import to_markdown
from synth.review import Review


def report_of(searching: Searching) -> str:
    return to_markdown(build_document(Review("ifi", searching.root))).decode().replace("\\", "")


def test_the_search_stands_in_the_report(searching: Searching):
    searching.search()
    text = report_of(searching)
    assert "PubMed searched on 2026-11-23: (" in text
    assert "4 hits, all held." in text
    assert "2 await screening; 1 database search run." in text
    assert "Since the search before" not in text


def test_a_retracted_study_is_told_on_the_first_screen(searching: Searching):
    searching.search()
    searching.server.corpus.add(
        invented_record(WILSON, title=WILSON_TITLE, entered="2016/08/01", notes=(("RetractionIn", 30000060),)),
        invented_record(NEW, title=f"{MATCHES} seen", notes=(("ErratumIn", 30000061),)),
        invented_record(30000050, title=f"{MATCHES} later", entered="2026/11/24"),
    )
    searching.search(TODAY + timedelta(days=7))
    text = report_of(searching)
    assert "PubMed was last searched on 2026-11-30." in text
    assert "No database search has been run." not in text
    wilson = Review("ifi", searching.root).records["wilson2016"].short
    assert f"Attention: what follows rests on {wilson} (retracted)." in text[: text.index("No comparative evidence")]
    assert "Retracted (RetractionIn 30000060)" in text
    assert "Corrected (ErratumIn 30000061)" in text
    assert "Since the search before: 1 new: entered PubMed since the last search; 2 records changed." in text
