"""A small invented PubMed for the review `ifi`, served over HTTP, and a copy of the review to search for."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from eutils_corpus import Corpus
from eutils_faults import Fault
from eutils_server import EutilsServer
from eutils_synthetic import invented_record
from synth.search.entrez import Account, Client
from synth.search.policy import Policy
from synth.search.slots import Slots
from synth.update.run import Update, run_search

TODAY = date(2026, 11, 23)
KEY = "MARKED-KEY-0123456789abcdef"
QUICK = Policy(attempts=3, first_wait=0.001, longest_wait=0.002, total_wait=5.0, timeout=5.0)
#: wilson2016 has this PMID in the review already.
WILSON = 27583151
WILSON_TITLE = (
    "Treatment of ischiofemoral impingement: results of diagnostic injections and arthroscopic resection of the lesser "
    "trochanter"
)
AOTT_TITLE = "Anatomic implications of lesser trochanterplasty"
NEW, SECOND = 30000001, 30000002
#: mohorea2026 is a hit and known by its DOI; the query does not find aott2018 (known by its PMID), boschung2023 (by
#: its DOI) and barros2018 (by its title). What bears the PMID of suren2018 and the DOI of reais2020 has another title.
AOTT, MOHOREA, SUREN, BOSCHUNG, BARROS, REAIS = 29225009, 30000012, 29589046, 30000014, 30000013, 30000011
MOHOREA_DOI = b"10.1007/s12178-025-10004-9"
BOSCHUNG_DOI = b"10.1177/23259671231184802"
#: A part of the title that the review has; without the word that the query asks for.
BOSCHUNG_TITLE = "Female patients with increased femoral version or increased McKibbin index"
REAIS_DOI = b"10.36959/453/528"
MOHOREA_TITLE = (
    "Surgical management results in lasting pain relief in patients with ischiofemoral impingement refractory to "
    "nonoperative treatment: a systematic review."
)
MATCHES = "An invented case of ischiofemoral impingement"


def by_author(xml: bytes, surname: bytes) -> bytes:
    """A record with that first author."""
    start = xml.index(b"<LastName>") + len(b"<LastName>")
    return xml[:start] + surname + xml[xml.index(b"</LastName>") :]


def invented_pubmed() -> Corpus:
    """Four hits of the review's query, and papers of the review that are none."""
    mohorea = invented_record(MOHOREA, title=MOHOREA_TITLE, entered="2025/09/01")
    barros = invented_record(BARROS, title="[Impacto extra-articular do quadril].", entered="2018/03/01")
    reais = invented_record(REAIS, title="An invented study of something else")
    boschung = invented_record(BOSCHUNG, title=BOSCHUNG_TITLE, entered="2023/08/01")
    return Corpus(
        [
            invented_record(WILSON, title=WILSON_TITLE, entered="2016/08/01"),
            invented_record(NEW, title=f"{MATCHES} seen"),
            invented_record(SECOND, title=f"{MATCHES} again"),
            invented_record(SUREN, title="An invented osteotomy"),
            invented_record(AOTT, title=AOTT_TITLE, entered="2017/12/01"),
            reais.replace(b"10.55555/invented.%d" % REAIS, REAIS_DOI),
            boschung.replace(b"10.55555/invented.%d" % BOSCHUNG, BOSCHUNG_DOI),
            by_author(mohorea, b"Mohorea").replace(b"10.55555/invented.%d" % MOHOREA, MOHOREA_DOI),
            by_author(barros, b"Barros"),
        ]
    )


@dataclass
class Searching:
    """A project in a temporary folder, and a PubMed to search."""

    root: Path
    server: EutilsServer
    slots: Path

    @property
    def folder(self) -> Path:
        return self.root / "evidence" / "ifi"

    def client(self, key: str | None = KEY) -> Client:
        account = Account("nobody@example.org", key)
        return Client(account, address=self.server.url, policy=QUICK, slots=Slots(self.slots, 10, 0.0))

    def search(self, today: date = TODAY, **options: object) -> Update:
        return run_search(self.root, "ifi", self.client(), today=today, **options)  # type: ignore[arg-type]

    def asked(self) -> list[str]:
        """The utilities asked so far, in order."""
        return [seen.utility for seen in self.server.log]

    def files(self) -> dict[str, bytes]:
        """What git would see of the review."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and ".cache" not in path.parts
        }


def project(folder: Path, repository: Path) -> Path:
    """A copy of the committed evidence."""
    shutil.copytree(repository / "evidence", folder / "evidence", ignore=shutil.ignore_patterns(".cache"))
    return folder


def serving(faults: Sequence[Fault] = ()) -> EutilsServer:
    """The invented PubMed, without limits."""
    return EutilsServer(invented_pubmed(), faults=faults, limits=None)
