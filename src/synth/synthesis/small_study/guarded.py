"""Fits of data whose weights may lie too far apart for doubles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from synth.errors import MethodError


@contextmanager
def refusing_lost_digits() -> Iterator[None]:
    """Turn a division by a sum that has lost all of its digits into an error in words.

    Raises
    ------
    MethodError
        If a weight is so large beside the others that nothing of them is left in a sum.
    """
    try:
        with np.errstate(divide="raise", invalid="raise"):
            yield
    except FloatingPointError as error:
        raise MethodError(
            "one study outweighs all the others so far that the coefficients cannot be told apart; "
            "variances nearer to each other are expected"
        ) from error
