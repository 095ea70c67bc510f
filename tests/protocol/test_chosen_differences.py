"""Of several published important differences one is chosen, or the protocol says why none is. Values are invented."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from synth.protocol import Instrument

THRESHOLD = {"value": 5.0, "method": "invented", "population": "invented", "source": "PMID:1", "locator": "table 1"}
CHOSEN = {"value": 5.0, "source": "PMID:1", "reason": "invented"}
BASE = {"id": "scale", "label": "Invented scale", "unit": "points"}


@pytest.mark.parametrize("more", [{}, {"chosen": CHOSEN, "not_chosen": "invented"}])
def test_neither_and_both_are_refused(more: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="give one of the two"):
        Instrument.model_validate(BASE | {"thresholds": [THRESHOLD]} | more)


@pytest.mark.parametrize("more", [{"chosen": CHOSEN}, {"not_chosen": "no figure was seen"}])
def test_one_of_them_is_needed(more: dict[str, object]) -> None:
    assert Instrument.model_validate(BASE | {"thresholds": [THRESHOLD]} | more).thresholds


def test_without_published_values_neither_is_needed() -> None:
    assert Instrument.model_validate(BASE).chosen is None
