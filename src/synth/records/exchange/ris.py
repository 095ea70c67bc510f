"""RIS: read with nothing lost, and written.

The reader is our own. rispy 0.10 leaves out, without a word, the last record where its end tag is missing, the first
where a byte order mark stands before it, the second of two equal tags, and text before a record; it parts addresses at
semicolons. It reads what is written here, which the tests check.
"""

from __future__ import annotations

import re

import msgspec

from synth.errors import FormatError
from synth.records.exchange.names import from_ris_name, ris_name
from synth.records.exchange.tagged import Field, Fields
from synth.records.exchange.types import FROM_RIS, OTHER, TO_RIS
from synth.records.reference import SEASONS, Date, More, Reference, date_from, date_of, lines, one_line

FORMAT = "ris"
START = re.compile(r"(?m)^TY  -")
MARK = re.compile(r"(?m)^(?:TY|ER)  -")
_TAG = re.compile(r"([A-Z][A-Z0-9])  -(.*)")
_ALMOST = re.compile(r"(?:TY|AU) ?- \S|ER ?- ?$")
# What Ovid and the Cochrane Library write before a record, and others after the last.
_BETWEEN = re.compile(r"\d+\.\s*|Record #\d+ of \d+\s*|EF  -\s*")
_HEADER = re.compile(r"[A-Z][\w ]*: .*")
# What a reader might take for a tag where a line of an abstract begins with it.
_LOOKS_LIKE_TAG = re.compile(r".. ? ?-")
_DOI_ADDRESS = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?10\.\d{4,9}/\S+", re.IGNORECASE)
_ISSN = re.compile(r"\d{4}-?\d{3}[\dXx]")
_ISBN = re.compile(r"(?:97[89][- ]?)?(?:\d[- ]?){9}[\dXx]")
_PAGES = re.compile(r"([^-]*[^-\s])-([^-\s][^-]*)")
_BLOCKS = ("AB", "N1")


def read_ris(text: str, file: str) -> tuple[Reference, ...]:
    """The references of a RIS file.

    Raises
    ------
    FormatError
        A line outside of a record, a record without end or content, a tag that is almost one.
    """
    return tuple(_reference(kind, fields, file) for kind, fields in _records(text, file))


def _records(text: str, file: str) -> list[tuple[Field, list[Field]]]:
    records: list[tuple[Field, list[Field]]] = []
    start: Field | None = None
    fields: list[Field] = []
    for number, line in enumerate(text.split("\n"), 1):
        tag, value = _parted(line, number, file)
        if start is None:
            if _BETWEEN.fullmatch(line):
                continue
            if tag == "TY":
                start, fields = Field("TY", number, [value]), []
            elif tag is not None or (line.strip() and (records or not _HEADER.fullmatch(line))):
                raise FormatError(file, number, f"{one_line(line)[:60]!r} is in no record; 'TY  - ' is expected first")
        elif tag == "TY":
            raise FormatError(file, number, f"a record begins, but that of line {start.line} has no end ('ER  - ')")
        elif tag == "ER":
            records.append((start, fields))
            start = None
        elif tag is not None:
            fields.append(Field(tag, number, [value]))
        elif one_line(line):
            _continue(start, fields, value, number, file)
    if start is not None:
        raise FormatError(file, start.line, "the record that begins here has no end ('ER  - '); is the file whole?")
    return records


def _parted(line: str, number: int, file: str) -> tuple[str | None, str]:
    found = _TAG.match(line)
    if found is not None:
        return found[1], line[5:]
    if _ALMOST.match(line):
        message = f"{line[:20]!r} is almost a tag; two letters, two blanks, a hyphen and a blank are expected"
        raise FormatError(file, number, message)
    return None, line


def _continue(start: Field, fields: list[Field], text: str, number: int, file: str) -> None:
    if not fields:
        raise FormatError(file, number, f"{one_line(text)[:60]!r} follows line {start.line} (TY) and continues nothing")
    fields[-1].lines.append(text)


def _reference(start: Field, found: list[Field], file: str) -> Reference:
    fields = Fields(found)
    if not fields:
        raise FormatError(file, start.line, "a record without any content; at least one tag with a value is expected")
    kind = FROM_RIS.get(start.text, OTHER)
    more = [More(FORMAT, "TY", start.text)] if TO_RIS[kind] != start.text else []
    container = fields.one("T2", "JF", "BT") if kind != "book" else fields.one("T2")
    container = container or fields.one("JO")
    reference = Reference(
        type=kind,
        id=fields.one("ID"),
        title=fields.one("TI", "T1", "CT", "BT"),
        authors=tuple(from_ris_name(item.text) for item in fields.all("AU", "A1")),
        editors=tuple(from_ris_name(item.text) for item in fields.all("A2", "ED")),
        container_title=container,
        container_abbreviation=fields.one("J2", "JA", "JO"),
        date=_date(fields),
        volume=fields.one("VL"),
        issue=fields.one("IS"),
        pages=_pages(fields),
        article_number=fields.one("C7"),
        publisher=fields.one("PB"),
        place=fields.one("CY", "PP"),
        edition=fields.one("ET"),
        abstract=fields.block("AB", "N2"),
        urls=_items(fields, "UR"),
        keywords=_items(fields, "KW"),
        languages=_items(fields, "LA"),
        notes=tuple(item.block for item in fields.all("N1")),
    )
    return _with_numbers(reference, fields, more)


def _with_numbers(reference: Reference, fields: Fields, more: list[More]) -> Reference:
    doi = fields.one("DO")
    types = [item.text for item in fields.all("M3")]
    if doi is None:
        doi = next((text for text in types if _DOI.fullmatch(text)), None)
        types = [text for text in types if text != doi]
    issns, isbns = _serial_numbers(fields)
    pmid, accession = _accession(fields)
    return msgspec.structs.replace(
        reference,
        doi=_DOI_ADDRESS.sub("", doi, count=1) if doi and _DOI.fullmatch(doi) else doi,
        pmid=pmid,
        pmcid=_if_like(fields, "C2", r"PMC\d+"),
        accession=accession,
        issns=issns,
        isbns=isbns,
        publication_types=tuple(types),
        more=(*more, *fields.rest(FORMAT)),
    )


def _items(fields: Fields, tag: str) -> tuple[str, ...]:
    return tuple(text for item in fields.all(tag) for text in item.items)


def _if_like(fields: Fields, tag: str, pattern: str) -> str | None:
    found = None
    for item in fields.all(tag):
        if found is None and re.fullmatch(pattern, item.text):
            found = item.text
        else:
            fields.give_back(item)
    return found


def _accession(fields: Fields) -> tuple[str | None, str | None]:
    """PMID where the database is PubMed; otherwise the number in that database."""
    bases = fields.all("DB")
    for item in bases:
        if item.text != "PubMed":
            fields.give_back(item)
    number = fields.one("AN")
    of_pubmed = any(item.text.lower() in ("pubmed", "medline") for item in bases)
    if of_pubmed and number and number.isascii() and number.isdigit():
        return number, None
    if bases and all(item.text == "PubMed" for item in bases):
        # Nothing says that the record has a number there.
        fields.give_back(bases[0])
    return None, number


def _serial_numbers(fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """ISSN and ISBN; a value with further words stays as it is, beside the numbers found in it."""
    numbers: dict[str, list[str]] = {"issn": [], "isbn": []}
    for item in fields.all("SN"):
        for text in re.split(r"[;,]|\n", item.block):
            value = one_line(text)
            kind = "issn" if _ISSN.fullmatch(value) else "isbn" if _ISBN.fullmatch(value) else None
            if kind:
                numbers[kind].append(value)
            elif value:
                numbers["issn"] += _ISSN.findall(value) if not _ISBN.search(value) else []
                fields.give_back(Field("SN", item.line, [value]))
    return tuple(dict.fromkeys(numbers["issn"])), tuple(dict.fromkeys(numbers["isbn"]))


def _pages(fields: Fields) -> str | None:
    first = fields.one("SP")
    if first is None or "-" in first:
        return first
    last = fields.one("EP")
    return f"{first}-{last}" if last else first


def _date(fields: Fields) -> Date | None:
    year = fields.one("PY", "Y1")
    coarse = _ris_date(year) if year else None
    days = fields.all("DA")
    fine = _ris_date(days[0].text) if days else None
    agree = fine is not None and (coarse is None or coarse == Date(year=fine.year))
    for item in days:
        if not (agree or fine == coarse) or item.text != days[0].text:
            fields.give_back(item)
    return fine if agree else coarse


def _ris_date(text: str) -> Date | None:
    """A date as YYYY/MM/DD/other; whatever else stands there is read as printed."""
    year, month, day, other = [*text.split("/", 3), "", "", "", ""][:4]
    if not other.strip():
        return date_from(year, month.strip() or None, day.strip() or None) or date_of(text)
    known = date_from(year, month.strip() or None, day.strip() or None) if year or month or day else Date()
    if known is None:
        return date_of(text)
    part = {"season": other} if other in SEASONS and not known.month else {"literal": other}
    return msgspec.structs.replace(known, **part)


def write_ris(reference: Reference) -> str:
    """One record of RIS, from TY to ER and an empty line."""
    own = [item for item in reference.more if item.format == FORMAT]
    kind = next((item.value for item in own if item.tag == "TY"), TO_RIS.get(reference.type, TO_RIS[OTHER]))
    written = [line for tag, text in _pairs(reference, own) for line in _written(tag, text or "", tag in _BLOCKS)]
    kept = [line for item in own if item.tag != "TY" for line in _written(item.tag, item.value, True)]
    return "\n".join([f"TY  - {one_line(kind)}", *written, *kept, "ER  - ", "", ""])


def _pairs(reference: Reference, own: list[More]) -> list[tuple[str, str | None]]:
    pages = _PAGES.fullmatch(reference.pages or "")
    first, last = pages.groups() if pages else (reference.pages, None)
    bases = [item.value.lower() for item in own if item.tag == "DB"]
    printed_numbers = " ".join(item.value for item in own if item.tag == "SN")
    numbers = [number for number in (*reference.issns, *reference.isbns) if number not in printed_numbers]
    base = "PubMed" if reference.pmid and not {"pubmed", "medline"} & set(bases) else None
    year, day = _written_date(reference.date)
    return [
        ("ID", reference.id),
        ("TI", reference.title),
        *(("AU", ris_name(person)) for person in reference.authors),
        *(("A2", ris_name(person)) for person in reference.editors),
        *(("T2", reference.container_title), ("J2", reference.container_abbreviation), ("PY", year), ("DA", day)),
        *(("VL", reference.volume), ("IS", reference.issue), ("SP", first), ("EP", last)),
        *(("C7", reference.article_number), ("PB", reference.publisher), ("CY", reference.place)),
        *(("ET", reference.edition), ("DO", reference.doi)),
        *(("AN", reference.pmid or reference.accession), ("DB", base), ("C2", reference.pmcid)),
        *(("SN", number) for number in numbers),
        *(("UR", url) for url in reference.urls),
        ("AB", reference.abstract),
        *(("KW", word) for word in (*reference.keywords, *reference.headings)),
        *(("LA", language) for language in reference.languages),
        *(("M3", kind) for kind in reference.publication_types),
        *(("N1", note) for note in reference.notes),
    ]


def _written_date(date: Date | None) -> tuple[str | None, str | None]:
    """Year alone, or what is printed where there is none; and the whole date where it is more than a year."""
    if date is None:
        return None, None
    other = date.literal or date.season or ""
    if not date.year:
        return other or None, None
    month, day = (f"{part:02d}" if part else "" for part in (date.month, date.day))
    year = f"{date.year:04d}"
    return year, f"{year}/{month}/{day}/{other}" if month or other else None


def _written(tag: str, value: str, block: bool) -> list[str]:
    """The lines of a field; none where it is empty."""
    first, *others = lines(value).split("\n") if block else [one_line(value)]
    written = [f"{tag}  - {first}"] if first else []
    for line in others:
        if _LOOKS_LIKE_TAG.match(line):
            written[-1] += f" {line}"
        else:
            written.append(line)
    return written
