"""Compare our reading of PubMed XML with the XML itself and with Bio.Entrez.read, every text and every attribute.

    python tests/records/pubmed_compare.py FILE...        # .xml or gzip; exit status 1 if anything differs

Our records are written back as XML (pubmed_rebuild.py) and walked beside the other two. What may differ is listed in
ALLOWED with its reason and counted; everything else is printed as a difference. No network is used.
"""

from __future__ import annotations

import argparse
import gzip
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from Bio.Entrez import Parser
from lxml import etree
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
    "relation": "old DTDs name the element of a link by its type, where today's have RefType",
    "last of several": "Bio.Entrez keeps the last of several where its DTD allows one; we keep all",
    "not in the DTD": "Bio.Entrez.read refuses elements that the file's DTD does not name; it was told to skip them",
    "elsewhere": "Bio.Entrez.read refuses elements where the file's DTD does not allow them; it was told to take them",
    "address": "Bio.Entrez.read refuses a DTD with an http:// address; the check was turned off",
    "newer DTD": "the file names a DTD that Bio.Entrez does not bring; it read the file with the newest that it has",
    "no DTD": "Bio.Entrez reads no XML without declaration and DTD; both were added for it",
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
INLINE = frozenset({"b", "i", "u", "sup", "sub", "DispFormula", f"{MATH}math"})
NEWEST = "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd"
RECORDS = ("PubmedArticle", "PubmedBookArticle")
DELETED = ("DeleteCitation", "DeleteDocument")


@dataclass
class Report:
    """What was compared and what differs."""

    differences: list[str] = field(default_factory=list)
    allowed: Counter[str] = field(default_factory=Counter)
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
        ours = list(parse_pubmed(io.BytesIO(data), name))
    compare_with(originals(data, report), ours, report)
    return report


def originals(data: bytes, report: Report) -> dict[str, dict[str, list[Any]]]:
    """What the file itself says and what Bio.Entrez reads."""
    whole = etree.fromstring(data, etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True))
    found = {"XML": collected(whole), "Bio": collected(bio_tree(bio_read(data, report)))}
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
        if len(theirs[tag]) != len(ours[tag]):
            report.differences.append(f"{source}: {len(theirs[tag])} {tag}, ours {len(ours[tag])}")
        for number, (one, other) in enumerate(zip(theirs[tag], ours[tag], strict=False), start=1):
            pmid = (one.findtext(".//PMID") or one.text or "").strip()
            compare(one, other, f"{source}: {tag} {number} ({pmid})", report)


def modernise(record: Any, report: Report) -> None:
    """Bring old spellings into today's form, as our reading does, and count them."""
    for person in record.iter("Author", "Investigator", "PersonalNameSubject"):
        for old in person.findall("Affiliation"):
            info = etree.Element("AffiliationInfo")
            person.replace(old, info)
            info.append(old)
            report.allow("affiliation")
        for old in person.findall("NameID"):
            old.tag = "Identifier"
            report.allow("name id")
    citation = record.find("MedlineCitation")
    for old in citation.findall("CommentsCorrections") if citation is not None else ():
        listed = etree.Element("CommentsCorrectionsList")
        citation.replace(old, listed)
        for child in list(old):
            child.set("RefType", child.tag)
            child.tag = "CommentsCorrections"
            listed.append(child)
            report.allow("relation")


def compare(theirs: Any, ours: Any, path: str, report: Report) -> None:
    """Attributes, text and children of two elements; children of one name are compared in their order."""
    compare_attributes(theirs, ours, path, report)
    if is_text(theirs) and is_text(ours):
        compare_text(theirs, ours, path, report)
        return
    tags = dict.fromkeys(child.tag for element in (theirs, ours) for child in element)
    for tag in tags:
        one, other = theirs.findall(tag), ours.findall(tag)
        if path.startswith("Bio") and len(one) == 1 < len(other):
            report.allow("last of several")
            other = other[-1:]
        if path.startswith("Bio") and not one and report.allowed["not in the DTD"]:
            continue
        if len(one) != len(other):
            report.differences.append(f"{path}/{tag}: {len(one)} there, {len(other)} ours")
        for number, (left, right) in enumerate(zip(one, other, strict=False), start=1):
            compare(left, right, f"{path}/{tag}[{number}]", report)


def is_text(element: Any) -> bool:
    """Whether an element holds words: nothing but text, or text with markup."""
    return not len(element) or any(child.tag in INLINE for child in element)


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


def _refuse(address: str) -> Any:
    raise OSError(f"no network in comparisons: {address}")


def bio_read(data: bytes, report: Report) -> Any:
    """What Bio.Entrez reads; the reasons for helping it are counted."""
    Parser.urlopen = _refuse
    if re.search(rb"<!DOCTYPE[^>]*[\"']http://", data[:4096]):
        report.allow("address")
    if not re.match(rb"(\xef\xbb\xbf)?<\?xml", data) or b"<!DOCTYPE" not in data[:4096]:
        report.allow("no DTD")
        data = with_dtd(data)
    for _ in range(4):
        handler = Parser.DataHandler(validate=not report.allowed["not in the DTD"], escape=True, ignore_errors=False)
        handler.bypass_url_security = True
        try:
            with taking_all(bool(report.allowed["elsewhere"])):
                return handler.read(io.BytesIO(data))
        except Parser.ValidationError:
            report.allow("not in the DTD")
        except ValueError as error:
            if "Unexpected item" not in str(error):
                raise
            report.allow("elsewhere")
        except RuntimeError as error:
            if "Failed to access" not in str(error):
                raise
            report.allow("newer DTD")
            address = rb"(<!DOCTYPE[^>]*[\"'])https?://[^\"']*([\"'])"
            data = re.sub(address, rb"\1" + NEWEST.encode() + rb"\2", data, count=1)
    raise AssertionError("Bio.Entrez could not be helped")


@contextmanager
def taking_all(wanted: bool) -> Iterator[None]:
    """Let Bio.Entrez keep elements that stand where the DTD has no place for them."""
    kept = {kind: kind.store for kind in (Parser.DictionaryElement, Parser.ListElement)}

    def lenient(element: Any, value: Any) -> None:
        element.allowed_tags = None
        kept[type(element)](element, value)

    for kind in kept if wanted else ():
        kind.store = lenient
    try:
        yield
    finally:
        for kind, store in kept.items():
            kind.store = store


def with_dtd(data: bytes) -> bytes:
    data = re.sub(rb"^(\xef\xbb\xbf)?\s*(<\?xml.*?\?>)?\s*(<!DOCTYPE[^>]*>)?", b"", data, count=1, flags=re.DOTALL)
    match = re.search(rb"<([A-Za-z]+)", data)
    assert match is not None
    return b'<?xml version="1.0"?>\n<!DOCTYPE %s PUBLIC "" "%s">\n%s' % (match[1], NEWEST.encode(), data)


def bio_tree(value: Any) -> Any:
    """What Bio.Entrez read, as an element again."""
    if isinstance(value, str):
        element = etree.fromstring(f"<{value.tag}>{value}</{value.tag}>", etree.XMLParser(huge_tree=False))
    else:
        element = etree.Element(value.tag)
        for child in bio_children(value):
            element.append(bio_tree(child))
    for name, text in (value.attributes or {}).items():
        element.set(name, text)
    return element


def bio_children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from item if type(item) is list else [item]
    else:
        for item in value:
            yield from item if type(item) is list else [item]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    faults = 0
    for path in parser.parse_args().files:
        try:
            report = compare_file(unpacked(path), path.name)
        except FormatError as error:
            say(f"{path.name}: refused: {error}")
            continue
        reasons = ", ".join(f"{name} {count}" for name, count in sorted(report.allowed.items())) or "none"
        say(f"{path.name}: {report.records} records, {report.leaves} values equal; allowed differences: {reasons}")
        for line in report.differences[:50]:
            say(f"  {line}")
        if len(report.differences) > 50:
            say(f"  and {len(report.differences) - 50} more")
        faults += len(report.differences)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
