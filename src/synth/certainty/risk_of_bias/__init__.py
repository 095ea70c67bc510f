"""Risk of bias: what was answered of each study, how far reviewers agreed, and what each tool's rule makes of it."""

from synth.certainty.risk_of_bias.agreement import Agreement
from synth.certainty.risk_of_bias.answers import CONFLICT, CONSENSUS, USED_FOR, Answered, Appraisal
from synth.certainty.risk_of_bias.appraise import appraise
from synth.certainty.risk_of_bias.collection import RiskOfBias
from synth.certainty.risk_of_bias.kappa import Kappa, kappa_of

__all__ = [
    "CONFLICT",
    "CONSENSUS",
    "USED_FOR",
    "Agreement",
    "Answered",
    "Appraisal",
    "Kappa",
    "RiskOfBias",
    "appraise",
    "kappa_of",
]
