"""The history server of the loopback E-utilities: sets of PMIDs under a WebEnv and a query key, which expire."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock

from eutils_corpus import is_number


class HistoryError(LookupError):
    """A WebEnv or query key that is not held (any more)."""


@dataclass(frozen=True, slots=True)
class Held:
    """One set: its PMIDs in order, and whether a search made it (PubMed gives no more than 9,999 of such a set)."""

    pmids: tuple[int, ...]
    searched: bool


@dataclass(slots=True)
class Environment:
    """The sets of one WebEnv, when it was made, and how often it was read."""

    made: float
    sets: list[Held] = field(default_factory=list)
    uses: int = 0


class History:
    """Sets of PMIDs.

    Parameters
    ----------
    seconds : float, optional
        Age at which a WebEnv expires.
    uses : int, optional
        How often a WebEnv can be read before it expires.
    """

    def __init__(self, seconds: float | None = None, uses: int | None = None) -> None:
        self.seconds, self.uses = seconds, uses
        self.clock = time.monotonic
        self._environments: dict[str, Environment] = {}
        self._made = 0
        self._lock = Lock()

    def keep(self, pmids: Sequence[int], webenv: str = "", *, searched: bool) -> tuple[str, str]:
        """Hold a set, in a WebEnv that exists or in a new one; gives the WebEnv and the query key."""
        with self._lock:
            if webenv:
                environment = self._valid(webenv)
            else:
                self._made += 1
                webenv = "MCID_" + sha256(f"invented {self._made}".encode()).hexdigest()[:24]
                environment = self._environments[webenv] = Environment(self.clock())
            environment.sets.append(Held(tuple(pmids), searched))
            return webenv, str(len(environment.sets))

    def read(self, webenv: str, query_key: str) -> Held:
        """A set; HistoryError where it is not held or has expired."""
        with self._lock:
            environment = self._valid(webenv)
            if not is_number(query_key) or not 1 <= int(query_key) <= len(environment.sets):
                raise HistoryError(f"no query #{query_key}")
            environment.uses += 1
            return environment.sets[int(query_key) - 1]

    def expire(self) -> None:
        """Forget every WebEnv."""
        with self._lock:
            self._environments.clear()

    def _valid(self, webenv: str) -> Environment:
        environment = self._environments.get(webenv)
        if environment is None:
            raise HistoryError(f"no WebEnv {webenv}")
        old = self.seconds is not None and self.clock() - environment.made > self.seconds
        if old or (self.uses is not None and environment.uses >= self.uses):
            del self._environments[webenv]
            raise HistoryError(f"WebEnv {webenv} has expired")
        return environment
