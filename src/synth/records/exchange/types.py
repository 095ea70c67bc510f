"""Types of references: CSL's names, and those of RIS and BibTeX for them."""

from __future__ import annotations

#: Types of CSL 1.0.2.
CSL_TYPES = frozenset(
    (
        *("article", "article-journal", "article-magazine", "article-newspaper", "bill", "book", "broadcast"),
        *("chapter", "classic", "collection", "dataset", "document", "entry", "entry-dictionary"),
        *("entry-encyclopedia", "event", "figure", "graphic", "hearing", "interview", "legal_case", "legislation"),
        *("manuscript", "map", "motion_picture", "musical_score", "pamphlet", "paper-conference", "patent"),
        *("performance", "periodical", "personal_communication", "post", "post-weblog", "regulation", "report"),
        *("review", "review-book", "software", "song", "speech", "standard", "thesis", "treaty", "webpage"),
    )
)
#: What stands for a type that a format does not have.
OTHER = "document"

# The first name of a type is the one that is written.
_RIS = {
    "article-journal": "JOUR EJOUR INPR ABST",
    "article-magazine": "MGZN",
    "article-newspaper": "NEWS",
    "bill": "BILL",
    "book": "BOOK EBOOK EDBOOK",
    "chapter": "CHAP ECHAP",
    "classic": "CLSWK ANCIENT",
    "dataset": "DATA AGGR DBASE",
    "document": "GEN",
    "entry-dictionary": "DICT",
    "entry-encyclopedia": "ENCYC",
    "figure": "FIGURE CHART",
    "graphic": "ART",
    "hearing": "HEAR",
    "legal_case": "CASE",
    "legislation": "STAT",
    "manuscript": "MANSCPT UNPB",
    "map": "MAP",
    "motion_picture": "MPCT VIDEO",
    "musical_score": "MUSIC",
    "pamphlet": "PAMP",
    "paper-conference": "CPAPER CONF",
    "patent": "PAT",
    "periodical": "JFULL SER",
    "personal_communication": "PCOMM",
    "post-weblog": "BLOG",
    "regulation": "LEGAL",
    "report": "RPRT GOVDOC",
    "software": "COMP",
    "song": "SOUND",
    "speech": "SLIDE",
    "standard": "STAND",
    "thesis": "THES",
    "webpage": "ELEC",
}
_BIBTEX = {
    "article-journal": "article",
    "book": "book proceedings collection mvbook",
    "chapter": "incollection inbook",
    "dataset": "dataset",
    "document": "misc",
    "manuscript": "unpublished",
    "pamphlet": "booklet",
    "paper-conference": "inproceedings conference",
    "patent": "patent",
    "periodical": "periodical",
    "report": "techreport report",
    "software": "software",
    "thesis": "phdthesis thesis mastersthesis",
    "webpage": "online electronic www",
}
TO_RIS = {name: names.split()[0] for name, names in _RIS.items()}
FROM_RIS = {code: name for name, names in _RIS.items() for code in names.split()}
TO_BIBTEX = {name: names.split()[0] for name, names in _BIBTEX.items()}
FROM_BIBTEX = {entry: name for name, names in _BIBTEX.items() for entry in names.split()}
