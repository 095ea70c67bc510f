"""What every part of a protocol shares: strict, frozen, no unknown keys, no NaN."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
NonEmpty = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Part(BaseModel):
    """A part of protocol.yml."""

    # Against a NaN every comparison fails, so that a range with one would hold everything.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
