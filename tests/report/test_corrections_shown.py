"""A declared correction is used, and said to have been made. The correction is invented."""

from __future__ import annotations

import shutil
from pathlib import Path

from synth.report.build import build_document
from synth.report.model import plain
from synth.report.prepare import texts
from synth.review import Review

FIX = """table,key,column,was,use,reason,source
arms,hatem2015/A1,n_patients,5,6,invented: the digits of two tables differ,invented source
"""


def test_a_correction_is_used_and_told(repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "evidence" / "ifi", tmp_path / "evidence" / "ifi")
    (tmp_path / "evidence/ifi/extraction/corrections.csv").write_text(FIX, encoding="utf-8")
    review = Review("ifi", tmp_path)
    arms = review.extraction.arms.set_index("study_id")
    assert arms.loc["hatem2015", "n_patients"] == 6
    assert "invented source" in review.extraction.show_corrections()._repr_html_()
    told = [plain(content) for content in texts(build_document(review))]
    wanted = "arms hatem2015/A1, n_patients: 6 for 5; invented: the digits of two tables differ (invented source)."
    assert f"Corrected: {wanted}" in told


def test_without_corrections_nothing_is_told(repository: Path) -> None:
    review = Review("ifi", repository)
    assert "No figure of a source was corrected." in review.extraction.show_corrections()._repr_html_()
    assert not [content for content in texts(build_document(review)) if plain(content).startswith("Corrected:")]
