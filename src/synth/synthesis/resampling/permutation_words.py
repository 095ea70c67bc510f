"""What a permutation test stands on, in words: marks, and a paragraph for a methods section."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.synthesis.resampling.permutation import PermutationResult

#: Share of distance between the p value and the usual threshold, in Monte Carlo standard errors, that is flagged.
_NEAR = 3


def marks(result: PermutationResult) -> tuple[str, ...]:
    """Short sentences where the result stands on little."""
    model, found = result.model, []
    alpha = 1 - model.level
    for name, smallest in zip(model.names, result.smallest_p, strict=True):
        if smallest > alpha * (1 + 1e-9):
            found.append(
                f"{name}: no arrangement of {model.k} studies gives a p value below {smallest:.3g}, so that the test "
                f"cannot reach {alpha:.3g}"
            )
    if not result.exact:
        for name, p, error in zip(model.names, result.p_values, result.monte_carlo_errors, strict=True):
            if abs(p - alpha) <= _NEAR * error:
                found.append(
                    f"{name}: p is too near {alpha:.3g} for {result.permutations:,} random permutations to tell"
                )
        if result.arrangements < result.permutations:
            found.append(f"there are only {result.arrangements:,} arrangements: an exact test takes fewer fits")
    if result.null.not_converged:
        found.append(
            f"the iteration for tau2 did not end in {result.null.not_converged:,} arrangements, which count as at "
            "least as extreme"
        )
    if result.flips:
        found.append("flipping signs supposes that estimates are symmetric around 0 where there is no effect")
    return tuple(found)


def explain(result: PermutationResult) -> str:
    """The methods paragraph (see `PermutationResult.explain`)."""
    if result.flips:
        scheme, source = "the signs of the estimates were flipped", "Follmann and Proschan 1999, Biometrics 55:732-737"
        there = f"2^{result.model.k} sign patterns"
    else:
        scheme = "the rows of the moderators were permuted jointly over the studies"
        source, there = "Higgins and Thompson 2004, Stat Med 23:1663-1682", "distinct orders of the rows"
    test = (
        f"The coefficients were also tested by permutation ({source}): {scheme}, the same model was fitted to each "
        "arrangement, and the two-sided p value is the share of arrangements whose test statistic is at least as far "
        "from 0 as the observed one."
    )
    if result.exact:
        number = f"{result.arrangements:,} " if not result.flips else ""
        how = f"The test is exact: all {number}{there} were compared."
    else:
        how = (
            f"{result.permutations:,} arrangements were drawn at random from the {there} (NumPy generator PCG64, seed "
            f"{result.seed}), and the observed one counts among them (Phipson and Smyth 2010, Stat Appl Genet Mol Biol "
            f"9:39), so that no p value is below {1 / (result.permutations + 1):.2g}."
        )
    return " ".join([result.model.explain(), test, how])
