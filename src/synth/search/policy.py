"""How often, how long and when a request is sent again, and what is said when it is given up."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from synth.errors import ParameterError

#: HTTP statuses after which the same request may succeed.
PASSING = frozenset({408, 429, 500, 502, 503, 504})
#: Attempts at a request to which PubMed answers with a fault in words that do not speak of trouble of its own.
ERROR_ATTEMPTS = 3

_TROUBLE = re.compile(
    r"backend failed|temporar|time-?d?[ -]?out|unavailable|try again|empty response|unable to open|overload"
    r"|internal (server )?error|server error|bytes read",
    re.IGNORECASE,
)
# A range that cannot be is put in words that otherwise speak of trouble, or of a lost history.
_OUTRIGHT = re.compile(r"cannot be larger|out of range", re.IGNORECASE)
_HISTORY = re.compile(r"web ?env|query[_ ]?key|history|unable to obtain query", re.IGNORECASE)


class Clock:
    """Time and chance as the client sees them; a test puts its own in this place."""

    def now(self) -> float:
        """Seconds that only grow, the same for all processes of the machine."""
        return time.monotonic()

    def date(self) -> float:
        """Seconds since 1970, as the calendar has it."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def chance(self) -> float:
        """A random number from 0 up to 1."""
        return random.random()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an attempt gave no reply that can be used.

    Attributes
    ----------
    text : str
        What happened.
    attempts : int or None
        How often such a request is sent at most; 1 where another attempt cannot help, None where the policy decides.
    advice : str
        What the user can do.
    after : float
        Seconds that PubMed asks to wait.
    expired : bool
        PubMed no longer has the history that the request names.
    location : str
        Where the request is to be sent instead.
    """

    text: str
    attempts: int | None = None
    advice: str = "try again later"
    after: float = 0.0
    expired: bool = False
    location: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds of patience, in seconds.

    Attributes
    ----------
    attempts : int
        How often one request is sent at most.
    first_wait, longest_wait : float
        The wait after the k-th attempt is drawn evenly from 0 to ``first_wait * 2**(k-1)``, at most `longest_wait`.
    total_wait : float
        No attempt begins later than this after the first, and none goes on longer.
    timeout : float
        Longest silence of the server.
    """

    attempts: int = 8
    first_wait: float = 1.0
    longest_wait: float = 60.0
    total_wait: float = 600.0
    timeout: float = 60.0

    def __post_init__(self) -> None:
        waits = (self.first_wait, self.longest_wait, self.total_wait)
        if self.attempts < 1 or not all(0 <= wait < float("inf") for wait in waits) or not self.timeout > 0:
            raise ParameterError("a Policy needs at least one attempt, waits of 0 s or more, and a timeout above 0 s")

    def wait(self, trouble: Trouble, attempt: int, spent: float, chance: float) -> float | str:
        """Seconds to wait before the next attempt, or why there is none.

        Parameters
        ----------
        trouble : Trouble
            How the last attempt ended.
        attempt : int
            Its number, from 1.
        spent : float
            Seconds since the first attempt began.
        chance : float
            From 0 up to 1.
        """
        most = self.attempts if trouble.attempts is None else min(self.attempts, trouble.attempts)
        if attempt >= most:
            return ""
        doubled = self.first_wait * 2.0 ** min(attempt - 1, 60)
        wait = max(trouble.after, chance * min(self.longest_wait, doubled))
        if spent + wait <= self.total_wait:
            return wait
        if trouble.after > self.total_wait - spent:
            return f"; PubMed asks to wait {duration(trouble.after)}, more than the {self.total_wait:g} s allowed"
        return f"; another attempt would pass the {self.total_wait:g} s allowed"


def asked_wait(value: str, date: float) -> float:
    """Seconds that a Retry-After header asks to wait; 0 where it is empty or cannot be read.

    Parameters
    ----------
    value : str
        Of the header: seconds, or a date as HTTP writes it.
    date : float
        The present, in seconds since 1970.
    """
    if re.fullmatch(r"[0-9]+", value.strip(), re.ASCII):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - date)
    except (ValueError, OverflowError):
        return 0.0


def trouble_in_words(said: str, *, status: int, history: bool) -> Trouble:
    """What to make of a fault that PubMed put in words.

    Parameters
    ----------
    said : str
        Its ERROR element.
    status : int
        The HTTP status it came with: PubMed reports trouble of its own with 200 and with 400.
    history : bool
        The request named a history.
    """
    place = "" if status == 200 else f" (HTTP {status})"
    text = f"PubMed answered{place}: {said}"
    if _OUTRIGHT.search(said):
        return Trouble(text, attempts=1, advice="correct the request")
    if history and _HISTORY.search(said):
        return Trouble(text, attempts=1, advice="send the ids again", expired=True)
    if _TROUBLE.search(said):
        return Trouble(
            text, advice="PubMed may be in trouble, or the query cannot be run; check it, or try again later"
        )
    return Trouble(text, attempts=ERROR_ATTEMPTS if status == 200 else 1, advice="correct the request")


def duration(seconds: float) -> str:
    """Seconds as a message shows them."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
