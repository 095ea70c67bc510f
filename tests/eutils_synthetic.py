"""Invented records: any number of them, the same each time for the same seed, written as XML only when asked for."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from xml.sax.saxutils import escape

from lxml import etree

from eutils_corpus import MONTH_NAMES, Corpus, Entry, quiet_parser
from eutils_query import period

TOPICS = (
    "ischiofemoral impingement", "hip pain", "quadratus femoris oedema", "hamstring tendinopathy", "lesser trochanter",
    "femoral version", "endoscopic resection", "corticosteroid injection", "gait analysis", "magnetic resonance",
    "knee osteoarthritis", "low back pain", "rotator cuff tear", "tennis elbow", "plantar fasciitis", "ankle sprain",
)  # fmt: skip
PLACES = ("Norvale", "Eastmoor", "Westhaven", "Southbrook", "Highfield", "Lowmere", "Stonegate", "Millford")
NAMES = ("Abel", "Brandt", "Castillo", "Dubois", "Eriksen", "Fürst", "García", "Hansen", "Ito", "Jansen", "Kovač", "Li")
GIVEN = ("Anna B", "Carl D", "Eva F", "Göran H", "Ida J", "Kim L", "Maria N", "Omar P", "Qi R", "Sara T")
JOURNALS = (
    ("Invented J Hip", "Invented journal of the hip", "1111-2222"),
    ("Invented Radiol", "Invented radiology", "2222-3333"),
    ("Invented Sports Med", "Invented sports medicine", "3333-4444"),
    ("Invented Orthop", "Invented orthopaedics", "4444-5555"),
)
TYPES = ("Journal Article", "Randomized Controlled Trial", "Case Reports", "Systematic Review", "Observational Study")
METHODS = ("We followed", "We compared", "We measured", "We reviewed", "We treated", "We imaged")
BEFORE_NOTES = {"Article", "MedlineJournalInfo", "ChemicalList", "SupplMeshList", "CitationSubset"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What an invented record says, before it is written as XML.

    ``numbers`` are small random numbers that choose words; ``notes`` are (type of correction, PMID of the other work).
    """

    pmid: int
    entered: int
    published: int
    numbers: tuple[int, ...]
    references: tuple[int, ...] = ()
    notes: tuple[tuple[str, int], ...] = ()
    version: int = 1
    title: str = ""
    abstract: tuple[str, ...] = ()

    @property
    def doi(self) -> str:
        """Its DOI."""
        return f"10.55555/invented.{self.pmid}"

    @property
    def pmcid(self) -> str:
        """Its PMCID; one record in four has one."""
        return f"PMC{self.pmid + 5_000_000}" if self.numbers[0] % 4 == 0 else ""

    def types(self) -> tuple[str, ...]:
        """Its publication types."""
        named = {"RetractionIn": "Retracted Publication", "RetractionOf": "Retraction of Publication"}
        named["ErratumFor"] = "Published Erratum"
        chosen = TYPES[self.numbers[1] % len(TYPES)]
        found = ("Journal Article", chosen, *(named[kind] for kind, _ in self.notes if kind in named))
        return tuple(dict.fromkeys(found))

    def topics(self) -> tuple[str, str]:
        """Its two topics."""
        first = self.numbers[2] % len(TOPICS)
        return TOPICS[first], TOPICS[(first + 1 + self.numbers[3] % (len(TOPICS) - 1)) % len(TOPICS)]

    def heading(self) -> str:
        """Its title."""
        one, other = self.topics()
        return self.title or f"{one.capitalize()} and {other} in {PLACES[self.numbers[4] % len(PLACES)]}."

    def paragraphs(self) -> tuple[str, ...]:
        """Its abstract, one sentence a paragraph."""
        one, other = self.topics()
        method = METHODS[self.numbers[5] % len(METHODS)]
        return self.abstract or (
            f"Invented background on {one}.",
            f"{method} {20 + self.numbers[6] % 200} invented patients with {other}.",
            f"The invented outcome was {'better' if self.numbers[7] % 2 else 'no different'} at follow-up.",
        )

    def people(self) -> tuple[tuple[str, str], ...]:
        """Its authors: last name and given names."""
        return tuple(
            (NAMES[(self.numbers[8] + step * 5) % len(NAMES)], GIVEN[(self.numbers[9] + step * 3) % len(GIVEN)])
            for step in range(1 + self.numbers[10] % 4)
        )


def initials(given: str) -> str:
    """The first letters of given names."""
    return "".join(name[0] for name in given.split())


def entry_for(plan: Plan) -> Entry:
    """A plan as the corpus searches it. That this says the same as its XML read back is a test."""
    short, long, issn = JOURNALS[plan.numbers[11] % len(JOURNALS)]
    topic = plan.topics()[0].capitalize()
    ids = (str(plan.pmid), plan.doi, *([plan.pmcid] if plan.pmcid else []))
    return Entry(
        pmid=plan.pmid,
        version=plan.version,
        entered=plan.entered,
        created=plan.entered,
        published=plan.published,
        revised=plan.entered + 30,
        phrases={
            "title": (plan.heading(),),
            "abstract": plan.paragraphs(),
            "keyword": plan.topics(),
            "author": tuple(f"{last} {initials(given)}" for last, given in plan.people()),
            "journal": (short, long, issn),
            "type": plan.types(),
            "mesh": (topic,),
            "major": (topic,),
            "language": ("eng",),
            "id": ids,
        },
        references=plan.references,
        pmcid=plan.pmcid,
        render=partial(xml_of, plan),
    )


def day(tag: str, ordinal: int, attributes: str = "", *, numbered: bool = True) -> str:
    """A date element."""
    when = date.fromordinal(ordinal)
    month = when.month if numbered else MONTH_NAMES[when.month - 1]
    inside = f"<Year>{when.year}</Year><Month>{month}</Month><Day>{when.day}</Day>"
    return f"<{tag}{attributes}>{inside}</{tag}>"


def xml_of(plan: Plan) -> bytes:
    """A plan as the bytes of a PubmedArticle."""
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM" IndexingMethod="Manual">'
        f'<PMID Version="{plan.version}">{plan.pmid}</PMID>{day("DateRevised", plan.entered + 30)}'
        f"{article_xml(plan)}{citation_end(plan)}</MedlineCitation>{pubmed_data(plan)}</PubmedArticle>"
    ).encode()


def article_xml(plan: Plan) -> str:
    """The Article element."""
    short, long, issn = JOURNALS[plan.numbers[11] % len(JOURNALS)]
    published = day("PubDate", plan.published, numbered=False)
    issue = f"<Volume>{1 + plan.pmid % 60}</Volume><Issue>{1 + plan.pmid % 12}</Issue>{published}"
    journal = (
        f'<Journal><ISSN IssnType="Print">{issn}</ISSN><JournalIssue CitedMedium="Print">{issue}</JournalIssue>'
        f"<Title>{long}</Title><ISOAbbreviation>{short}</ISOAbbreviation></Journal>"
    )
    labels = ("BACKGROUND", "METHODS", "RESULTS")
    abstract = "".join(
        f'<AbstractText Label="{labels[min(number, 2)]}">{escape(text)}</AbstractText>'
        for number, text in enumerate(plan.paragraphs())
    )
    authors = "".join(
        f'<Author ValidYN="Y"><LastName>{last}</LastName><ForeName>{given}</ForeName>'
        f"<Initials>{initials(given)}</Initials></Author>"
        for last, given in plan.people()
    )
    types = "".join(f'<PublicationType UI="D000000">{name}</PublicationType>' for name in plan.types())
    page = 1 + plan.pmid % 900
    return (
        f'<Article PubModel="Print">{journal}<ArticleTitle>{escape(plan.heading())}</ArticleTitle>'
        f"<Pagination><StartPage>{page}</StartPage><EndPage>{page + 8}</EndPage>"
        f"<MedlinePgn>{page}-{page + 8}</MedlinePgn></Pagination>"
        f'<ELocationID EIdType="doi" ValidYN="Y">{plan.doi}</ELocationID><Abstract>{abstract}</Abstract>'
        f'<AuthorList CompleteYN="Y">{authors}</AuthorList><Language>eng</Language>'
        f"<PublicationTypeList>{types}</PublicationTypeList></Article>"
    )


def citation_end(plan: Plan) -> str:
    """What follows the Article element: journal, corrections, headings, keywords."""
    short, _, issn = JOURNALS[plan.numbers[11] % len(JOURNALS)]
    notes = "".join(
        f'<CommentsCorrections RefType="{kind}"><RefSource>Invented J Hip. 2020;1:1</RefSource>'
        f'<PMID Version="1">{other}</PMID></CommentsCorrections>'
        for kind, other in plan.notes
    )
    notes = f"<CommentsCorrectionsList>{notes}</CommentsCorrectionsList>" if notes else ""
    heading = f'<DescriptorName UI="D000001" MajorTopicYN="Y">{plan.topics()[0].capitalize()}</DescriptorName>'
    keywords = "".join(f'<Keyword MajorTopicYN="N">{topic}</Keyword>' for topic in plan.topics())
    return (
        f"<MedlineJournalInfo><Country>Norway</Country><MedlineTA>{short}</MedlineTA><NlmUniqueID>0000001</NlmUniqueID>"
        f"<ISSNLinking>{issn}</ISSNLinking></MedlineJournalInfo>{notes}"
        f"<MeshHeadingList><MeshHeading>{heading}</MeshHeading></MeshHeadingList>"
        f'<KeywordList Owner="NOTNLM">{keywords}</KeywordList>'
    )


def pubmed_data(plan: Plan) -> str:
    """The PubmedData element: history, identifiers, references."""
    history = "".join(day("PubMedPubDate", plan.entered, f' PubStatus="{status}"') for status in ("pubmed", "entrez"))
    ids = [("pubmed", str(plan.pmid)), ("doi", plan.doi), *([("pmc", plan.pmcid)] if plan.pmcid else [])]
    listed = "".join(f'<ArticleId IdType="{kind}">{value}</ArticleId>' for kind, value in ids)
    references = "".join(
        f"<Reference><Citation>Invented citation of {pmid}.</Citation><ArticleIdList>"
        f'<ArticleId IdType="pubmed">{pmid}</ArticleId><ArticleId IdType="doi">10.55555/invented.{pmid}</ArticleId>'
        "</ArticleIdList></Reference>"
        for pmid in plan.references
    )
    references = f"<ReferenceList>{references}</ReferenceList>" if references else ""
    return (
        f"<PubmedData><History>{history}</History><PublicationStatus>ppublish</PublicationStatus>"
        f"<ArticleIdList>{listed}</ArticleIdList>{references}</PubmedData>"
    )


def invented_record(
    pmid: int,
    *,
    entered: str = "2020/06/15",
    title: str = "",
    abstract: tuple[str, ...] = (),
    notes: tuple[tuple[str, int], ...] = (),
    references: tuple[int, ...] = (),
    version: int = 1,
) -> bytes:
    """The bytes of one invented record; what is not given follows from its PMID."""
    rng = random.Random(pmid)
    numbers = tuple(rng.randrange(1 << 16) for _ in range(12))
    first = period(entered)[0]
    return xml_of(Plan(pmid, first, first - 20, numbers, references, notes, version, title, abstract))


def synthetic_corpus(
    count: int,
    seed: int = 0,
    *,
    days: int = 3_650,
    first_day: str = "2015/01/01",
    first_pmid: int = 20_000_001,
    heavy_day: int = 0,
    retracted: int = 0,
    errata: int = 0,
    concerns: int = 0,
) -> Corpus:
    """A corpus of invented records.

    Parameters
    ----------
    count : int
        How many.
    days, first_day : int, str
        Entry days are spread over so many days from that day on.
    heavy_day : int
        How many of the records are entered on one day in the middle; more than 9,999 make that day too large for a
        search.
    retracted, errata, concerns : int
        How many pairs of a record and a notice about it there are of each kind.
    """
    rng = random.Random(seed)
    start = period(first_day)[0]
    middle = start + days // 2
    entered = sorted([middle] * min(heavy_day, count) + [start + rng.randrange(days) for _ in range(count - heavy_day)])
    # Numbers rise with the days, but not all: some records are entered long before or after their neighbours.
    for _ in range(count // 20):
        one, other = rng.randrange(count), rng.randrange(count)
        entered[one], entered[other] = entered[other], entered[one]
    pmids, pmid = [], first_pmid
    for _ in range(count):
        pmids.append(pmid)
        pmid += 1 + (rng.random() < 0.3) * rng.randrange(1, 9)
    notes = pairs(pmids, (("Retraction", retracted), ("Erratum", errata), ("ExpressionOfConcern", concerns)))
    with no_collection():
        return Corpus(map(entry_for, plans_for(rng, pmids, entered, notes)))


def plans_for(
    rng: random.Random, pmids: list[int], entered: list[int], notes: dict[int, tuple[tuple[str, int], ...]]
) -> Iterator[Plan]:
    """What each record says."""
    for number, (pmid, ordinal) in enumerate(zip(pmids, entered, strict=True)):
        bits = rng.getrandbits(16 * 12)
        numbers = tuple(bits >> (16 * place) & 0xFFFF for place in range(12))
        cited = tuple(sorted({pmids[numbers[place] % number] for place in range(numbers[6] % 3)})) if number else ()
        yield Plan(pmid, ordinal, ordinal - numbers[5] % 120, numbers, cited, notes.get(pmid, ()))


@contextmanager
def no_collection() -> Iterator[None]:
    """Without Python's search for cycles: with it, making 25,000 records takes twice as long."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def pairs(pmids: list[int], wanted: tuple[tuple[str, int], ...]) -> dict[int, tuple[tuple[str, int], ...]]:
    """Which records have notices, and which are the notices: neighbours from the first record on."""
    notes, place = {}, 0
    for kind, count in wanted:
        for _ in range(count):
            about, notice = pmids[place], pmids[place + 1]
            back = "RetractionOf" if kind == "Retraction" else f"{kind}For"
            notes[about], notes[notice] = ((f"{kind}In", notice),), ((back, about),)
            place += 2
    return notes


def noted(entry: Entry, kind: str, other: int) -> bytes:
    """A record with one more correction, such as ``RetractionIn``, that names another work; its bytes.

    A retraction also makes it a Retracted Publication.
    """
    tree = etree.fromstring(entry.render(), quiet_parser(recover=False))
    citation = tree.find("MedlineCitation")
    notes = citation.find("CommentsCorrectionsList")
    if notes is None:
        notes = etree.Element("CommentsCorrectionsList")
        before = [element for element in citation if element.tag in BEFORE_NOTES]
        citation.insert(citation.index(before[-1]) + 1, notes)
    note = etree.SubElement(notes, "CommentsCorrections", RefType=kind)
    etree.SubElement(note, "RefSource").text = "Invented J Hip. 2024;2:2"
    etree.SubElement(note, "PMID", Version="1").text = str(other)
    if kind == "RetractionIn":
        types = citation.find("Article/PublicationTypeList")
        etree.SubElement(types, "PublicationType", UI="D016441").text = "Retracted Publication"
    return etree.tostring(tree, encoding="utf-8", with_tail=False)
