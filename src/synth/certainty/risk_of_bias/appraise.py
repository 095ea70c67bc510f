"""From the rows of certainty/risk_of_bias.csv to one appraisal for each study, tool and result."""

from __future__ import annotations

import pandas as pd

from synth.certainty.risk_of_bias.agreement import agreements_of
from synth.certainty.risk_of_bias.answers import Appraisal
from synth.certainty.risk_of_bias.collection import RiskOfBias
from synth.certainty.risk_of_bias.combine import answers_of, judged, stated_of
from synth.certainty.tools import ABSTRACT_ONLY, NOT_ANSWERED, Tool, tool
from synth.extraction import Extraction
from synth.extraction.eligibility import Role, standings
from synth.protocol import Protocol
from synth.schemas import SEEN_IN, Table

_FULL_TEXT = SEEN_IN[0]
#: Tables whose rows are about a study, so that how deep it was read shows in them.
_OF_STUDIES = ("studies", "arms", "outcomes", "events", "cases")


def appraise(protocol: Protocol, extraction: Extraction, rows: Table) -> RiskOfBias:
    """What was answered of every study whose design has a tool in the protocol, eligible or in the annex.

    An item that nobody answered is "unclear: abstract only" where no full text of the study was read, else "not
    answered". Two reviewers who differ leave a conflict until a row of the consensus settles it. Domains and the whole
    are judged by the tool's own algorithm where it has one, over every value that open items could take; tools without
    one get no overall word (rule 21).

    Parameters
    ----------
    protocol : Protocol
        Whose `certainty.tools` says which designs are appraised with which tool.
    extraction : Extraction
    rows : Table
        certainty/risk_of_bias.csv, checked. Rows for a tool that is not planned for the study's design are not used.

    Returns
    -------
    RiskOfBias
        In the order of studies.csv, for each study in the order of the planned tools.

    Raises
    ------
    MethodError
        If the protocol plans a tool that there is not, or answers cannot stand together (validation reports both).
    """
    in_full = _read_in_full(extraction, rows.text)
    roles = {study: item.role for study, item in standings(extraction.studies, protocol.eligibility).items()}
    found: list[Appraisal] = []
    for study, design in zip(extraction.studies["study_id"], extraction.studies["design"], strict=True):
        for plan in protocol.certainty.tools:
            if design in plan.designs:
                own = rows.text[(rows.text["study_id"] == study) & (rows.text["tool"] == plan.tool)]
                results = _results(protocol, extraction, str(study), tool(plan.tool), own)
                found += [
                    _appraisal(
                        *(str(study), tool(plan.tool), own, name),
                        full_text=study in in_full,
                        role=roles[str(study)],
                    )
                    for name in results
                ]
    used = {(item.study_id, item.tool) for item in found}
    pairs = zip(rows.text["study_id"], rows.text["tool"], strict=True)
    planned = pd.Series([pair in used for pair in pairs], index=rows.text.index, dtype=bool)
    return RiskOfBias(tuple(found), agreements_of(protocol.people, rows.text[planned]), protocol.people)


def _read_in_full(extraction: Extraction, rows: pd.DataFrame) -> set[str]:
    """The studies of which any figure or answer was seen in the full text."""
    frames = [*(extraction.tables[name].text for name in _OF_STUDIES), rows]
    return {
        str(study)
        for frame in frames
        if "study_id" in frame
        for study in frame.loc[frame["seen_in"] == _FULL_TEXT, "study_id"]
    }


def _results(
    protocol: Protocol, extraction: Extraction, study: str, chosen: Tool, own: pd.DataFrame
) -> tuple[str, ...]:
    """The study as a whole, or the planned comparisons of which it has both arms and the results that rows name."""
    if chosen.unit == "study":
        return ("",)
    procedures = set(extraction.arms.loc[extraction.arms["study_id"] == study, "procedure"])
    compared = [item.id for item in protocol.synthesis.comparisons if {item.treated, item.control} <= procedures]
    return tuple(dict.fromkeys([*compared, *own["result"]]))


def _appraisal(study: str, chosen: Tool, own: pd.DataFrame, result: str, *, full_text: bool, role: Role) -> Appraisal:
    rows = own[own["result"] == result]
    answers = answers_of(chosen, rows, NOT_ANSWERED if full_text else ABSTRACT_ONLY)
    if not chosen.algorithm:
        return Appraisal(study, chosen.id, result, answers, full_text=full_text, role=role)
    stated = stated_of(chosen, rows)
    domains, overall = judged(chosen, answers, stated)
    return Appraisal(study, chosen.id, result, answers, domains, overall, stated, full_text, role)
