"""Sources outside the extracted tables are checked like those in them."""

from __future__ import annotations

from review_copy import ReviewCopy

CORRECTIONS = "extraction/corrections.csv"
HEADING = "table,key,column,was,use,reason,source\n"


def test_a_mistyped_source_of_an_important_difference(ifi: ReviewCopy):
    text = ifi.text("protocol.yml")
    line = text[: text.index('"PMID:40516096"')].count("\n") + 1
    ifi.replace("protocol.yml", '"PMID:40516096"', '"PMID:4051609x"')
    (fault,) = ifi.validate().faults
    assert fault.startswith(f"protocol.yml:{line}: instruments.0.thresholds.1.source: 'PMID:4051609x' is no identifier")


def test_a_mistyped_source_of_a_correction(ifi: ReviewCopy):
    ifi.path(CORRECTIONS).write_text(
        HEADING + "arms,hatem2015/A1,n_patients,5,6,invented,DOI:10.x/1\n", encoding="utf-8"
    )
    (fault,) = ifi.validate().faults
    assert fault.startswith(f"{CORRECTIONS}:2: source: 'DOI:10.x/1' is no identifier")
