"""Declared fixes of source errors, on invented tables."""

from __future__ import annotations

from synth.errors import Fault
from synth.extraction.corrections import apply_corrections
from synth.schemas import ARMS, CORRECTIONS, Table
from synth.store.tables import parse_table

HEADING = "table,key,column,was,use,reason,source\n"


def arms(*rows: dict[str, str]) -> dict[str, Table]:
    lines = [",".join(ARMS.headings)]
    lines += [",".join((dict.fromkeys(ARMS.headings, "") | row)[name] for name in ARMS.headings) for row in rows]
    return {"arms": parse_table("\n".join(lines), ARMS, ARMS.file)[0]}


INVENTED = {"study_id": "example2001", "arm_id": "A1", "n_patients": "12"}


def fixes(*rows: str) -> Table:
    table, faults = parse_table(HEADING + "\n".join(rows), CORRECTIONS, CORRECTIONS.file)
    assert faults == []
    return table


def test_a_fix_changes_its_cell_and_no_other():
    tables = arms(INVENTED, INVENTED | {"arm_id": "A2"})
    corrected = apply_corrections(tables, fixes("arms,example2001/A2,n_patients,12,21,swapped,PMID:1"))
    assert corrected.faults == ()
    assert corrected.tables["arms"].text["n_patients"].tolist() == ["12", "21"]
    assert tables["arms"].text["n_patients"].tolist() == ["12", "12"]
    assert corrected.places == {(ARMS.file, 3, "n_patients"): 2}


def test_two_fixes_of_one_row_are_both_made():
    corrected = apply_corrections(
        arms(INVENTED),
        fixes(
            "arms,example2001/A1,n_patients,12,21,swapped,PMID:1",
            "arms,example2001/A1,note,,a note,left out,PMID:1",
        ),
    )
    assert corrected.faults == ()
    assert corrected.tables["arms"].text.loc[0, ["n_patients", "note"]].tolist() == ["21", "a note"]


def test_a_fix_of_a_value_that_has_changed_fails_loudly():
    corrected = apply_corrections(arms(INVENTED), fixes("arms,example2001/A1,n_patients,13,21,swapped,PMID:1"))
    (fault,) = corrected.faults
    assert (fault.file, fault.line, fault.column) == (CORRECTIONS.file, 2, "was")
    assert "now holds '12'; the fix replaces '13'" in fault.message
    assert corrected.tables["arms"].text["n_patients"].tolist() == ["12"]


def test_a_fix_of_a_table_that_could_not_be_read_is_passed_over():
    corrected = apply_corrections({}, fixes("arms,example2001/A1,n_patients,12,21,swapped,PMID:1"))
    assert (corrected.tables, corrected.faults, corrected.places) == ({}, (), {})


def test_faults_of_a_corrected_cell_are_placed_at_the_fix():
    corrected = apply_corrections(arms(INVENTED), fixes("arms,example2001/A1,n_patients,12,21,swapped,PMID:1"))
    of_cell, of_other = Fault(ARMS.file, 2, "n_patients", "wrong"), Fault(ARMS.file, 2, "note", "wrong")
    assert corrected.placed([of_cell, of_other], CORRECTIONS.file) == [
        Fault(CORRECTIONS.file, 2, "use", "wrong"),
        of_other,
    ]
