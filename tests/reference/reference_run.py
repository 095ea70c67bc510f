"""Running cases: each by the adapter of its kind, each with a result that is passed, failed or not offered.

An adapter turns a case into calls of the package. It returns, for the names of metafor's outputs, functions that give
our value: what is asked for is computed, and one output that cannot be had does not take the others with it.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reference_cases import Case
from reference_compare import (
    NO_COUNTERPART,
    Compared,
    LeftOut,
    NotOfferedError,
    Outcome,
    Outputs,
    compare,
    leaves,
    told,
)
from reference_likelihood import without_lower_maxima
from reference_rules import Rules, rules_of

from synth.errors import MethodError

Adapter = Callable[[Case], Outputs]
PASSED, FAILED, NOT_OFFERED = "passed", "failed", "not offered"
# Not results of the method: how metafor was run, and what it gives where it stops early.
NO_RESULT = {
    "threshold": "how metafor was run, no result",
    "default_control": "metafor with its own, looser stopping rule: to know, not to compare",
    "metafor_raw": "metafor on scaled data, where its stopping rule fails: to know, not to compare",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case.

    Attributes
    ----------
    name, kind : str
        Of the case.
    status : str
        "passed", "failed" or "not offered".
    reason : str
        Why it is not offered, or the exception that kept all of it from being compared; empty otherwise.
    compared : tuple of Compared
        Every value compared.
    left_out : tuple of LeftOut
        Every value not compared, each with its reason.
    metafor_fails : bool
        Whether metafor has no result for the case.
    """

    name: str
    kind: str
    status: str
    reason: str = ""
    compared: tuple[Compared, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    metafor_fails: bool = False

    @property
    def failures(self) -> tuple[Compared, ...]:
        """The values that do not agree."""
        return tuple(item for item in self.compared if not item.agrees)


def adapters(places: Mapping[str, str]) -> dict[str, Adapter]:
    """Adapters by kind, each imported when it is first used.

    Parameters
    ----------
    places : mapping of str to str
        For each kind the module and the function, as `module:function`.
    """
    return {kind: _imported(place) for kind, place in places.items()}


def _imported(place: str) -> Adapter:
    module, _, function = place.partition(":")

    def adapter(case: Case) -> Outputs:
        found: Adapter = getattr(importlib.import_module(module), function)
        return found(case)

    return adapter


def run_all(cases: Iterable[Case], registry: Mapping[str, Adapter]) -> list[Result]:
    """The results of cases, in their order."""
    return [run_case(case, registry) for case in cases]


def run_case(case: Case, registry: Mapping[str, Adapter]) -> Result:
    """The result of one case.

    A floating-point warning of ours counts as an exception, and an exception other than "not offered" as a failure.
    Where metafor fails, ours may be a result or a `MethodError`; both are told, and nothing is compared.
    """
    adapter = registry.get(case.kind)
    if adapter is None:
        return _not_offered(case, f"kind {case.kind}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", RuntimeWarning)
        try:
            outputs = adapter(case)
        except NotOfferedError as reason:
            return _not_offered(case, str(reason))
        except Exception as error:  # noqa: BLE001 - whatever else a call raises is a failure of its case
            if case.status == "error" and isinstance(error, MethodError):
                return _where_metafor_fails(case, f"we refuse: {error}")
            return Result(case.name, case.kind, FAILED, told(error), metafor_fails=case.status == "error")
        return _without_reference(case, outputs) if case.status == "error" else _against_reference(case, outputs)


def _against_reference(case: Case, outputs: Outputs) -> Result:
    outcomes: list[Outcome] = []
    rules = rules_of(case)
    for name, metafor in case.outputs.items():
        outcomes += _output(name, metafor, outputs, rules)
    outcomes = without_lower_maxima(case, outcomes)
    compared = tuple(item for item in outcomes if isinstance(item, Compared))
    left_out = tuple(item for item in outcomes if isinstance(item, LeftOut))
    if not compared:
        reasons = sorted({item.reason for item in left_out}) or ["metafor's outputs are empty"]
        return Result(case.name, case.kind, NOT_OFFERED, f"nothing to compare: {'; '.join(reasons)}", (), left_out)
    status = PASSED if all(item.agrees for item in compared) else FAILED
    return Result(case.name, case.kind, status, "", compared, left_out)


def _output(name: str, metafor: object, outputs: Outputs, rules: Rules) -> list[Outcome]:
    reason = NO_RESULT.get(name) or (NO_COUNTERPART if name not in outputs else "")
    if reason:
        return [LeftOut(leaf, reason) for leaf in leaves(name, metafor)]
    return list(compare(name, outputs[name], metafor, rules))


def _without_reference(case: Case, outputs: Outputs) -> Result:
    refused: dict[str, str] = {}
    for name, value in outputs.items():
        try:
            value()
        except NotOfferedError:
            continue
        except MethodError as refusal:
            refused[name] = str(refusal)
        except Exception as error:  # noqa: BLE001 - neither a result nor an error of ours
            return Result(case.name, case.kind, FAILED, f"{name}: {told(error)}", metafor_fails=True)
    if not refused:
        return _where_metafor_fails(case, "we give a result")
    told_once = "; ".join(sorted(set(refused.values())))
    return _where_metafor_fails(case, f"we give a result without {', '.join(refused)}: {told_once}")


def _where_metafor_fails(case: Case, ours: str) -> Result:
    reason = f"metafor fails ({case.error}), {ours}"
    return Result(case.name, case.kind, NOT_OFFERED, reason, metafor_fails=True)


def _not_offered(case: Case, reason: str) -> Result:
    left_out = tuple(LeftOut(leaf, reason) for name, item in case.outputs.items() for leaf in leaves(name, item))
    return Result(case.name, case.kind, NOT_OFFERED, reason, (), left_out, case.status == "error")
