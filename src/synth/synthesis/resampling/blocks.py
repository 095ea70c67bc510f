"""Refits of a model to many rearranged data sets, block by block.

A block holds as many numbers as stay in a processor's cache, whatever the number of data sets, so that memory grows
with the studies and with what is kept of each fit, and not with their product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np

from synth.synthesis.fitting import Fits, fit_data
from synth.synthesis.linear import BoolArray, Data, FloatArray, IntArray

if TYPE_CHECKING:
    from synth.synthesis.models import MetaAnalysis

#: Numbers that one block may hold: a quarter of a megabyte for each array of the calculation.
BLOCK_NUMBERS = 1 << 15
#: The same where tau2 without moderators is looked for over a grid, which holds up to 65 points for each fit.
GRID_NUMBERS = 1 << 12


def blocks_of(model: MetaAnalysis, total: int) -> Iterator[tuple[int, int]]:
    """First data set and the one after the last of each block, for `total` data sets of the model's studies."""
    grid = model.method in ("REML", "ML") and model.p == 1
    rows = max(1, (min(GRID_NUMBERS, BLOCK_NUMBERS) if grid else BLOCK_NUMBERS) // model.k)
    for start in range(0, total, rows):
        yield start, min(start + rows, total)


def refit(model: MetaAnalysis, data: Data) -> Fits:
    """The model's own method on other data sets; not finite where one study outweighs the others in one of them."""
    tau2 = None if model.fixed_tau2 is None else np.full(data.size, model.fixed_tau2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # what is not finite is left out by the caller
        return fit_data(data, model.method, weights=model.own_weights, tau2=tau2)


def refit_in_blocks(model: MetaAnalysis, total: int, data_of_block: Callable[[int, int], Data]) -> Fits:
    """The model fitted to `total` data sets, of which `data_of_block` makes those from `start` to before `stop`."""
    return joined([refit(model, data_of_block(start, stop)) for start, stop in blocks_of(model, total)])


def joined(parts: list[Fits]) -> Fits:
    """Fits of all blocks as one batch."""
    return Fits(**{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Fits)})


def chosen(fits: Fits, which: BoolArray | IntArray) -> Fits:
    """Some of the fits."""
    return Fits(**{field.name: getattr(fits, field.name)[which] for field in fields(Fits)})


def multiplied(model: MetaAnalysis, counts: FloatArray) -> Data:
    """The model's data with each study as often as `counts` says, shape (B, k)."""
    return replace(model.data_set, counts=counts, k=counts.sum(axis=-1))


def estimable(model: MetaAnalysis, counts: FloatArray) -> BoolArray:
    """Whether the studies that stand in each data set tell the coefficients apart, shape (B,).

    The columns of the studies that are there must stay independent: the smallest eigenvalue of their correlations
    is above what rounding leaves of 0.
    """
    present = counts > 0
    if model.own_weights is not None:
        present &= model.own_weights > 0
    if model.p == 1:
        return np.asarray(present @ (model.basis.rows[:, 0] != 0))
    products = model.basis.products(present.astype(float))
    lengths = np.sqrt(np.einsum("bii->bi", products))
    scale = np.where(lengths > 0, lengths, 1.0)
    correlations = products / (scale[:, :, None] * scale[:, None, :])
    return np.asarray(np.linalg.eigvalsh(correlations)[:, 0] > _DEPENDENT)


#: Smallest eigenvalue of correlations between columns that counts as none; rounding alone leaves some 1e-15.
_DEPENDENT = 1e-12
