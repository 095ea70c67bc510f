"""Faults that the loopback E-utilities play by schedule: each is the same every time.

A fault names a utility (or ``*``), which of its requests it plays at (counted from 1), a kind, and parameters. Kinds
that act before the answer, kinds that edit the reply, and kinds of delivery can be played at one request together.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import eutils_texts as texts
from eutils_corpus import Corpus
from eutils_replies import JSON, XML, Reply
from eutils_synthetic import invented_record

HTML_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Service unavailable</title></head>"
    "<body><h1>Server Error</h1><p>Invented page: please try again.</p></body></html>\n"
)
# What each kind takes besides on and at. Parameters that are left out have the defaults used below.
KINDS: dict[str, frozenset[str]] = {
    # before the answer
    "delay": frozenset({"seconds"}),
    "change": frozenset({"call"}),
    "add": frozenset({"pmid", "entered", "records"}),
    "remove": frozenset({"pmids", "count"}),
    "expired": frozenset({"form"}),
    # edits of the reply
    "status": frozenset({"code", "retry_after", "body", "content_type"}),
    "limit": frozenset({"retry_after"}),
    "html": frozenset({"code"}),
    "json_error": frozenset({"text", "code"}),
    "empty": frozenset({"code"}),
    "error_element": frozenset({"message", "code", "beside"}),
    "not_xml": frozenset({"text"}),
    "wrong_root": frozenset({"name"}),
    "wrong_count": frozenset({"by"}),
    "duplicate": frozenset({"count"}),
    "missing": frozenset({"count"}),
    "surplus": frozenset({"count", "pmid"}),
    "other_version": frozenset({"version"}),
    "reorder": frozenset(),
    "unknown_element": frozenset(),
    "stale_dtd": frozenset(),
    "no_doctype": frozenset(),
    "bom": frozenset(),
    "doubled": frozenset(),
    "bad_bytes": frozenset(),
    "content_type": frozenset({"value"}),
    # delivery
    "gzip_garbage": frozenset(),
    "gzip_cut": frozenset({"share"}),
    "truncate": frozenset({"share", "bytes"}),
    "reset": frozenset({"byte"}),
    "closed": frozenset({"reset"}),
    "refuse": frozenset({"seconds"}),
    "length_too_long": frozenset({"by"}),
    "length_too_short": frozenset({"by"}),
    "chunked": frozenset({"size"}),
    "chunk_stop": frozenset({"share"}),
    "drip": frozenset({"bytes", "seconds"}),
}
BEFORE = frozenset({"delay", "change", "add", "remove", "expired"})


class Fault:
    """One fault.

    Parameters
    ----------
    on : str
        Utility, such as ``efetch``, or ``*`` for every request.
    at : int or range
        Which of the requests to that utility (of all requests for ``*``), counted from 1.
    kind : str
        One of ``KINDS``; ``**parameters`` are those that it takes.
    """

    def __init__(self, on: str, at: int | range, kind: str, **parameters: Any) -> None:
        if on != "*" and on not in texts.ROOTS:
            raise ValueError(f"no utility {on!r}; there are {', '.join(texts.ROOTS)} and *")
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}; there are {', '.join(KINDS)}")
        if unknown := set(parameters) - KINDS[kind]:
            raise ValueError(f"{kind} does not take {', '.join(sorted(unknown))}; it takes {sorted(KINDS[kind])}")
        self.on, self.at, self.kind, self.parameters = on, at, kind, parameters

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.parameters.items())
        return f"Fault({self.on!r}, {self.at!r}, {self.kind!r}{given})"

    def plays(self, utility: str, number: int, total: int) -> bool:
        """Whether it plays at the request with that number of its utility and of all."""
        count = total if self.on == "*" else number
        meant = self.on in ("*", utility)
        return meant and (count in self.at if isinstance(self.at, range) else count == self.at)

    def get(self, name: str, default: Any) -> Any:
        """A parameter."""
        return self.parameters.get(name, default)


def faults_of(path: Path | str) -> list[Fault]:
    """Faults from a JSON file: a list of objects with on, at (a number, or first and last), kind and parameters."""
    faults = []
    for entry in json.loads(Path(path).read_text("utf-8")):
        at = entry.pop("at")
        faults.append(Fault(entry.pop("on"), at if isinstance(at, int) else range(at[0], at[1] + 1), **entry))
    return faults


@dataclass(slots=True)
class Delivery:
    """How the bytes of a reply go out.

    Attributes
    ----------
    length : int or None
        What Content-Length says; None sends chunks.
    stop : int or None
        After how many bytes of the body the connection ends; -1 before the status line.
    reset : bool
        Whether that end is a reset and not a close.
    piece, pause : int, float
        Bytes a write, and seconds between two.
    """

    body: bytes
    length: int | None
    stop: int | None = None
    reset: bool = False
    piece: int = 1 << 16
    pause: float = 0.0
    chunk: int = 4_096
    refuse: float | None = None
    headers: dict[str, str] = field(default_factory=dict)


def before(fault: Fault, corpus: Corpus, expire: Callable[[], None]) -> None:
    """Play a fault that changes what is served (``delay`` is the server's own)."""
    if fault.kind == "change":
        fault.get("call", None)(corpus)
    elif fault.kind == "add":
        pmid, entered = fault.get("pmid", 90_000_001), fault.get("entered", "2020/06/15")
        corpus.add(*(invented_record(pmid + step, entered=entered) for step in range(fault.get("records", 1))))
    elif fault.kind == "remove":
        corpus.remove(*fault.get("pmids", corpus.pmids()[: fault.get("count", 1)]))
    elif fault.kind == "expired" and fault.get("form", "new") == "new":
        expire()


def limited(key: str, count: int, limit: int, retry_after: float | None) -> Reply:
    """The answer to a request over the limit; like the real one it repeats the key."""
    body = {"error": "API rate limit exceeded", "api-key": key, "count": str(count), "limit": str(limit)}
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Reply(json.dumps(body, separators=(",", ":")).encode() + b"\n", status=429, kind=JSON, headers=headers)


def edit(fault: Fault, reply: Reply, utility: str, params: Mapping[str, str]) -> None:
    """Play a fault that edits the reply."""
    if fault.kind in WHOLE:
        code, body, kind = WHOLE[fault.kind](fault, utility, params)
        reply.replace_body(body)
        reply.status, reply.kind = code, kind
        if fault.get("retry_after", None) is not None:
            reply.headers["Retry-After"] = str(fault.get("retry_after", None))
    elif fault.kind in PARTS:
        PARTS[fault.kind](fault, reply)
    elif fault.kind in BODY:
        reply.replace_body(BODY[fault.kind](fault, reply.body, utility))
    elif fault.kind == "content_type":
        reply.kind = fault.get("value", "text/plain; charset=UTF-8")


def status_page(fault: Fault, utility: str, params: Mapping[str, str]) -> tuple[int, bytes, str]:
    """An HTTP status with a page of its own."""
    body = fault.get("body", HTML_PAGE)
    return fault.get("code", 500), body.encode(), fault.get("content_type", "text/html; charset=UTF-8")


def limit_page(fault: Fault, utility: str, params: Mapping[str, str]) -> tuple[int, bytes, str]:
    """The answer over the limit, at a request that is not over it."""
    reply = limited(params.get("api_key", "127.0.0.1"), 11, 10, None)
    return 429, reply.body, JSON


def error_page(fault: Fault, utility: str, params: Mapping[str, str]) -> tuple[int, bytes, str]:
    """An error body of the utility."""
    message = fault.get("message", "Search Backend failed: invented failure")
    return fault.get("code", 200), texts_error(utility, message), XML


def old_expiry(fault: Fault, utility: str, params: Mapping[str, str]) -> tuple[int, bytes, str]:
    """How an expired history was answered in the past: status 200 and one line."""
    return 200, texts_error(utility, f"Unable to obtain query #{params.get('query_key', 1)}"), XML


def texts_error(utility: str, message: str) -> bytes:
    """The bytes of an error body."""
    root = texts.ROOTS[utility]
    return f"{texts.DOCTYPES[utility]}\n<{root}>\n\t<ERROR>{message}</ERROR>\n</{root}>\n".encode()


WHOLE: dict[str, Callable[[Fault, str, Mapping[str, str]], tuple[int, bytes, str]]] = {
    "status": status_page,
    "limit": limit_page,
    "html": lambda fault, *_: (fault.get("code", 200), HTML_PAGE.encode(), "text/html; charset=UTF-8"),
    "json_error": lambda fault, *_: (
        fault.get("code", 200),
        fault.get("text", '{"error":"error forwarding request","api-key":"127.0.0.1"}').encode(),
        JSON,
    ),
    "empty": lambda fault, *_: (fault.get("code", 200), b"", XML),
    "error_element": error_page,
    "not_xml": lambda fault, *_: (200, fault.get("text", "PMID- 1\nTI  - Invented text\n").encode(), XML),
    "wrong_root": lambda fault, *_: (
        200,
        f'<?xml version="1.0" ?>\n<{fault.get("name", "Result")}/>\n'.encode(),
        XML,
    ),
    "expired": old_expiry,
}


def duplicate(fault: Fault, reply: Reply) -> None:
    """Send the first records or ids twice."""
    reply.parts += reply.parts[: fault.get("count", 1)]


def missing(fault: Fault, reply: Reply) -> None:
    """Leave the last records or ids out."""
    reply.parts = reply.parts[: max(0, len(reply.parts) - fault.get("count", 1))]


def surplus(fault: Fault, reply: Reply) -> None:
    """Add records or ids that nobody asked for."""
    for pmid in range(fault.get("pmid", 99_000_001), fault.get("pmid", 99_000_001) + fault.get("count", 1)):
        wanted_ids = b"<IdList>" in reply.head
        reply.parts.append(f"<Id>{pmid}</Id>\n".encode() if wanted_ids else invented_record(pmid) + b"\n")


def other_version(fault: Fault, reply: Reply) -> None:
    """Add the first record once more, as another version of its PMID."""
    version = f'<PMID Version="{fault.get("version", 2)}"'.encode()
    reply.parts += [re.sub(rb'<PMID Version="\d+"', version, part, count=1) for part in reply.parts[:1]]


def reorder(fault: Fault, reply: Reply) -> None:
    """Send the records or ids backwards."""
    reply.parts.reverse()


def unknown_element(fault: Fault, reply: Reply) -> None:
    """Put an element into each record that no DTD knows."""
    reply.parts = [
        part.replace(b"</PMID>", b'</PMID><InventedElement UI="X1">invented</InventedElement>', 1)
        for part in reply.parts
    ]


PARTS: dict[str, Callable[[Fault, Reply], None]] = {
    "duplicate": duplicate,
    "missing": missing,
    "surplus": surplus,
    "other_version": other_version,
    "reorder": reorder,
    "unknown_element": unknown_element,
}


def wrong_count(fault: Fault, body: bytes, utility: str) -> bytes:
    """Change the count that a search promises."""
    pattern = rb'(<Count>|"count": ")(\d+)'
    return re.sub(pattern, lambda match: match[1] + b"%d" % (int(match[2]) + fault.get("by", 1)), body, count=1)


def stale_dtd(fault: Fault, body: bytes, utility: str) -> bytes:
    """Name a DTD that is newer than any that is known."""
    body = re.sub(rb"1st January \d{4}", b"1st January 2031", body, count=1)
    return re.sub(rb"(pubmed_|/dtd/|_)\d{6,8}(\.dtd|/)", rb"\g<1>310101\2", body, count=1)


BODY: dict[str, Callable[[Fault, bytes, str], bytes]] = {
    "wrong_count": wrong_count,
    "stale_dtd": stale_dtd,
    "no_doctype": lambda _fault, body, _utility: re.sub(rb"<!DOCTYPE[^>]*>\s*", b"", body, count=1),
    "bom": lambda _fault, body, _utility: b"\xef\xbb\xbf" + body,
    "doubled": lambda _fault, body, _utility: body + body,
    "bad_bytes": lambda _fault, body, _utility: re.sub(rb">([A-Za-z0-9])", b">\xff\xfe\\1", body, count=1),
}


def delivery_of(reply: Reply, faults: list[Fault]) -> Delivery:
    """How a reply goes out under those faults."""
    body = reply.body
    plan = Delivery(body, len(body))
    for fault in faults:
        if fault.kind in DELIVERIES:
            DELIVERIES[fault.kind](fault, plan)
    return plan


def gzip_garbage(fault: Fault, plan: Delivery) -> None:
    """Say that the body is packed, and send it unpacked."""
    plan.headers["Content-Encoding"] = "gzip"


def gzip_cut(fault: Fault, plan: Delivery) -> None:
    """Pack the body and lose its end."""
    packed = gzip.compress(plan.body, mtime=0)
    plan.body = packed[: int(len(packed) * fault.get("share", 0.5))]
    plan.length = len(plan.body)
    plan.headers["Content-Encoding"] = "gzip"


def truncate(fault: Fault, plan: Delivery) -> None:
    """Lose the end of the body, with the length of what is left."""
    plan.body = plan.body[: fault.get("bytes", int(len(plan.body) * fault.get("share", 0.5)))]
    plan.length = len(plan.body)


def reset(fault: Fault, plan: Delivery) -> None:
    """Reset the connection at a byte of the body."""
    plan.stop, plan.reset = min(fault.get("byte", 0), len(plan.body)), True


def closed(fault: Fault, plan: Delivery) -> None:
    """End the connection before the status line."""
    plan.stop, plan.reset = -1, fault.get("reset", False)


def refuse(fault: Fault, plan: Delivery) -> None:
    """End the connection, and refuse others for a while."""
    plan.stop, plan.refuse = -1, fault.get("seconds", 0.5)


def length_too_long(fault: Fault, plan: Delivery) -> None:
    """Promise more bytes than there are."""
    plan.stop, plan.length = len(plan.body), len(plan.body) + fault.get("by", 100)


def length_too_short(fault: Fault, plan: Delivery) -> None:
    """Promise fewer bytes than there are."""
    plan.stop, plan.length = len(plan.body), max(0, len(plan.body) - fault.get("by", 100))


def chunked(fault: Fault, plan: Delivery) -> None:
    """Send the body in chunks, which is no fault."""
    plan.length, plan.chunk = None, fault.get("size", 4_096)


def chunk_stop(fault: Fault, plan: Delivery) -> None:
    """Send the body in chunks and stop before the last one."""
    plan.length, plan.stop = None, int(len(plan.body) * fault.get("share", 0.5))


def drip(fault: Fault, plan: Delivery) -> None:
    """Send few bytes at a time."""
    plan.piece, plan.pause = fault.get("bytes", 64), fault.get("seconds", 0.01)


DELIVERIES: dict[str, Callable[[Fault, Delivery], None]] = {
    kind.__name__: kind
    for kind in (
        gzip_garbage, gzip_cut, truncate, reset, closed, refuse, length_too_long, length_too_short, chunked, chunk_stop,
        drip,
    )
}  # fmt: skip
