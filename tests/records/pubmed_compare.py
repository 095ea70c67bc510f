"""Compare our reading of PubMed XML with the XML itself and with Bio.Entrez.read, every text and every attribute.

    python tests/records/pubmed_compare.py FILE...        # .xml or gzip, in any encoding

Our records, out of their JSON lines, are written back as XML (pubmed_rebuild.py) and walked beside the other two. What
may differ is listed in ALLOWED with its reason and counted; everything else is printed as a difference. No network is
used. The exit status is 1 if anything differs, if a file cannot be read, or if we refuse a file that holds records and
that Bio.Entrez.read takes; 0 otherwise.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree
from pubmed_bio import BioError, bio_read
from pubmed_rebuild import rebuilt

from synth.errors import FormatError
from synth.records.pubmed import Deletion, PubmedRecord
from synth.records.pubmed_xml import parse_pubmed

MATH = "{http://www.w3.org/1998/Math/MathML}"
ALLOWED = {
    "default": "the DTD gives an attribute a value that the file does not print; Bio.Entrez reads the DTD, we do not",
    "formula": "Bio.Entrez replaces the attributes of a formula's outermost element by its name space",
    "affiliation": "old DTDs have Affiliation in Author itself; we keep it as an affiliation like today's",
    "name id": "old DTDs call an Identifier of a person NameID",
    "relation": "old DTDs name a link by its type, where today's have RefType; Bio.Entrez gives those type by type",
    "last of several": "Bio.Entrez keeps the last of several where its DTD allows one; we keep all",
    "not in the DTD": "Bio.Entrez leaves out elements that the file's DTD does not name; each is printed",
    "elsewhere": "Bio.Entrez.read refuses elements where the file's DTD does not allow them; it was told to take them",
    "address": "Bio.Entrez.read refuses a DTD with an http:// address; the check was turned off",
    "newer DTD": "Bio.Entrez does not bring the file's DTD, or cannot read it; it took the newest that it has",
    "no DTD": "Bio.Entrez reads no XML without declaration and DTD; both were added for it",
    "encoding": "the file is not in UTF-8; it was converted before Bio.Entrez read it, not for us",
    "refused by Bio.Entrez": "it does not read the file, for the reason printed; compared with the XML alone",
}
DEFAULTS = {
    ("MedlineCitation", "Owner"): "NLM",
    ("KeywordList", "Owner"): "NLM",
    ("GeneralNote", "Owner"): "NLM",
    ("AuthorList", "CompleteYN"): "Y",
    ("AuthorList", "Type"): "authors",
    ("DataBankList", "CompleteYN"): "Y",
    ("GrantList", "CompleteYN"): "Y",
    ("Author", "ValidYN"): "Y",
    ("Investigator", "ValidYN"): "Y",
    ("ELocationID", "ValidYN"): "Y",
    ("Keyword", "MajorTopicYN"): "N",
    ("DescriptorName", "MajorTopicYN"): "N",
    ("QualifierName", "MajorTopicYN"): "N",
    ("ArticleId", "IdType"): "pubmed",
    ("OtherAbstract", "Language"): "eng",
    ("ArticleDate", "DateType"): "Electronic",
}
#: Elements whose content is words, whatever markup stands among them.
WORDS = frozenset(
    {"Affiliation", "ArticleTitle", "AbstractText", "BookTitle", "Citation", "CoiStatement", "CollectionTitle"}
    | {"CollectiveName", "Keyword", "Param", "PublisherName", "SectionTitle", "Suffix", "VernacularTitle"}
    | {"VolumeTitle"}
)
#: Where persons stand whom we bring into today's form; elsewhere an element is kept as it is.
PERSONS = (
    "MedlineCitation/Article/AuthorList/Author",
    "MedlineCitation/InvestigatorList/Investigator",
    "MedlineCitation/PersonalNameSubjectList/PersonalNameSubject",
    "BookDocument/AuthorList/Author",
    "BookDocument/InvestigatorList/Investigator",
    "BookDocument/Book/AuthorList/Author",
    "BookDocument/Book/InvestigatorList/Investigator",
)
#: The children of CommentsCorrections in the DTDs of 2001 to 2009.
RELATIONS = frozenset(
    {"CommentOn", "CommentIn", "ErratumIn", "ErratumFor", "PartialRetractionIn", "PartialRetractionOf"}
    | {"RepublishedFrom", "RepublishedIn", "RetractionOf", "RetractionIn", "UpdateIn", "UpdateOf"}
    | {"SummaryForPatientsIn", "OriginalReportIn", "ReprintOf", "ReprintIn"}
)
RECORDS = ("PubmedArticle", "PubmedBookArticle")
DELETED = ("DeleteCitation", "DeleteDocument")
#: What holds a record, in any form.
HOLDERS = (*RECORDS, *DELETED, "MedlineCitation", "BookDocument")


@dataclass
class Report:
    """What was compared and what differs."""

    differences: list[str] = field(default_factory=list)
    allowed: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)  # elements that Bio.Entrez leaves out, by name
    refusal: str = ""  # of Bio.Entrez
    records: int = 0
    leaves: int = 0

    def allow(self, name: str) -> None:
        assert name in ALLOWED
        self.allowed[name] += 1


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def compare_file(data: bytes, name: str, ours: Sequence[PubmedRecord | Deletion] | None = None) -> Report:
    """Compare what we read (or what is given as read) with the XML and with what Bio.Entrez reads."""
    report = Report()
    if ours is None:
        ours = [msgspec.json.decode(msgspec.json.encode(item), type=type(item)) for item in read_ours(data, name)]
    compare_with(originals(data, report), ours, report)
    return report


def read_ours(data: bytes, name: str) -> list[PubmedRecord | Deletion]:
    return list(parse_pubmed(io.BytesIO(data), name))


def tree_of(data: bytes) -> Any:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True))


def originals(data: bytes, report: Report) -> dict[str, dict[str, list[Any]]]:
    """What the file itself says and, unless it refuses the file, what Bio.Entrez reads."""
    found = {"XML": collected(tree_of(data))}
    try:
        read = bio_read(data)
        found["Bio"] = collected(read.value)
        report.left_out = read.left_out
        for reason in read.reasons:
            report.allow(reason)
    except BioError as error:
        report.allow("refused by Bio.Entrez")
        report.refusal = str(error)
    for record in (item for source in found.values() for items in source.values() for item in items):
        modernise(record, report)
    return found


def compare_with(
    theirs: dict[str, dict[str, list[Any]]], ours: Sequence[PubmedRecord | Deletion], report: Report
) -> None:
    """Walk both originals beside our records."""
    for source, found in theirs.items():
        compare_sets(found, written(ours), source, report)
    report.records = sum(isinstance(item, PubmedRecord) for item in ours)


def written(ours: Iterable[PubmedRecord | Deletion]) -> dict[str, list[Any]]:
    """Our records as elements, by name; deletions as PMIDs by the name of what they stand in."""
    found: dict[str, list[Any]] = {tag: [] for tag in (*RECORDS, *DELETED)}
    for item in ours:
        if isinstance(item, Deletion):
            pmid = etree.Element("PMID")
            pmid.text = item.pmid
            if item.version is not None:
                pmid.set("Version", item.version)
            found[item.element].append(pmid)
        else:
            element = rebuilt(item)
            found[element.tag].append(element)
    return found


def collected(root: Any) -> dict[str, list[Any]]:
    """The records of a tree, by name; what is no wrapped record is wrapped."""
    found: dict[str, list[Any]] = {tag: [] for tag in (*RECORDS, *DELETED)}
    bare = {"MedlineCitation": "PubmedArticle", "BookDocument": "PubmedBookArticle"}
    for child in [root] if root.tag in (*RECORDS, *bare) else list(root):
        if child.tag in DELETED:
            found[child.tag].extend(child)
        elif child.tag in bare:
            wrapper = etree.Element(bare[child.tag])
            wrapper.append(child)
            found[wrapper.tag].append(wrapper)
        else:
            found[child.tag].append(child)
    return found


def compare_sets(theirs: dict[str, list[Any]], ours: dict[str, list[Any]], source: str, report: Report) -> None:
    for tag in theirs:
        if source == "Bio" and not theirs[tag] and report.left_out[tag]:
            continue
        if len(theirs[tag]) != len(ours[tag]):
            report.differences.append(f"{source}: {len(theirs[tag])} {tag}, ours {len(ours[tag])}")
        for number, (one, other) in enumerate(zip(theirs[tag], ours[tag], strict=False), start=1):
            pmid = (one.findtext(".//PMID") or one.text or "").strip()
            compare(one, other, f"{source}: {tag} {number} ({pmid})", report)


def modernise(record: Any, report: Report) -> None:
    """Bring old spellings into today's form, as our reading does, and count them."""
    for person in [person for path in PERSONS for person in record.iterfind(path)]:
        for old in person.findall("Affiliation"):
            info = etree.Element("AffiliationInfo")
            person.replace(old, info)
            info.append(old)
            report.allow("affiliation")
        for old in person.findall("NameID"):
            old.tag = "Identifier"
            report.allow("name id")
    for old in record.findall("MedlineCitation/CommentsCorrections"):
        links = [child for child in old if child.tag in RELATIONS]
        if links:
            modernise_links(old, links, report)


def modernise_links(old: Any, links: Sequence[Any], report: Report) -> None:
    """Put old links into a list; what else stands there stays."""
    citation = old.getparent()
    listed = citation.find("CommentsCorrectionsList")
    if listed is None:
        listed = etree.SubElement(citation, "CommentsCorrectionsList")
    for child in links:
        child.set("RefType", child.tag)
        child.tag = "CommentsCorrections"
        listed.append(child)
        report.allow("relation")
    if not len(old) and not old.keys():
        citation.remove(old)


def compare(theirs: Any, ours: Any, path: str, report: Report) -> None:
    """Attributes, text and children of two elements; children of one name are compared in their order."""
    compare_attributes(theirs, ours, path, report)
    if is_text(theirs) or is_text(ours) or not (len(theirs) or len(ours)):
        compare_text(theirs, ours, path, report)
        return
    bio = path.startswith("Bio")
    for tag in dict.fromkeys(child.tag for element in (theirs, ours) for child in element):
        one, other = theirs.findall(tag), ours.findall(tag)
        if bio and not one and all(is_left_out(element, report) for element in other):
            continue
        if bio and len(one) == 1 < len(other):
            report.allow("last of several")
            other = other[-1:]
        if bio and tag == "CommentsCorrections" and report.allowed["relation"]:
            one, other = (sorted(links, key=lambda link: link.get("RefType", "")) for links in (one, other))
        if len(one) != len(other):
            report.differences.append(f"{path}/{tag}: {len(one)} there, {len(other)} ours")
        for number, (left, right) in enumerate(zip(one, other, strict=False), start=1):
            compare(left, right, f"{path}/{tag}[{number}]", report)


def is_left_out(element: Any, report: Report) -> bool:
    """Whether Bio.Entrez leaves out an element, or all that old links hold beside the links."""
    if element.tag == "CommentsCorrections" and report.allowed["relation"] and len(element):
        return all(report.left_out[child.tag] for child in element)
    return bool(report.left_out[element.tag])


def is_text(element: Any) -> bool:
    """Whether words stand among an element's children, or belong there."""
    if element.tag in WORDS:
        return True
    return bool(len(element)) and any(text and text.strip() for text in (element.text, *(c.tail for c in element)))


def compare_text(theirs: Any, ours: Any, path: str, report: Report) -> None:
    report.leaves += 1
    left, right = list(theirs.iter()), list(ours.iter())
    if [part.tag for part in left] != [part.tag for part in right]:
        report.differences.append(f"{path}: markup {words(theirs)} there, {words(ours)} ours")
        return
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        if number:
            compare_attributes(one, other, f"{path}/{one.tag}", report)
        tails = ("", "") if not number else (one.tail or "", other.tail or "")
        if (one.text or "") != (other.text or "") or tails[0] != tails[1]:
            report.differences.append(f"{path}: {words(theirs)} there, {words(ours)} ours")
            return


def compare_attributes(theirs: Any, ours: Any, path: str, report: Report) -> None:
    bio = path.startswith("Bio")
    for name in dict.fromkeys([*theirs.keys(), *ours.keys()]):
        left, right = theirs.get(name), ours.get(name)
        if left == right:
            report.leaves += 1
        elif bio and right is None and (DEFAULTS.get((theirs.tag, name)) == left or theirs.tag.startswith(MATH)):
            report.allow("default")
        elif bio and left is None and theirs.tag == f"{MATH}math":
            report.allow("formula")
        else:
            report.differences.append(f"{path}/@{name}: {left!r} there, {right!r} ours")


def words(element: Any) -> str:
    text = etree.tostring(element, encoding="unicode", with_tail=False)
    return repr(text if len(text) <= 300 else f"{text[:300]}...")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def holds_records(data: bytes) -> str:
    """Empty where the file may hold records; else why it holds none by its nature."""
    try:
        root = tree_of(data)
    except etree.XMLSyntaxError:
        return ""
    name = etree.QName(root).localname
    if name.removesuffix("Set") in HOLDERS or any(True for _ in root.iter(*(f"{{*}}{tag}" for tag in HOLDERS))):
        return ""
    return f"the outermost element is <{root.tag}>, and no record stands in it"


def refused(data: bytes, error: FormatError) -> tuple[str, bool]:
    """What is said of a file that we refuse, and whether that is a fault."""
    nature = holds_records(data)
    if nature:
        return f"refused: {error}; it holds no records by nature: {nature}", False
    try:
        bio_read(data)
    except BioError as theirs:
        return f"refused: {error}; Bio.Entrez.read refuses it too ({theirs})", False
    return f"FAULT: refused, where Bio.Entrez.read does not refuse it: {error}", True


def checked(path: Path) -> int:
    """Compare a file, say what was found, and count the faults."""
    try:
        data = unpacked(path)
    except (OSError, EOFError, zlib.error) as error:
        say(f"{path.name}: FAULT: cannot be read: {error}")
        return 1
    try:
        report = compare_file(data, path.name)
    except FormatError as error:
        line, fault = refused(data, error)
        say(f"{path.name}: {line}")
        return int(fault)
    reasons = ", ".join(f"{name} {count}" for name, count in sorted(report.allowed.items())) or "none"
    say(f"{path.name}: {report.records} records, {report.leaves} values compared; allowed differences: {reasons}")
    if report.refusal:
        say(f"  Bio.Entrez.read refuses the file ({report.refusal}); compared with the XML alone")
    for name, count in sorted(report.left_out.items()):
        say(f"  Bio.Entrez leaves out <{name}>, {count} times; it is in our record")
    for line in report.differences[:50]:
        say(f"  {line}")
    if len(report.differences) > 50:
        say(f"  and {len(report.differences) - 50} more")
    return len(report.differences)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    faults = [checked(path) for path in parser.parse_args().files]
    return 1 if any(faults) else 0


if __name__ == "__main__":
    sys.exit(main())
