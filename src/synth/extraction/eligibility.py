"""Which study enters the synthesis, which only the direction tables, which stands in the annex, and why.

Disease, hip and source level are judged apart (rule 19 of the methods), by the lists of the protocol.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import pandas as pd

from synth.protocol import Eligibility

Role = Literal["synthesis", "direction only", "annex"]


class Standing(NamedTuple):
    """Role of a study and the reason for it."""

    role: Role
    reason: str


def standing(study: pd.Series, rule: Eligibility) -> Standing:
    """The role of one row of studies.csv under the protocol's rule."""
    disease, hip, level = str(study["disease"]), str(study["hip"]), str(study["source_level"])
    if rule.diseases and disease not in rule.diseases:
        return Standing("annex", f"related population: {disease or 'disease not stated'}")
    if hip and hip in rule.excluded_hips:
        return Standing("annex", f"hip {hip}")
    if level in rule.direction_only:
        return Standing("direction only", level)
    if rule.source_levels and level not in rule.source_levels:
        return Standing("annex", level)
    return Standing("synthesis", "meets every criterion")


def standings(studies: pd.DataFrame, rule: Eligibility) -> dict[str, Standing]:
    """The role of every study, by study id."""
    return {str(study["study_id"]): standing(study, rule) for _, study in studies.iterrows()}
