"""Living evidence notebooks: a clinical question answered from the literature and checked sentence by sentence.

>>> import synth
>>> review = synth.open_review("ifi")
>>> review.synthesis
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.review import Review, open_review

__all__ = ["Review", "open_review"]


def __getattr__(name: str) -> object:
    # Loaded on first use: `import synth` and `synth --help` must not wait for pandas.
    if name in __all__:
        from synth import review

        return getattr(review, name)
    raise AttributeError(f"module 'synth' has no attribute {name!r}")
