"""A plain client of the loopback E-utilities: one request, one answer, nothing retried and nothing checked."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from lxml import etree

from eutils_server import EutilsServer


@dataclass(frozen=True)
class Answer:
    """An HTTP reply as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def root(self) -> etree._Element:
        """The body as XML."""
        return etree.fromstring(self.body)

    def text(self, path: str) -> str:
        """The text of the element at a path."""
        return self.root.findtext(path)

    def all(self, path: str) -> list[str]:
        """The texts of all elements at a path."""
        return [element.text for element in self.root.iterfind(path)]

    @property
    def count(self) -> int:
        """How many records a search promises."""
        return int(self.text("Count"))

    @property
    def ids(self) -> list[int]:
        """The ids that a search gives."""
        return list(map(int, self.all("IdList/Id")))

    @property
    def pmids(self) -> list[int]:
        """The PMIDs of the records of an efetch, in order."""
        return [int(found) for path in ("MedlineCitation", "BookDocument") for found in self.all(f"*/{path}/PMID")]


def ask(server: EutilsServer, utility: str, method: str = "POST", *, timeout: float = 10.0, **params: object) -> Answer:
    """One request on a connection of its own; ``db`` is pubmed where it is not given."""
    address = urlsplit(server.url)
    given = urlencode({"db": "pubmed"} | params, doseq=True)
    target = f"{address.path}{utility}.fcgi"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
    try:
        if method == "POST":
            connection.request("POST", target, given, form)
        else:
            connection.request(method, f"{target}?{given}")
        with connection.getresponse() as reply:
            return Answer(reply.status, dict(reply.getheaders()), reply.read())
    finally:
        connection.close()


def search(server: EutilsServer, term: str, **params: object) -> Answer:
    """One search, of all ids that it gives."""
    return ask(server, "esearch", term=term, **({"retmax": 9_999} | params))
