"""Words by level: every forbidden word is found in its inflections, and innocent sentences pass (rule 23)."""

from __future__ import annotations

import pytest

from synth.certainty.grade.types import Level
from synth.certainty.wording import ENTRIES, Finding, allowed

VERY_LOW, LOW, MODERATE, HIGH, NOT_RATED = (
    Level.VERY_LOW,
    Level.LOW,
    Level.MODERATE,
    Level.HIGH,
    Level.NOT_RATED,
)

# Entry, and planted sentences on uncontrolled evidence of very low certainty; the words stand in capitals.
PLANTED = {
    "improve": (
        "Surgery IMPROVES pain.",
        "Pain IMPROVED.",
        "Function will IMPROVE.",
        "An IMPROVING score.",
        "An IMPROVEMENT was seen.",
        "IMPROVEMENTS lasted.",
    ),
    "reduce": (
        "It REDUCES pain.",
        "Pain was REDUCED.",
        "It can REDUCE pain.",
        "REDUCING pain.",
        "A REDUCTION of pain.",
        "REDUCTIONS were seen.",
    ),
    "relieve": (
        "It RELIEVES pain.",
        "Pain was RELIEVED.",
        "RELIEVING pain.",
        "RELIEF was complete.",
        "It can RELIEVE pain.",
    ),
    "effective": (
        "It is EFFECTIVE.",
        "It EFFECTIVELY ends pain.",
        "Its EFFECTIVENESS was seen.",
        "It is INEFFECTIVE.",
        "Its EFFICACY is shown.",
        "It is EFFICACIOUS.",
    ),
    "safe": (
        "It is SAFE.",
        "It can be done SAFELY.",
        "Its SAFETY was seen.",
        "It is SAFER.",
        "It is the SAFEST.",
        "It is UNSAFE.",
    ),
    "significant": (
        "A SIGNIFICANT change.",
        "Scores rose SIGNIFICANTLY.",
        "The SIGNIFICANCE is plain.",
        "It was INSIGNIFICANT.",
        "It was NON-SIGNIFICANT.",
        "A NONSIGNIFICANT change.",
    ),
    "most patients": (
        "MOST PATIENTS were content.",
        "MOST OF THE PATIENTS walk.",
        "THE MAJORITY OF PATIENTS walk.",
        "NEARLY ALL HIPS healed up.",
        "MANY PEOPLE walk.",
        "Half are RESPONDERS.",
    ),
    "cause": (
        "It CAUSES less pain.",
        "It CAUSED higher scores.",
        "It LEADS TO less pain.",
        "It LED TO less pain.",
        "It RESULTS IN less pain.",
        "RESULTING IN less pain.",
        "DUE TO THE PROCEDURE scores rose.",
        "Scores rose BECAUSE OF THE SURGERY.",
        "THANKS TO it, scores rose.",
    ),
    "work": ("IT WORKS for pain.", "THE PROCEDURE WORKS.", "Rest WORKED WELL.", "Rest WORKS FOR some."),
    "heal": (
        "It HEALS the hip.",
        "The hip HEALED.",
        "It CURES pain.",
        "It RESTORES function.",
        "It was SUCCESSFUL.",
        "HEALING was seen.",
    ),
    "lessen": (
        "It ALLEVIATES pain.",
        "Pain was ALLEVIATED.",
        "It LESSENS pain.",
        "Pain was LESSENED.",
        "Pain DIMINISHES after it.",
        "It ABOLISHES pain.",
        "Pain was ELIMINATED.",
        "It ELIMINATES pain.",
        "AMELIORATION was seen.",
        "It EASED pain.",
        "It MITIGATES pain.",
        "Pain DECREASED.",
    ),
    "recover": (
        "They GOT BETTER.",
        "Patients GET BETTER.",
        "PAIN RESOLVED IN ALL patients.",
        "It RESOLVED IN BOTH.",
        "The PAIN RESOLVED after it.",
        "Patients RECOVERED FULLY.",
        "They FULLY RECOVERED.",
        "A COMPLETE RECOVERY.",
        "ALL PATIENTS WERE PAIN-FREE.",
        "EVERY HIP BECAME PAIN FREE.",
        "She BECAME PAIN-FREE.",
    ),
    "verdict": (
        "EXCELLENT RESULTS were seen.",
        "A FAVOURABLE OUTCOME.",
        "FAVORABLE CLINICAL OUTCOMES.",
        "GOOD RESULTS at one year.",
        "The RESULT WAS GOOD.",
        "OUTCOMES WERE EXCELLENT.",
    ),
    "benefit": (
        "The BENEFIT OF surgery is plain.",
        "BENEFITS FROM surgery.",
        "All BENEFITED.",
        "It is BENEFICIAL.",
        "It HELPS.",
        "It PREVENTS pain.",
        "It PROTECTS the hip.",
    ),
    "rank": (
        "It is SUPERIOR.",
        "It is INFERIOR.",
        "It OUTPERFORMS rest.",
        "It is BETTER THAN rest.",
        "Rest is WORSE THAN it.",
    ),
    "no harms": (
        "There were NO COMPLICATIONS.",
        "NO ADVERSE EVENTS arose.",
        "It passed WITHOUT COMPLICATIONS.",
        "A COMPLICATION-FREE course.",
        "There was NO HARM.",
        "NO PATIENT HAD COMPLICATIONS.",
        "NONE OF THE PATIENTS HAD COMPLICATIONS.",
        "NOBODY SUFFERED AN ADVERSE EVENT.",
        "COMPLICATIONS DID NOT OCCUR.",
        "ADVERSE EVENTS NEVER OCCURRED.",
        "There were ZERO COMPLICATIONS.",
    ),
    "probably": ("It PROBABLY matters.", "A rise is LIKELY.", "A PROBABLE rise.", "A fall is UNLIKELY."),
    "may": ("It MAY matter.", "May it matter? It MAY.", "They MAY not do well."),
    "vague": (
        "It MIGHT matter.",
        "PERHAPS it matters.",
        "It SEEMS TO matter.",
        "It APPEARED TO matter.",
        "POSSIBLY it matters.",
        "PROMISING figures.",
        "It TENDS TO matter.",
    ),
    "size": (
        "It had A LARGE EFFECT.",
        "With A SMALL BENEFIT for some.",
        "Scores were SLIGHTLY HIGHER.",
        "Scores were MARKEDLY BETTER.",
        "A CLINICALLY RELEVANT change.",
        "It was CLINICALLY IMPORTANT.",
    ),
    "no effect": (
        "It HAS NO EFFECT.",
        "It MAKES NO DIFFERENCE.",
        "THERE WAS NO CHANGE.",
        "It MADE LITTLE OR NO DIFFERENCE.",
        "It DOES NOT WORK.",
    ),
}


def capitals(sentence: str) -> str:
    """The planted words of a sentence, in small letters."""
    words = [word for word in sentence.replace(".", "").replace(",", "").split() if word.isupper() and len(word) > 1]
    return " ".join(words).lower()


@pytest.mark.parametrize(
    ("entry", "sentence"), [(name, sentence) for name, sentences in PLANTED.items() for sentence in sentences]
)
def test_rule_23_a_planted_word_is_found_where_it_stands(entry: str, sentence: str) -> None:
    found = [item for item in allowed(sentence, VERY_LOW, controlled=False) if item.entry == entry]
    assert found, sentence
    assert all(sentence[item.start : item.start + len(item.words)] == item.words for item in found)
    assert any(item.words.lower().strip("a ") in capitals(sentence) for item in found)
    assert all(item.why and item.source for item in found)


def test_every_entry_is_planted_and_says_where_it_was_read() -> None:
    uncontrolled = {item.name for item in ENTRIES if item.evidence != "comparison"}
    assert uncontrolled - {"probably, uncontrolled"} == set(PLANTED)
    assert all("rule" in item.source or "read at http" in item.source for item in ENTRIES)
    assert len({item.name for item in ENTRIES}) == len(ENTRIES)


INNOCENT = (
    "Scores were higher after the knot than before in 2 uncontrolled series.",
    "Whether the procedure caused this is very uncertain.",
    "Whether the procedure is safe, effective or better than rest is not known.",
    "How much it reduces pain is not known.",
    "That it relieves pain cannot be said.",
    "It may not be said that the interval excludes 20.",
    "The mean change of a group is never read as an improvement of each.",
    "Series may share patients, and these may be the same people.",
    "Recruited in May 2020, until 3 May.",
    "A worked example on a network.",
    "Fail-safe N was not computed.",
    "Small-study effects were tested from ten series.",
    "The interval includes no effect.",
    "The effect of the procedure is not known.",
    "No count of a complication was seen.",
    "Nothing was reported on fracture; not reported is not the same as none.",
    "A group mean does not tell how many patients reached it.",
    "Maximum likelihood; equally likely orders.",
    "Regression to the mean, the natural course, other care at the same time and entry at the worst point can each "
    "explain a part of a change.",
    "The minimal clinically important difference of the scale.",
    "What the citation leads to.",
    "No step up for a large effect.",
    "Whether it reduces pain and improves function is not known.",
    "Whether the pain and the function improve is not known.",
    "Whether it reduces pain is not known, and whether it improves function is not known either.",
    "It may not be said that it reduces pain and improves function.",
    "How many patients recovered fully is not known.",
    "Whether no patient had a complication was not seen.",
    "No patient was counted twice.",
    "A higher score is better.",
    "Which of the two is the better known is open.",
    "Eligible are studies of pain that had not resolved.",
)


@pytest.mark.parametrize("sentence", INNOCENT)
def test_innocent_sentences_pass(sentence: str) -> None:
    assert allowed(sentence, VERY_LOW, controlled=False) == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "The procedure does not reduce pain.",
        "It improves pain, but whether it lasts is not known.",
        "Whether it lasts is not known; it improves pain.",
        "Whether it lasts is not known. It improves pain.",
        "Whether it lasts is not known, but it improves pain.",
        "It is not known to fail and reduces pain.",
        "Whether it works is open, and the operation improves pain.",
        "Whether the pain decreases is uncertain and it improves function.",
        "Whether it lasts is not known and surgery improves function.",
        "Whether it lasts is not known though the operation improves function.",
        "Whether it lasts remains very uncertain (it improves function).",
        "How long it lasts is unclear, the operation improves function.",
        "The figures may not be read as a rate, and the operation improves pain.",
        "How far it goes and the operation improves pain.",
        "Whether it reduces pain and it improves function.",
        "No patient had a complication.",
        "The pain was eliminated, and not one of the patients suffered any complication.",
    ],
)
def test_a_negation_or_an_open_clause_elsewhere_excuses_nothing(sentence: str) -> None:
    assert allowed(sentence, VERY_LOW, controlled=False), sentence


def entries_of(sentence: str, level: Level | str, *, controlled: bool = True) -> set[str]:
    return {item.entry for item in allowed(sentence, level, controlled=controlled)}


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("controlled", [True, False])
def test_rule_23_may_belongs_to_low_and_probably_to_moderate(level: Level, controlled: bool) -> None:
    assert ("may" in entries_of("It may matter.", level, controlled=controlled)) == (level is not LOW)
    found = entries_of("It probably matters.", level, controlled=controlled)
    # Evidence without a comparison never reaches moderate (rule 22).
    assert bool(found & {"probably", "probably, uncontrolled"}) == (level is not MODERATE or not controlled)


CLAIMS = (
    "The vaccine {} the risk of fever.",
    ("reduces", "lowers", "increases", "prevents", "causes"),
)


@pytest.mark.parametrize("verb", CLAIMS[1])
def test_only_high_certainty_goes_without_a_hedge(verb: str) -> None:
    plain = CLAIMS[0].format(verb)
    hedged = CLAIMS[0].format(f"probably {verb}")
    weak = CLAIMS[0].format(f"may {verb.removesuffix('s')}")
    by_level = {level: entries_of(plain, level) for level in Level}
    assert by_level.pop(HIGH) == set()
    assert all(found == {"unhedged"} for found in by_level.values())
    assert [level for level in Level if not entries_of(hedged, level)] == [MODERATE]
    assert [level for level in Level if not entries_of(weak, level)] == [LOW]


def test_an_open_question_on_an_effect_passes_at_every_level() -> None:
    sentence = "Whether the vaccine reduces the risk of fever is not settled: the interval includes no difference."
    assert all(not entries_of(sentence, level) for level in Level)


def test_uncontrolled_words_are_free_where_there_is_a_comparison() -> None:
    assert entries_of("The vaccine is effective.", HIGH) == set()
    assert entries_of("The vaccine is effective.", HIGH, controlled=False) == {"effective"}
    assert entries_of("The vaccine reduces fever significantly.", HIGH) == {"significant"}


@pytest.mark.parametrize("level", list(Level))
def test_no_text_names_another_level(level: Level) -> None:
    for named in ("very low", "low", "moderate", "high"):
        for text in (f"There is {named} certainty evidence.", f"The certainty is {named}.", f"{named}-certainty"):
            found = [item for item in allowed(text, level, controlled=True) if item.entry == "another level"]
            assert bool(found) == (named != level), (text, level)


def test_rule_22_no_evidence_is_never_called_very_low() -> None:
    (found,) = allowed("Very low certainty evidence.", NOT_RATED, controlled=False)
    assert (found.entry, found.start) == ("another level", 0)


def test_quoted_passages_are_left_aside_and_places_stay() -> None:
    text = "“Pain relieved” was counted in 3 of 3; pain relieved them."
    assert [item.start for item in allowed(text, VERY_LOW, False)] == [6, 44]
    assert [item.start for item in allowed(text, VERY_LOW, False, quoted=("“pain relieved”",))] == [44]
    assert allowed(text, VERY_LOW, False, quoted=("pain relieved", "")) == ()


def test_findings_come_in_the_order_of_the_text_and_explain_themselves() -> None:
    found = allowed("It relieves pain and improves function.", "very low", controlled=False)
    assert [item.words for item in found] == ["relieves", "improves"]
    assert isinstance(found[0], Finding)
    assert str(found[0]).startswith("'relieves' at 3: without a comparison")
    assert "rule 23" in str(found[0])


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="sure"):
        allowed("Anything.", "sure", controlled=True)
