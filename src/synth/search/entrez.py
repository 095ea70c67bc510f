"""PubMed over the network: the one module that sends anything.

Requests are those that Bio.Entrez builds, so that names and forms of parameters are Biopython's. How they are sent is
our own: always by POST, so that no address holds the key; at a rate that all processes of the machine share; again
after failures that pass, for a bounded time; and a reply counts only if it is the XML that the utility promises.
"""

from __future__ import annotations

import importlib.util
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from ssl import SSLCertVerificationError
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request

from synth.errors import ParameterError, RefusedError, RequestError
from synth.provenance import shortened
from synth.search import replies
from synth.search.account import Account
from synth.search.policy import PASSING, Clock, Policy, Trouble, asked_wait, duration, trouble_in_words
from synth.search.replies import (
    BadReplyError,
    ErrorReplyError,
    FetchReply,
    History,
    InfoReply,
    LinkReply,
    SearchReply,
    SpellReply,
    SummaryReply,
)
from synth.search.slices import LIMIT
from synth.search.slots import Slots

__all__ = ["EUTILS", "Account", "Client", "History", "HistoryExpired", "Policy"]

#: Where NCBI serves the E-utilities.
EUTILS = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"

_UTILITIES = ("esearch", "epost", "efetch", "esummary", "elink", "einfo", "espell")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
_SHORTEST = 0.1
_CHUNK = 1 << 16
_LONGEST_BODY = 1 << 29
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})

Reply = TypeVar("Reply")


class HistoryExpired(RequestError):  # noqa: N818 - says what it is
    """PubMed no longer has the list of ids that a History names; send the ids again."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the server sent, before it is known what it is."""

    status: int
    reason: str
    retry_after: str
    location: str
    body: bytes


class Client:
    """Requests to PubMed, from any number of threads.

    Parameters
    ----------
    account : Account
        Who asks.
    address : str
        Where the utilities are. Without encryption only on this machine.
    policy : Policy
        How often and how long a request is tried.
    slots : Slots, optional
        The rate; that of the account's key on this machine, unless another is given.
    listen : callable, optional
        Told in a line of text when a request is sent again, and why.
    clock : Clock, optional
        Time and chance of the waits between attempts.

    Attributes
    ----------
    requests : int
        Requests sent so far, those sent again included.
    """

    def __init__(
        self,
        account: Account,
        *,
        address: str = EUTILS,
        policy: Policy | None = None,
        slots: Slots | None = None,
        listen: Callable[[str], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.account, self.address, self.requests = account, _checked(address), 0
        self.policy = policy or Policy()
        self._slots = slots or Slots.of_key(account.key)
        self._listen = listen or (lambda _line: None)
        self.clock = clock or Clock()
        self._counting = threading.Lock()
        self._opener = _opener()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ, **options: Any) -> Client:
        """A client for NCBI_EMAIL and NCBI_API_KEY, at SYNTH_EUTILS_URL if that is set; `options` as for Client."""
        account = Account.from_environment(environ)
        options = {"address": environ.get("SYNTH_EUTILS_URL") or EUTILS, **options}
        options["slots"] = options.get("slots") or Slots.of_key(account.key, environ)
        return cls(account, **options)

    def search(
        self,
        term: str,
        *,
        mindate: str | None = None,
        maxdate: str | None = None,
        datetype: str = "edat",
        retstart: int = 0,
        retmax: int = LIMIT,
        history: bool = False,
    ) -> SearchReply:
        """Ids of the records that match a query.

        Parameters
        ----------
        term : str
            The query.
        mindate, maxdate : str, optional
            First and last day, ``YYYY/MM/DD``; both or none.
        datetype : str
            The date they limit: ``edat`` is the day of entry.
        retstart, retmax : int
            First id wanted, from 0, and how many; PubMed gives none beyond the 9,999th.
        history : bool
            Let PubMed keep the list, for `fetch_history`.

        Raises
        ------
        RequestError
            No reply as promised, or one that gives another number of ids than its count and the limits entail.
        """
        if (mindate is None) != (maxdate is None):
            raise ParameterError("a search needs both mindate and maxdate, or neither")
        if retstart < 0 or retmax < 0 or not term.strip():
            raise ParameterError("a search needs a query, and retstart and retmax of 0 or more")

        def read(body: bytes) -> SearchReply:
            reply = replies.read_search(body)
            promised = min(retmax, max(0, min(reply.count, LIMIT) - retstart))
            if len(reply.ids) != promised:
                raise BadReplyError(f"{len(reply.ids)} ids where the count of {reply.count} entails {promised}")
            if history and reply.history is None:
                raise BadReplyError("an esearch reply without the history that was asked for")
            return reply

        dates = {} if mindate is None else {"datetype": datetype, "mindate": mindate, "maxdate": maxdate}
        wanted = {"retstart": retstart, "retmax": retmax, "usehistory": "y" if history else None}
        days = "" if mindate is None else f" from {mindate} to {maxdate}"
        return self._ask("esearch", f"for {shortened(term, 200)}{days}", read, term=term, **wanted, **dates)

    def fetch(self, pmids: Sequence[str]) -> FetchReply:
        """The records of some PMIDs; which of them came is for the caller to compare."""
        return self._ask("efetch", _few(pmids), replies.read_fetch, id=",".join(pmids), retmode="xml")

    def fetch_history(self, history: History, start: int, size: int) -> FetchReply:
        """Records `start` (from 0) up to `start + size` of a list that PubMed keeps.

        Raises
        ------
        HistoryExpired
            PubMed keeps it no longer.
        """
        asked = f"of records {start + 1} to {start + size} of a history"
        place = {"WebEnv": history.webenv, "query_key": history.query_key, "retstart": start, "retmax": size}
        return self._ask("efetch", asked, replies.read_fetch, retmode="xml", **place)

    def fetch_posted(self, pmids: Sequence[str], size: int = 200) -> Iterator[FetchReply]:
        """Records of many PMIDs by way of PubMed's history: the ids are sent once, and again if it forgets them.

        Yields
        ------
        FetchReply
            One for each `size` ids.

        Raises
        ------
        HistoryExpired
            PubMed forgot the ids as soon as they were sent again.
        """
        history = self.post(pmids)
        for start in range(0, len(pmids), size):
            try:
                reply = self.fetch_history(history, start, size)
            except HistoryExpired:
                self._listen("PubMed no longer has the list of ids; it is sent again")
                reply = None
            if reply is None:
                history = self.post(pmids)
                reply = self.fetch_history(history, start, size)
            yield reply

    def post(self, pmids: Sequence[str]) -> History:
        """Let PubMed keep a list of PMIDs."""
        return self._ask("epost", _few(pmids), replies.read_post, id=",".join(pmids))

    def summary(self, pmids: Sequence[str]) -> SummaryReply:
        """Short descriptions of some PMIDs."""
        return self._ask("esummary", _few(pmids), replies.read_summary, id=",".join(pmids), retmode="xml")

    def links(
        self, ids: Sequence[str], *, source_db: str = "pubmed", target_db: str = "pubmed", name: str | None = None
    ) -> LinkReply:
        """Records linked to some ids, each id for itself; `name` limits them to one kind of link."""
        place = {"dbfrom": source_db, "db": target_db, "linkname": name}
        return self._ask("elink", _few(ids), replies.read_links, id=list(ids), **place)

    def info(self) -> InfoReply:
        """What PubMed says of itself: number of records, last update, fields of queries."""
        return self._ask("einfo", "on pubmed", replies.read_info)

    def spell(self, term: str) -> SpellReply:
        """PubMed's correction of a query's spelling."""
        return self._ask("espell", f"for {shortened(term, 200)}", replies.read_spell, term=term)

    def _ask(self, utility: str, asked: str, read: Callable[[bytes], Reply], **parameters: Any) -> Reply:
        """Send a request until it is answered as promised, or given up."""
        form = _form(utility, {"db": "pubmed", "tool": self.account.tool, "email": self.account.email, **parameters})
        url, started = f"{self.address}{utility}.fcgi", self.clock.now()
        attempt = 0
        while True:
            attempt += 1
            result = self._attempt(url, form, read, started, history="WebEnv" in parameters)
            if not isinstance(result, Trouble):
                return result
            spent = self.clock.now() - started
            wait = self.policy.wait(result, attempt, spent, self.clock.chance())
            if isinstance(wait, str):
                times = f"{attempt} attempt{'' if attempt == 1 else 's'} in {duration(spent)}"
                message = f"{utility} {asked}: {result.text}{wait}; given up after {times}; {result.advice}"
                kind = HistoryExpired if result.expired else RefusedError if result.attempts == 1 else RequestError
                raise kind(self.account.scrubbed(message))
            when = "at once" if result.location else f"in {duration(wait)}"
            self._say(f"{utility} {asked}: {result.text}; attempt {attempt + 1} {when}")
            if result.location:
                url = result.location
            else:
                self.clock.sleep(wait)

    def _attempt(
        self, url: str, form: str, read: Callable[[bytes], Reply], started: float, *, history: bool
    ) -> Reply | Trouble:
        """Send a request once."""
        try:
            answer = self._exchange(url, form, started + self.policy.total_wait)
        except (OSError, HTTPException) as error:
            return _trouble_of_network(error)
        if answer.status != 200:
            return self._trouble_of_status(answer, url, history=history)
        try:
            return read(answer.body)
        except ErrorReplyError as error:
            return trouble_in_words(str(error), status=200, history=history)
        except BadReplyError as error:
            return Trouble(f"PubMed sent {error}")

    def _exchange(self, url: str, form: str, until: float) -> _Answer:
        """Send a form and take what comes."""
        request = self._request(url, form)
        with self._slots.held(until - self.clock.now()):
            with self._counting:
                self.requests += 1
            timeout = min(self.policy.timeout, max(_SHORTEST, until - self.clock.now()))
            response: Any = self._opener.open(request, timeout=timeout)
        with response:
            body = self._body(response, until)
            headers = response.headers
            return _Answer(
                response.status,
                response.reason or "",
                headers.get("Retry-After", ""),
                headers.get("Location", ""),
                self.account.scrubbed_body(body),
            )

    def _request(self, url: str, form: str) -> Request:
        """The request as it is sent; the key is added only here, and only to the body."""
        if self.account.key is not None:
            form = f"{form}&{urlencode({'api_key': self.account.key})}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": self.account.tool}
        return Request(url, form.encode(), headers, method="POST")

    def _body(self, response: Any, until: float) -> bytes:
        """The whole body; what the server announced must have come, and in time."""
        announced: int | None = response.length
        parts, size = [], 0
        while part := response.read1(_CHUNK):
            parts.append(part)
            size += len(part)
            if self.clock.now() > until:
                raise TimeoutError(f"the reply had not ended after {self.policy.total_wait:g} s")
            if size > _LONGEST_BODY:
                raise HTTPException(f"the reply is longer than {_LONGEST_BODY} bytes")
        packed = response.headers.get("Content-Encoding", "identity")
        if packed.lower() != "identity":
            raise HTTPException(f"the reply is packed ({packed}), which was not asked for")
        if announced is not None and size != announced:
            raise HTTPException(f"the reply broke off after {size} of {announced} bytes")
        return b"".join(parts)

    def _trouble_of_status(self, answer: _Answer, url: str, *, history: bool) -> Trouble:
        """What to make of an answer other than 200."""
        place = f"HTTP {answer.status} {answer.reason}".strip()
        if answer.status in _REDIRECTS:
            return _redirected(place, url, answer.location)
        said = replies.gist(answer.body)
        text = f"{place}: {said}" if said else place
        if answer.status in PASSING:
            advice = "other programs may use the same key or address" if answer.status == 429 else "try again later"
            return Trouble(text, advice=advice, after=asked_wait(answer.retry_after, self.clock.date()))
        if 200 < answer.status < 300:
            return Trouble(text)
        error = replies.error_of(answer.body)
        if error is not None:
            return trouble_in_words(error, status=answer.status, history=history)
        advice = "check NCBI_API_KEY" if re.search(r"api[ -]?key", said, re.IGNORECASE) else "correct the request"
        return Trouble(text, attempts=1, advice=advice)

    def _say(self, line: str) -> None:
        self._listen(self.account.scrubbed(line))


@cache
def _biopython() -> Any:
    """An instance of Bio.Entrez of our own, which builds requests and cannot send them.

    What a user has set in Bio.Entrez is not read and not changed.
    """
    import Bio

    spec = importlib.util.find_spec("Bio.Entrez")
    if spec is None or spec.loader is None:
        raise RequestError("Biopython has no Bio.Entrez here; install biopython 1.88 or later again")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    missing = [name for name in (*_UTILITIES, "_open", "urlopen") if not hasattr(module, name)]
    if missing:
        raise RequestError(
            f"Bio.Entrez of Biopython {Bio.__version__} has no {', '.join(missing)}, by which requests are built here; "
            "install biopython 1.88"
        )
    module._open = lambda request: request
    module.urlopen = None
    return module


def _form(utility: str, parameters: Mapping[str, Any]) -> str:
    """The parameters of a request as Bio.Entrez encodes them; those that are None are left out."""
    request = getattr(_biopython(), utility)(**parameters)
    if not isinstance(request, Request) or not urlsplit(request.full_url).path.endswith(f"/{utility}.fcgi"):
        raise RequestError(f"Bio.Entrez built no request for {utility}; install biopython 1.88")
    return request.data.decode() if isinstance(request.data, bytes) else urlsplit(request.full_url).query


def _opener() -> OpenerDirector:
    """Sends as the environment's proxies want it; follows no redirect, and takes every status as an answer."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    return opener


def _checked(address: str) -> str:
    """An address to which a key can be sent, with a slash at its end."""
    parts = urlsplit(address)
    local = parts.hostname in _LOCAL
    whole = parts.hostname and parts.username is None and not parts.query and not parts.fragment and address.isascii()
    if not whole or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ParameterError(
            f"the address of the E-utilities (SYNTH_EUTILS_URL), {shortened(address)}, must be https://..., "
            "or http://... of this machine, without user name and query"
        )
    return address.rstrip("/") + "/"


def _redirected(place: str, url: str, location: str) -> Trouble:
    """Follow a redirect within the same server, and no other: the request carries the key."""
    target = urljoin(url, location)
    here, there = urlsplit(url), urlsplit(target)
    if location and (here.scheme, here.netloc) == (there.scheme, there.netloc) and not there.query:
        return Trouble(f"{place} to {there.path}", attempts=_HOPS, location=target)
    advice = "if PubMed has moved, set SYNTH_EUTILS_URL to its new address"
    return Trouble(f"{place} to {shortened(target)}, which is not followed", attempts=1, advice=advice)


def _trouble_of_network(error: OSError | HTTPException) -> Trouble:
    """What to make of a request without an answer."""
    cause = error.reason if isinstance(error, URLError) else error
    text = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
    if isinstance(cause, SSLCertVerificationError):
        return Trouble(text, attempts=1, advice="correct the certificates of this machine or of its proxy")
    if isinstance(cause, TimeoutError):
        return Trouble(f"no answer in time ({text})")
    return Trouble(text, advice="check the connection to PubMed, and try again")


def _few(ids: Sequence[str]) -> str:
    """How messages name a list of ids; each must be a number."""
    wrong = [value for value in ids if not re.fullmatch(r"[0-9]+", value, re.ASCII)]
    if wrong or not ids or isinstance(ids, str):
        shown = shortened(wrong[0]) if wrong else "no list of any"
        raise ParameterError(f"ids are written in digits, as '31452104', and there must be at least one; got {shown}")
    more = ", ..." if len(ids) > 3 else ""
    return f"of {len(ids)} {'id' if len(ids) == 1 else 'ids'} ({', '.join(ids[:3])}{more})"
