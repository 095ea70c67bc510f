"""An id may be no word of the sentences of a report, and the list of these words is current."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from synth.extraction.ids import id_faults
from synth.extraction.sentence_words import SENTENCE_WORDS
from synth.schemas import STUDIES, Table


def studies(*names: str) -> Table:
    rows = [dict.fromkeys(STUDIES.headings, "") | {"study_id": name} for name in names]
    frame = pd.DataFrame(rows, columns=list(STUDIES.headings), dtype=str)
    return Table(STUDIES, STUDIES.file, frame, tuple(range(2, len(names) + 2)))


@pytest.mark.parametrize("name", ["after", "patients", "low", "open", "pain", "best", "control", "hips"])
def test_a_word_of_a_sentence_is_refused_with_its_line(name: str) -> None:
    (fault,) = id_faults(studies("ash2001", name), ())
    assert (fault.file, fault.line, fault.column) == ("extraction/studies.csv", 3, "study_id")
    assert f"'{name}' is a word of the report's own sentences" in fault.message
    (record,) = id_faults(studies(), ["ash2001", name])
    assert record.file == "records/records.jsonl"


@pytest.mark.parametrize("name", ["hatem2015", "docwirelti", "andersonnd", "ash", "elm", "after2001"])
def test_names_are_no_words(name: str) -> None:
    assert list(id_faults(studies(name), [name])) == []


def test_the_list_is_current(repository: Path) -> None:
    spec = importlib.util.spec_from_file_location("sentence_words_tool", repository / "tools" / "sentence_words.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    missing = set(tool.words(repository)) - SENTENCE_WORDS
    assert not missing, f"run `python tools/sentence_words.py`: {sorted(missing)[:20]}"
