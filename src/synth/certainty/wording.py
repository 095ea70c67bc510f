"""Which words a level of certainty allows: every generated sentence on a result is held against these lists.

Two things decide: the level, and whether the evidence has a comparison. What follows "whether" or "how" in the same
clause is open and claims nothing, and so is what "may not be said": neither is a finding. The clause ends where a new
statement begins, also without a full stop ("whether it lasts is open, and it reduces pain"); where grammar leaves that
in doubt, a finding is made. A plain negation ("does not reduce") is a claim like any other and is one. Titles and the
names that sources give to events are not ours: the caller passes them as `quoted`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from synth.certainty.grade.types import Level

Evidence = Literal["any", "uncontrolled", "comparison"]

_RULE_23 = "rule 23 of the methods (words by level)"
_GRADE_26 = (
    "GRADE guidelines 26, Santesso et al. 2020, J Clin Epidemiol 119:126-135 "
    "(abstract read at https://pubmed.ncbi.nlm.nih.gov/31711912/)"
)
_BY_LEVEL = (
    "wording by level, doi:10.1186/s13643-023-02199-0, table 5 "
    "(read at https://systematicreviewsjournal.biomedcentral.com/articles/10.1186/s13643-023-02199-0/tables/5)"
)
_THRESHOLDS_FIRST = (
    "U.S. GRADE Network on GRADE guidelines 26: thresholds of size come before words of size "
    "(read at https://usblog.gradeworkinggroup.org/2020/02/research-shorts-informative-statements.html)"
)
_NOT_SIGNIFICANT = (
    "Cochrane Handbook for Systematic Reviews of Interventions 6.1, chapter 15, key points "
    "(read at https://training.cochrane.org/node/1700)"
)
_VAGUE = (
    "Smith, Middleton and Wager, Definitely Maybe, Cochrane Colloquium 2000 "
    "(read at https://abstracts.cochrane.org/2000-cape-town/definitely-maybe-how-uncertainty-expressed-cochrane-reviews)"
)

#: Where the words of each level come from.
SOURCES = (_GRADE_26, _BY_LEVEL, _THRESHOLDS_FIRST)

#: What leaves the rest of its clause open.
_OPEN = re.compile(
    r"\b(?:whether|how (?:much|many|far|often|large|long|well)|(?:may|can|must) ?not be (?:said|read|taken|called)"
    r"|never (?:said|read|taken|called|shown))\b",
    re.IGNORECASE,
)
#: What takes a claim back after it was made, before the clause ends.
_TAKEN_BACK = re.compile(r"\b(?:may|can|must) ?not be (?:said|read|taken|called)\b", re.IGNORECASE)
#: What follows a question that was called open: a new statement, however it is joined to it.
_ANSWERED = re.compile(
    r"\b(?:is|are|was|were|remains?|stays?|cannot be|can not be|could not be|has not been|have not been)"
    r"(?: (?:not|still|very|quite|so far|as yet|yet|never)){0,3}"
    r" (?:open|uncertain|unclear|unknown|known|settled|unsettled|undecided|answered|established)\b[^.!?;:]{0,60}?"
    r"(?:(?:,| and| though| although| while| because| since| as)\s|\s?[(\u2013\u2014])",
    re.IGNORECASE,
)
#: A second subject after "and"; whether it begins a new statement depends on what stands before it.
_AND_SUBJECT = re.compile(
    r",? and (?=(?:the|an?|it|its|they|their|this|these|that|those|he|she|we|all|every|each|both|no|"
    r"pain|function|scores?|patients|people|surgery)\b)",
    re.IGNORECASE,
)
#: Verbs that tell that a clause is complete before "and"; the words of `ENTRIES` do too.
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|do|does|did|can|cannot|could|will|would|works?|lasts?|lasted|changes?"
    r"|changed|differs?|differed|rises?|rose|falls?|fell|matters?|holds?|held|decreases?|decreased|increases?|increased"
    r"|goes|went|gets?|got)\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[.!?;:](?=\s|$)|,\s+(?:but|yet|so|it|they|this|these|and (?:it|they|this|these))\b", re.I)
_HEDGED = re.compile(r"\b(?:probably|likely|may|might|could|to)(?:\s+\w+){0,2}\s*$", re.IGNORECASE)

_ALL = tuple(Level)
_PEOPLE = r"(?:the )?(?:patients|people|hips|cases|participants|women|men)"
_SIZES = r"(?:large|small|slight|substantial|considerable|marked|dramatic|strong|important|modest|minor|major)"
_CHANGES = r"(?:effect|reduction|decrease|increase|improvement|benefit|harm|fall|rise|gain|drop)s?"
_HARMS = r"(?:complications?|adverse (?:events?|effects?)|harms?|side effects?)"
_PERSON = r"(?:patients?|persons?|people|hips?|cases?|participants?|wom[ae]n|m[ae]n)"
_HAD = r"(?:had|has|have|suffered|experienced|developed|reported|showed|met|saw)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Words that are forbidden at some levels.

    Attributes
    ----------
    name : str
        Of the entry.
    pattern : re.Pattern
        The words with their inflections.
    levels : tuple of Level
        At which they are forbidden.
    evidence : {"any", "uncontrolled", "comparison"}
        For which kind of evidence.
    why, source : str
        The reason in our own words, and the rule or the page that it comes from.
    unless : re.Pattern or None
        Text right before the words that makes them something else.
    """

    name: str
    pattern: re.Pattern[str]
    levels: tuple[Level, ...]
    evidence: Evidence
    why: str
    source: str
    unless: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Words that the level does not allow.

    Attributes
    ----------
    words : str
        As they stand in the text.
    start : int
        Place of their first letter, from 0.
    entry : str
        Name of the entry of `ENTRIES`, or "another level".
    why, source : str
        As in the entry.
    """

    words: str
    start: int
    entry: str
    why: str
    source: str

    def __str__(self) -> str:
        return f"{self.words!r} at {self.start}: {self.why} ({self.source})"


def _entry(
    name: str,
    pattern: str,
    *,
    why: str,
    source: str,
    levels: tuple[Level, ...] = _ALL,
    evidence: Evidence = "any",
    unless: str = "",
) -> Entry:
    before = re.compile(rf"(?:{unless})$", re.IGNORECASE) if unless else None
    return Entry(
        name=name,
        pattern=re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE),
        levels=levels,
        evidence=evidence,
        why=why,
        source=source,
        unless=before,
    )


def _except(*levels: Level) -> tuple[Level, ...]:
    return tuple(item for item in Level if item not in levels)


_CAUSES = "without a comparison no change is put down to the procedure"
_RESULT_VERBS = (
    r"reduc(?:e|es|ed)|lower(?:s|ed)|decreas(?:e|es|ed)|increas(?:e|es|ed)|improv(?:e|es|ed)|prevent(?:s|ed)?"
    r"|reliev(?:e|es|ed)|protect(?:s|ed)?|cur(?:e|es|ed)|caus(?:e|es|ed)|heal(?:s|ed)?|leads? to|led to"
    r"|result(?:s|ed)? in|mak(?:e|es) .{1,90}?\b(?:more|less) frequent"
)

#: Every word that some level forbids.
ENTRIES: tuple[Entry, ...] = (
    _entry(
        "improve",
        r"improv(?:e|es|ed|ing|ements?|er|ers)",
        evidence="uncontrolled",
        why=_CAUSES,
        source=_RULE_23,
    ),
    _entry("reduce", r"reduc(?:e|es|ed|ing|tions?|tive)", evidence="uncontrolled", why=_CAUSES, source=_RULE_23),
    _entry("relieve", r"reliev(?:e|es|ed|ing|er|ers)|reliefs?", evidence="uncontrolled", why=_CAUSES, source=_RULE_23),
    _entry(
        "effective",
        r"(?:in)?effective(?:ly|ness)?|(?:in)?efficac(?:y|ious|iously)",
        evidence="uncontrolled",
        why=_CAUSES,
        source=_RULE_23,
    ),
    _entry(
        "safe",
        r"(?:un)?saf(?:e|er|est|ely|ety)",
        why="no number of events seen shows that something is safe",
        source=_RULE_23,
        unless=r"fail-",
    ),
    _entry(
        "significant",
        r"(?:non-?|in)?significan(?:t|tly|ce)",
        why="significance is neither a size nor a certainty; show the interval",
        source=f"{_RULE_23}; {_NOT_SIGNIFICANT}",
    ),
    _entry(
        "most patients",
        rf"(?:most|nearly all|almost all|many|a majority|the majority)(?: of)? {_PEOPLE}|responders?",
        why="a group mean is no share of people",
        source=f"{_RULE_23}; rule 18 of the methods",
        unless=r"how ",
    ),
    _entry(
        "cause",
        r"caus(?:e|es|ed|ing)|leads? to|led to|leading to|result(?:s|ed|ing)? in|because of the (?:procedure|operation"
        r"|surgery|treatment)|due to the (?:procedure|operation|surgery|treatment)|thanks to|owing to",
        evidence="uncontrolled",
        why=_CAUSES,
        source=f"{_RULE_23}: a cause may be named only as very uncertain",
        unless=r"citation |link ",
    ),
    _entry(
        "work",
        r"(?:works|worked|working) (?:for|in|well|better|best)|(?:procedure|operation|surgery|treatment|it|this)"
        r" (?:works|worked)",
        evidence="uncontrolled",
        why=_CAUSES,
        source=f"{_RULE_23}: says the same as effective",
    ),
    _entry(
        "heal",
        r"heal(?:s|ed|ing)?|cur(?:e|es|ed|ing|ative)|restor(?:e|es|ed|ing)|success(?:es|ful|fully)?",
        evidence="uncontrolled",
        why=_CAUSES,
        source=f"{_RULE_23}: says the same as effective",
    ),
    _entry(
        "lessen",
        r"alleviat(?:e|es|ed|ing|ions?)|lessen(?:s|ed|ing)?|diminish(?:es|ed|ing)?|abolish(?:es|ed|ing)?"
        r"|eliminat(?:e|es|ed|ing|ions?)|ameliorat(?:e|es|ed|ing|ions?)|mitigat(?:e|es|ed|ing|ions?)|eas(?:es|ed)"
        r"|decreas(?:es|ed|ing)",
        evidence="uncontrolled",
        why=_CAUSES,
        source=f"{_RULE_23}: says the same as reduces and relieves",
    ),
    _entry(
        "recover",
        r"(?:g[eo]ts?|got|getting|gotten|bec[oa]me|becomes|fe(?:el|els|lt)|did|do(?:es)?) (?:much |far |a lot )?better"
        rf"|{_PEOPLE} (?:were|are) better|recover(?:s|ed|ing)? (?:fully|completely|well|entirely)"
        r"|(?:fully|completely|entirely) (?:recover(?:s|ed)|resolv(?:es|ed))"
        r"|(?:full|complete) (?:recover(?:y|ies)|resolution)"
        r"|resolv(?:es|ed)(?: \w+)? (?:in|for) (?:all|both|every|each|most|nearly|almost)"
        r"|(?:pain|symptoms?|complaints?|impingement)(?: (?:ha[sd]|have|was|were))?(?: all)? resolv(?:e|es|ed)"
        r"|(?:all|every|each|both)(?: [\w-]+){0,4} (?:were|was|are|is|became|remained)(?: \w+){0,2}"
        r" (?:pain|symptom)[- ]?free|(?:became|got|rendered|made)(?: \w+){0,2} (?:pain|symptom)[- ]?free",
        evidence="uncontrolled",
        why=_CAUSES,
        source=f"{_RULE_23}: says the same as improves and heals",
    ),
    _entry(
        "verdict",
        r"(?:excellent|great|outstanding|favou?rable|satisfactory|satisfying|very good)"
        r"(?: (?:\w+ )?(?:results?|outcomes?|responses?|courses?|recover(?:y|ies)))"
        r"|good (?:\w+ )?(?:results?|outcomes?)|(?:results?|outcomes?) (?:was|were|is|are|remained)"
        r" (?:excellent|great|outstanding|favou?rable|satisfactory|very good|good)",
        evidence="uncontrolled",
        why="a verdict on a result says that the procedure did it",
        source=f"{_RULE_23}: says the same as effective",
    ),
    _entry(
        "benefit",
        r"benefits?(?: (?:of|from|for|to))|benefit(?:t?ed|t?ing)|beneficial(?:ly)?|help(?:s|ed|ful)"
        r"|prevent(?:s|ed|ing)?|protect(?:s|ed|ing|ive)?",
        evidence="uncontrolled",
        why=_CAUSES,
        source=f"{_RULE_23}: says the same as effective",
    ),
    _entry(
        "rank",
        r"superior(?:ity)?|inferior(?:ity)?|outperform(?:s|ed|ing)?|(?:better|worse) than",
        evidence="uncontrolled",
        why="single arms are never compared",
        source="rule 17 of the methods",
    ),
    _entry(
        "no harms",
        rf"(?:no|zero) {_HARMS}|complication-free|free of (?:any )?{_HARMS}|without (?:any )?{_HARMS}"
        rf"|(?:no|not one|not a single|none of the|neither)(?: of the)? {_PERSON} (?:\w+ ){{0,2}}?{_HAD}"
        rf" (?:an? |any )?(?:\w+ )?{_HARMS}|(?:none|nobody|no one|neither) (?:\w+ ){{0,2}}?{_HAD} (?:an? |any )?"
        rf"(?:\w+ )?{_HARMS}|{_HARMS} (?:(?:did not|never) (?:occur|arise|happen|develop)|never occurred|(?:was|were)"
        r" (?:absent|avoided))",
        why="not reported is not none, and none of a few is no rate of zero",
        source="rule 10 of the methods",
    ),
    _entry(
        "probably",
        r"probabl[ey]|(?:un)?likely",
        levels=_except(Level.MODERATE),
        why="this hedge belongs to moderate certainty",
        source=f"{_RULE_23}; {_GRADE_26}",
        unless=r"equally |as |more |less |most ",
    ),
    _entry(
        "probably, uncontrolled",
        r"probabl[ey]|(?:un)?likely",
        levels=(Level.MODERATE,),
        evidence="uncontrolled",
        why="uncontrolled evidence is low at most",
        source="rule 22 of the methods",
        unless=r"equally |as |more |less |most ",
    ),
    _entry(
        "may",
        # The month stands with a day or a year; a prohibition and people counted twice are no claim on an effect.
        r"may(?! \d)(?! not be (?:said|read|taken|called|pooled|compared))(?! (?:be the same|share|be counted))",
        levels=_except(Level.LOW),
        why="this hedge belongs to low certainty",
        source=f"{_RULE_23}; {_BY_LEVEL}",
        unless=r"\d |in |early |late |since |until ",
    ),
    _entry(
        "vague",
        r"might|perhaps|possibly|maybe|seem(?:s|ed)? to|appear(?:s|ed)? to|tend(?:s|ed)? to|promising|encouraging",
        why="no level has this hedge, so readers cannot tell how certain it is",
        source=f"{_RULE_23}; {_VAGUE}",
    ),
    _entry(
        "size",
        rf"(?:a|an|the|in|of|with|showed|shows) {_SIZES} {_CHANGES}|(?:slightly|substantially|considerably|markedly"
        r"|dramatically|greatly|strongly|clearly) (?:higher|lower|better|worse|fewer|less|more|reduc\w+|increas\w+"
        r"|improv\w+|decreas\w+)|clinically (?:important|relevant|meaningful)",
        why="no threshold of size is planned for it",
        source=f"{_THRESHOLDS_FIRST}; rule 18 of the methods",
        unless=r"for |minimal |minimally ",
    ),
    _entry(
        "no effect",
        r"(?:ha(?:s|d|ve)|mak(?:e|es)|made|show(?:s|ed)?|there (?:is|was)|with) (?:little (?:or|to) )?no"
        r" (?:effect|difference|benefit|change)|(?:do|does|did) not work",
        why="that an interval includes no effect is no evidence of none, and no threshold of size is planned",
        source=f"{_THRESHOLDS_FIRST}; {_NOT_SIGNIFICANT}",
    ),
    _entry(
        "unhedged",
        _RESULT_VERBS,
        levels=_except(Level.HIGH),
        evidence="comparison",
        why="only high certainty goes without a hedge",
        source=f"{_GRADE_26}; {_BY_LEVEL}",
        unless=r"many |other |the |of |its ",
    ),
)

_NAMED = re.compile(
    r"\b(?P<first>very low|low|moderate|high)[- ]certainty\b"
    r"|\bcertainty(?: of the evidence)?(?: is|:) (?:at most )?(?P<then>very low|low|moderate|high)\b",
    re.IGNORECASE,
)


def allowed(text: str, level: Level | str, controlled: bool, quoted: Iterable[str] = ()) -> tuple[Finding, ...]:
    """What in a text says more, or less, than its level of certainty allows; empty where nothing does.

    Parameters
    ----------
    text : str
        One or more sentences on one result.
    level : Level or str
        Certainty of that result.
    controlled : bool
        Whether the evidence has a comparison.
    quoted : iterable of str
        Passages that are not ours, such as titles and the names that sources give to events; they are left aside.

    Raises
    ------
    ValueError
        If there is no such level.
    """
    at = Level(level)
    ours = _without(text, quoted)
    kind = "comparison" if controlled else "uncontrolled"
    found = [
        Finding(match.group(), match.start(), entry.name, entry.why, entry.source)
        for entry in ENTRIES
        if at in entry.levels and entry.evidence in ("any", kind)
        for match in _matches(entry, ours)
    ]
    found.extend(_other_levels(ours, at))
    return tuple(sorted(found, key=lambda item: (item.start, item.entry)))


def _without(text: str, quoted: Iterable[str]) -> str:
    """The text with each quoted passage blanked out, so that places stay."""
    for passage in sorted(filter(None, quoted), key=len, reverse=True):
        text = re.sub(re.escape(passage), lambda match: "_" * len(match.group()), text, flags=re.IGNORECASE)
    return text


def _matches(entry: Entry, text: str) -> Iterator[re.Match[str]]:
    for match in entry.pattern.finditer(text):
        before = text[: match.start()]
        if entry.unless is not None and entry.unless.search(before):
            continue
        if entry.name == "unhedged" and _HEDGED.search(before):
            continue
        if not _is_open(text, match):
            yield match


def _is_open(text: str, match: re.Match[str]) -> bool:
    """Whether the words stand in a clause that leaves them open."""
    ends = [end.end() for end in _CLAUSE_END.finditer(text, 0, match.start())]
    clause = text[ends[-1] if ends else 0 : match.start()]
    if any(not _closed(clause[opened.end() :], opened.group()) for opened in _OPEN.finditer(clause)):
        return True
    following = _CLAUSE_END.search(text, match.end())
    return _TAKEN_BACK.search(text[match.end() : following.start() if following else len(text)]) is not None


def _closed(after: str, opener: str) -> bool:
    """Whether a new statement begins between what opens a clause and its end."""
    if _ANSWERED.search(after):
        return True
    asks = opener.lower().startswith(("whether", "how"))
    return any(not asks or _has_verb(after[: second.start()]) for second in _AND_SUBJECT.finditer(after))


def _has_verb(text: str) -> bool:
    return _VERB.search(text) is not None or any(entry.pattern.search(text) for entry in ENTRIES)


def _other_levels(text: str, level: Level) -> Iterator[Finding]:
    for match in _NAMED.finditer(text):
        named = (match["first"] or match["then"]).lower()
        if named != level:
            why = f"the certainty of this result is {level}"
            yield Finding(match.group(), match.start(), "another level", why, "rule 22 of the methods")
