"""Adapters of dependent estimates: vcalc(), aggregate() and robust()."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from reference_cases import Case, number
from reference_compare import NotOfferedError, Outputs
from reference_inputs import known_arguments, known_inputs, level_of, listed, numbers, studies
from reference_models import fit_of

from synth.synthesis.aggregation import aggregate as aggregated
from synth.synthesis.dependence import sampling_covariance
from synth.synthesis.multilevel import MultilevelAnalysis, Nested, multilevel
from synth.synthesis.robust import RobustResult, cluster_robust

# The name of a case is the one place that says which model it starts from.
MODEL = re.compile(r"rma\.(uni|mv3?)(?:-(\w+?))?-(?:adjust|CR2)")
COLUMNS = {"obs": "observation", "type": "construct", "subgroup": "subgroup"}


def vcalc(case: Case) -> Outputs:
    """vcalc()."""
    known_arguments(case, "rho", "phi")
    known_inputs(case, {"vi", "cluster", *COLUMNS, "time1", "time2", "grp1", "grp2", "w1", "w2"})
    rho = numbers(case.spec.get("rho")).tolist()
    asked: dict[str, object] = {ours: case.inputs[theirs] for theirs, ours in COLUMNS.items() if theirs in case.inputs}
    if not asked.keys() & {"observation", "construct"}:
        raise NotOfferedError("vcalc without obs and type: ours takes each estimate as an observation of its own")
    asked["correlation"] = rho[0] if len(rho) == 1 else tuple(rho)
    if "time1" in case.inputs:
        first = numbers(case.inputs["time1"])
        asked["times"] = (first, numbers(case.inputs["time2"])) if "time2" in case.inputs else first
        asked["autocorrelation"] = number(case.spec.get("phi"))
    if "grp1" in case.inputs:
        asked["groups"] = case.inputs["grp1"], case.inputs["grp2"]
    if "w1" in case.inputs:
        asked["group_sizes"] = numbers(case.inputs["w1"]), numbers(case.inputs["w2"])
    return {"V": lambda: sampling_covariance(numbers(case.inputs["vi"]), listed(case.inputs["cluster"]), **asked)}


def aggregate(case: Case) -> Outputs:
    """aggregate.escalc()."""
    known_arguments(case, "struct", "rho", "phi", "weighted")
    known_inputs(case, {"yi", "vi", "cluster", "time", "obs", "V"})
    structure = str(case.spec.get("struct", "CS"))
    # metafor takes a correlation that its structure has no place for, and passes it over.
    rho, phi = (number(case.spec.get(name)) for name in ("rho", "phi"))
    asked: dict[str, object] = {"structure": structure, "weighted": case.spec.get("weighted", True) is not False}
    if structure.startswith("CS"):
        asked["correlation"] = rho
    if structure.endswith("CAR"):
        asked |= {"autocorrelation": phi, "times": numbers(case.inputs["time"])}
    if structure == "CS*CAR":
        asked["observation"] = listed(case.inputs["obs"])
    uncertainty: object = numbers(case.inputs["vi"])
    if "V" in case.inputs:
        uncertainty = [numbers(row) for row in listed(case.inputs["V"])]
        asked = {"weighted": asked["weighted"]}
    found = aggregated(numbers(case.inputs["yi"]), uncertainty, listed(case.inputs["cluster"]), **asked)
    return {"cluster": lambda: found.labels, "yi": lambda: found.estimates, "vi": lambda: found.variances}


def robust(case: Case) -> Outputs:
    """robust(): of a univariate model, or of a three-level one."""
    known_arguments(case, "adjust", "clubSandwich", "level", "method", "test")
    known_inputs(case, {"yi", "vi", "cluster", "school", "mods"})
    kind = "CR2" if case.spec.get("clubSandwich") else ("CR1" if case.spec.get("adjust", True) is True else "CR0")
    if case.spec.get("adjust", True) not in (True, False):
        raise NotOfferedError(f"robust with adjust={case.spec['adjust']}")
    named = MODEL.search(case.name)
    if named and named[1] == "mv3":
        model = _three_levels(case)
    elif named and named[1] != "uni":
        raise NotOfferedError(f"robust of a model that only its name tells of: {case.name}")
    else:
        method = {"method": named[2]} if named and named[2] else {}
        spec = {name: item for name, item in {**case.spec, **method}.items() if name not in ("adjust", "clubSandwich")}
        inputs = {name: item for name, item in case.inputs.items() if name in ("yi", "vi", "mods")}
        model = fit_of(replace(case, spec=spec, inputs=inputs))
    found = cluster_robust(model, studies(case).pick(case.inputs["cluster"]), kind=kind, level=level_of(case))
    return {**_coefficients(found), **_of_the_model(model)}


def _three_levels(case: Case) -> MultilevelAnalysis:
    data = studies(case)
    columns = {name: data.pick(case.inputs[name]) for name in ("cluster", "school")}
    method = str(case.spec.get("method", "REML"))
    return multilevel(
        data.y, data.v, random=Nested("cluster", "school"), columns=columns, moderators=data.moderators, method=method
    )


def _coefficients(found: RobustResult) -> dict[str, Callable[[], object]]:
    names = ["intrcpt" if name == "intercept" else name for name in found.names]
    degrees = found.degrees_of_freedom if found.kind == "CR2" else found.degrees_of_freedom[:1]
    return {
        "p": lambda: len(names),
        "coef_names": lambda: names,
        "beta": lambda: found.beta,
        "se": lambda: found.standard_errors,
        "stat": lambda: found.statistics,
        "ddf": lambda: degrees,
        "dfs": lambda: degrees,
        "pval": lambda: found.p_values,
        "ci.lb": lambda: found.low,
        "ci.ub": lambda: found.high,
        "vb": lambda: found.covariance,
        "n_clusters": lambda: found.n_clusters,
        "QM": lambda: found.omnibus.statistic,
        "QM.df1": lambda: found.omnibus.df1,
        "QM.df2": lambda: found.omnibus.df2,
        "QMp": lambda: found.omnibus.p_value,
    }


def _of_the_model(model: object) -> dict[str, Callable[[], object]]:
    return {
        "k": lambda: len(model.estimates),
        "QE": lambda: model.q_e,
        "QE.df": lambda: model.q_e_df,
        "QEp": lambda: model.q_e_p,
    }
