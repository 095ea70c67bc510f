"""Evidence that is changed while a report is made: nothing is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from synth.errors import ReportError
from synth.pipeline.events import Event
from synth.pipeline.report import write_report


def test_a_change_during_the_run_is_refused(repository: Path, tmp_path: Path) -> None:
    shutil.copytree(repository / "evidence" / "bcg", tmp_path / "evidence" / "bcg")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(repository / "notebooks" / "05_certainty.ipynb", tmp_path / "notebooks")
    protocol = tmp_path / "evidence/bcg/protocol.yml"

    def edit(event: Event) -> None:
        if event.kind == "finished":
            protocol.write_text(protocol.read_text(encoding="utf-8") + "# an invented remark\n", encoding="utf-8")

    with pytest.raises(ReportError, match="evidence/bcg: a file was changed during the run"):
        write_report(tmp_path, "bcg", on_event=edit)
    assert not list((tmp_path / "reports").iterdir())
    assert write_report(tmp_path, "bcg").folder == tmp_path / "reports" / "bcg"
