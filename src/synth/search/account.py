"""Who asks: the address that NCBI wants to know, and the key that nobody else may see."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import quote, quote_plus

from synth.errors import ParameterError

#: What messages and replies show in the place of the key.
HIDDEN = "[API key]"


@dataclass(frozen=True)
class Account:
    """Who asks PubMed.

    Attributes
    ----------
    email : str
        Where NCBI can write when something goes wrong; sent with each request.
    key : str or None
        NCBI's API key, with which ten requests a second are allowed instead of three. It is sent in the body of
        requests and shown nowhere; an account cannot be pickled, as the key would be in the pickle.
    tool : str
        Name of the program; sent with each request.
    """

    email: str
    key: str | None = None
    tool: str = "living-evidence-notebooks"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", self.email):
            raise ParameterError("the e-mail address for NCBI is not one; write it as name@example.org")
        if self.key is not None and not re.fullmatch(r"[!-~]{8,}", self.key):
            raise ParameterError("the API key of NCBI must be 8 or more letters, digits or signs, without white space")
        if not self.tool.strip():
            raise ParameterError("the name of the tool, which NCBI wants with each request, is empty")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Account:
        """The account that NCBI_EMAIL and, if there is one, NCBI_API_KEY give.

        Raises
        ------
        ParameterError
            NCBI_EMAIL is not set, or one of the two cannot be right.
        """
        email = environ.get("NCBI_EMAIL", "").strip()
        if not email:
            raise ParameterError(
                "NCBI_EMAIL is not set, and NCBI wants an e-mail address with each request: "
                "export NCBI_EMAIL=you@example.org"
            )
        return cls(email, environ.get("NCBI_API_KEY", "").strip() or None)

    def __repr__(self) -> str:
        key = "no key" if self.key is None else "with a key"
        return f"Account({self.email!r}, {key}, tool={self.tool!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Account is not pickled, as its key would be written; use Account.from_environment() there")

    def scrubbed(self, text: str) -> str:
        """A text without the key, in whatever form addresses and bodies carry it."""
        for form in self._forms():
            text = re.sub(re.escape(form), HIDDEN, text, flags=re.IGNORECASE)
        return text

    def scrubbed_body(self, body: bytes) -> bytes:
        """A body without the key."""
        for form in self._forms():
            body = re.sub(re.escape(form.encode()), HIDDEN.encode(), body, flags=re.IGNORECASE)
        return body

    def _forms(self) -> list[str]:
        """The key as it is, and as addresses write it; longest first."""
        if self.key is None:
            return []
        return sorted(
            {self.key, quote(self.key, safe=""), quote_plus(self.key), quote(self.key)}, key=len, reverse=True
        )
