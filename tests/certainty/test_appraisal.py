"""From rows of answers to appraisals. All answers, reviewers and depths of reading here are invented."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from synth.certainty.algorithms import ALGORITHMS
from synth.certainty.risk_of_bias import CONFLICT, CONSENSUS, USED_FOR, Appraisal, RiskOfBias, appraise
from synth.certainty.tools import ABSTRACT_ONLY, NOT_ANSWERED, tool
from synth.errors import MethodError
from synth.extraction import Extraction
from synth.extraction.eligibility import standings
from synth.protocol import Protocol
from synth.protocol.certainty import CertaintyPlan, ToolPlan
from synth.protocol.parts import Contributor
from synth.schemas import RISK_OF_BIAS, Table
from synth.store import read_review
from synth.store.read import ReviewFiles
from synth.store.tables import parse_table

PLACE = {"support": "invented words", "source": "PMID:1", "locator": "table 1", "seen_in": "primary abstract"}
SERIES, REPORTS = "jbi-case-series", "jbi-case-reports"


@pytest.fixture(scope="module")
def ifi(repository: Path) -> ReviewFiles:
    return read_review(repository, "ifi")


@pytest.fixture(scope="module")
def bcg(repository: Path) -> ReviewFiles:
    return read_review(repository, "bcg")


def planned(files: ReviewFiles, **tools: tuple[str, ...]) -> Protocol:
    """The review's protocol with other tools, and two invented people beside its software."""
    people = tuple(
        Contributor(id=name, name=f"Invented {name}", kind="person", role="invented") for name in ("ann", "bob")
    )
    plans = tuple(ToolPlan(tool=name.replace("_", "-"), designs=designs) for name, designs in tools.items())
    plan = CertaintyPlan(tools=plans)
    return files.protocol.model_copy(update={"people": (*files.protocol.people, *people), "certainty": plan})


def rows(*given: dict[str, str]) -> Table:
    out = io.StringIO()
    writer = csv.DictWriter(out, RISK_OF_BIAS.headings, restval="")
    writer.writeheader()
    writer.writerows({**PLACE, "date": "2026-11-23", **row} for row in given)
    table, faults = parse_table(out.getvalue(), RISK_OF_BIAS, RISK_OF_BIAS.file)
    assert faults == []
    return table


def row(
    study: str, item: str, answer: str, reviewer: str = "ann", tool_id: str = SERIES, **cells: str
) -> dict[str, str]:
    return {"study_id": study, "tool": tool_id, "item": item, "answer": answer, "reviewer": reviewer, **cells}


def series(files: ReviewFiles, *given: dict[str, str]) -> RiskOfBias:
    return appraise(planned(files, jbi_case_series=("case series",)), files.extraction, rows(*given))


def only(found: RiskOfBias, study: str) -> Appraisal:
    (appraisal,) = found.of(study)
    return appraisal


def test_every_study_of_a_planned_design_is_appraised_the_annex_too(ifi: ReviewFiles) -> None:
    studies = ifi.extraction.studies
    expected = list(studies.loc[studies["design"] == "case series", "study_id"])
    assert [item.study_id for item in series(ifi).appraisals] == expected
    assert {"ganz2013", "aaosvideo2021"} <= set(expected)


def test_each_appraisal_tells_what_its_study_is_used_for(ifi: ReviewFiles, bcg: ReviewFiles) -> None:
    found = series(ifi)
    roles = {item.study_id: item.role for item in found.appraisals}
    assert roles == {study: standings(ifi.extraction.studies, ifi.protocol.eligibility)[study].role for study in roles}
    assert (roles["hatem2015"], roles["aaosvideo2021"], roles["ganz2013"]) == ("synthesis", "direction only", "annex")
    used = found.table().drop_duplicates("study_id").set_index("study_id")["used_for"]
    assert (used["hatem2015"], used["aaosvideo2021"], used["ganz2013"]) == ("eligible", "directions only", "annex")
    assert "used for" in found.show(SERIES).frame.columns
    assert "used for" not in trials(bcg).show("rob2").frame.columns
    shown = found._repr_html_()
    assert all(f">{words}</td>" in shown for words in USED_FOR.values())


def test_a_tool_of_no_eligible_study_counts_the_others_apart(ifi: ReviewFiles) -> None:
    found = appraise(planned(ifi, jbi_case_series=("comparative",)), ifi.extraction, rows())
    assert [item.role for item in found.appraisals] == ["annex"]
    assert found.sentences[:2] == (
        "JBI case series: no eligible study was appraised.",
        "1 other study was appraised too and is counted apart (annex: 1): 0 of 10 items could be answered.",
    )
    judged = appraise(planned(ifi, amstar_2=("comparative",)), ifi.extraction, rows())
    assert not [sentence for sentence in judged.sentences if "The tool's own rule gives" in sentence]


def test_without_a_planned_tool_nothing_is_appraised(ifi: ReviewFiles) -> None:
    found = appraise(planned(ifi), ifi.extraction, rows(row("hatem2015", "1", "yes")))
    assert (found.appraisals, found.agreements) == ((), ())
    assert found.sentences == (
        "Risk of bias was not appraised: the protocol names no tool for the designs of these studies.",
    )


def test_what_an_abstract_cannot_tell_is_said_and_never_guessed(ifi: ReviewFiles) -> None:
    """Rule 21 and the depth of reading: no full text of ifi was read, so every open item says so."""
    found = only(series(ifi, row("hatem2015", "8", "yes")), "hatem2015")
    assert {item.answer for name, item in found.answers.items() if name != "8"} == {ABSTRACT_ONLY}
    assert {item.standing for name, item in found.answers.items() if name != "8"} == {"automatic"}
    assert found.answers["8"].answer == "yes"
    assert found.answers["8"].reviewers == ("ann",)
    assert (found.answers["8"].standing, found.answers["8"].locator) == ("one reviewer", "table 1")
    assert repr(found) == "Appraisal(hatem2015: JBI case series, 1 of 10 items answered)"


def test_where_a_full_text_was_read_an_open_item_is_not_answered(ifi: ReviewFiles) -> None:
    found = series(ifi, row("hatem2015", "8", "yes", seen_in="primary full text"))
    assert only(found, "hatem2015").answers["1"].answer == NOT_ANSWERED
    assert only(found, "hatem2015").full_text
    assert only(found, "wilson2016").answers["1"].answer == ABSTRACT_ONLY


def test_a_full_text_behind_a_figure_counts_too(ifi: ReviewFiles) -> None:
    tables = dict(ifi.extraction.tables)
    text = tables["outcomes"].text.copy()
    text.loc[text["study_id"] == "hatem2015", "seen_in"] = "primary full text"
    tables["outcomes"] = Table(tables["outcomes"].spec, tables["outcomes"].file, text, tables["outcomes"].lines)
    found = appraise(planned(ifi, jbi_case_series=("case series",)), Extraction.of(tables), rows())
    assert only(found, "hatem2015").answers["1"].answer == NOT_ANSWERED


def test_two_reviewers_agree_or_differ_until_a_consensus_settles_it(ifi: ReviewFiles) -> None:
    given = [
        row("hatem2015", "1", "yes"),
        row("hatem2015", "1", "yes", "bob", support="other invented words"),
        row("hatem2015", "2", "no"),
        row("hatem2015", "2", "yes", "bob"),
    ]
    before = only(series(ifi, *given), "hatem2015")
    assert (before.answers["1"].answer, before.answers["1"].standing) == ("yes", "agreed")
    assert before.answers["1"].support == "invented words; other invented words"
    assert (before.answers["2"].answer, before.answers["2"].standing) == (CONFLICT, "conflict")
    assert before.answers["2"].support == "ann: no (invented words); bob: yes (invented words)"
    assert before.answers["2"].given is None
    assert [item.item_id for item in before.conflicts] == ["2"]
    settled = row("hatem2015", "2", "unclear", CONSENSUS, support="talked over")
    after = only(series(ifi, *given, settled), "hatem2015")
    assert (after.answers["2"].answer, after.answers["2"].standing) == ("unclear", "consensus")
    assert (after.answers["2"].support, after.answers["2"].reviewers) == ("talked over", ("ann", "bob"))


def test_conflicts_are_told_with_the_study(ifi: ReviewFiles) -> None:
    found = series(ifi, row("hatem2015", "2", "no"), row("hatem2015", "2", "yes", "bob"))
    assert "On 1 item (hatem2015) the reviewers differ, and no consensus was written." in found.sentences


def test_item_tools_have_no_judgement_and_no_score(ifi: ReviewFiles) -> None:
    """Rule 21: whatever the answers, JBI, Murad and MINORS give no domain, no overall word, no sum."""
    tools = {"jbi_case_series": "yes", "murad_2018": "yes", "minors": "2", "minors_comparative": "2"}
    for name, best in tools.items():
        every = tool(name.replace("_", "-"))
        protocol = planned(ifi, **{name: ("case series",)})
        answers = rows(*(row("hatem2015", item.id, best, tool_id=every.id) for item in every.items))
        found = appraise(protocol, ifi.extraction, answers)
        appraisal = only(found, "hatem2015")
        assert len(appraisal.answered) == len(every.items)
        assert (dict(appraisal.domains), appraisal.overall) == ({}, None)
        assert found.judgements(every.id).empty
        assert f"{every.short} has no validated rule for an overall judgement, so none is given" in " ".join(
            found.sentences
        )


def test_rows_for_a_tool_that_is_not_planned_are_not_used(ifi: ReviewFiles) -> None:
    found = series(
        ifi, row("hatem2015", "1", "yes", tool_id=REPORTS), row("hatem2015", "1", "no", "bob", tool_id=REPORTS)
    )
    assert only(found, "hatem2015").answered == ()
    assert found.agreements == ()


def trials(files: ReviewFiles, *given: dict[str, str], tool_id: str = "rob2") -> RiskOfBias:
    return appraise(
        planned(files, **{tool_id.replace("-", "_"): ("controlled trial",)}), files.extraction, rows(*given)
    )


def test_a_result_is_appraised_for_each_planned_comparison_of_the_study(bcg: ReviewFiles) -> None:
    found = trials(bcg)
    assert [(item.study_id, item.result) for item in found.appraisals] == [
        (study, "tuberculosis") for study in bcg.extraction.studies["study_id"]
    ]
    assert found.of("aronson1948", "tuberculosis") == found.of("aronson1948") != ()
    assert found.of("aronson1948", "another result") == ()


def test_unseen_answers_leave_every_level_that_the_rule_allows(bcg: ReviewFiles) -> None:
    item = dict.fromkeys(("1.1", "1.2"), "N") | {"1.3": "NI"}
    cells = {"tool_id": "rob2", "result": "tuberculosis"}
    found = only(trials(bcg, *(row("aronson1948", name, said, **cells) for name, said in item.items())), "aronson1948")
    assert found.domains["1"] == ALGORITHMS["rob2"].judge("1", item)
    assert (found.domains["1"].words, found.domains["3"].words) == ("high", "any level")
    assert found.overall is not None
    assert found.overall.words == "high"
    nothing = only(trials(bcg), "aronson1948")
    assert nothing.overall is not None
    assert nothing.overall.words == "any level"


def test_open_and_disputed_items_are_unseen_to_the_rule_and_no_information_is_not(bcg: ReviewFiles) -> None:
    cells = {"tool_id": "rob2", "result": "tuberculosis"}
    disputed = [row("aronson1948", "1.2", "Y", **cells), row("aronson1948", "1.2", "N", "bob", **cells)]
    seen = [row("aronson1948", "1.1", "Y", **cells), row("aronson1948", "1.3", "N", **cells)]
    found = only(trials(bcg, *seen, *disputed), "aronson1948")
    assert found.domains["1"] == ALGORITHMS["rob2"].judge("1", {"1.1": "Y", "1.2": None, "1.3": "N"})
    assert not found.domains["1"].settled
    said = only(trials(bcg, *seen, row("aronson1948", "1.2", "NI", **cells)), "aronson1948")
    assert said.domains["1"].settled


def test_the_planned_form_of_domain_2_is_judged(bcg: ReviewFiles) -> None:
    assert list(only(trials(bcg), "aronson1948").domains) == ["1", "2-assignment", "3", "4", "5"]
    adhering = only(trials(bcg, tool_id="rob2-adhering"), "aronson1948")
    assert list(adhering.domains) == ["1", "2-adhering", "3", "4", "5"]
    assert "2.7" not in adhering.answers


def test_a_person_states_the_level_of_a_domain_and_decides_where_the_rule_leaves_it(bcg: ReviewFiles) -> None:
    cells = {"tool_id": "robins-i", "result": "tuberculosis"}
    levels = [row("aronson1948", f"D{number}", "moderate", **cells) for number in range(1, 8)]
    found = only(trials(bcg, *levels, tool_id="robins-i"), "aronson1948")
    assert {judged.words for judged in found.domains.values()} == {"moderate"}
    assert found.overall is not None
    assert found.overall.words == "moderate"
    assert found.stated["1"].reviewers == ("ann",)
    shown = trials(bcg, *levels, tool_id="robins-i").table()
    assert list(shown.loc[shown["item"] == "D1", "topic"]) == ["level: Confounding"]
    with pytest.raises(MethodError, match="leaves no such choice"):
        trials(bcg, *levels, row("aronson1948", "overall", "low", **cells), tool_id="robins-i")


def test_amstar_is_judged_over_all_its_items(ifi: ReviewFiles) -> None:
    every = tool("amstar-2")
    protocol = planned(ifi, amstar_2=("case series",))  # invented: ifi appraises no reviews
    answers = [
        row("hatem2015", item.id, "no" if item.id in ("2", "4") else "yes", tool_id="amstar-2") for item in every.items
    ]
    found = only(appraise(protocol, ifi.extraction, rows(*answers)), "hatem2015")
    assert found.overall is not None
    assert found.overall.words == "critically low"


def test_tables_hold_one_cell_for_each_study_and_item(ifi: ReviewFiles) -> None:
    found = series(ifi, row("hatem2015", "8", "yes"), row("wilson2016", "8", "no", "bob"))
    studies = [item.study_id for item in found.appraisals]
    eligible = [item.study_id for item in found.appraisals if item.eligible]
    table, wide, counts = found.table(), found.wide(SERIES), found.counts(SERIES)
    assert len(table) == len(studies) * 10
    assert list(wide.columns) == ["study_id", *map(str, range(1, 11))]
    assert dict(zip(wide["study_id"], wide["8"], strict=True))["hatem2015"] == "yes"
    assert list(wide["study_id"]) == studies
    answers = counts.drop(columns=["item", "topic"])
    assert list(answers.sum(axis=1)) == [len(eligible)] * 10
    eight = counts.loc[counts["item"] == "8"].iloc[0]
    assert (eight["yes"], eight["no"], eight[ABSTRACT_ONLY]) == (1, 1, len(eligible) - 2)
    merged = table.pivot(index="study_id", columns="item", values="answer").loc[studies, wide.columns[1:]]
    assert (merged.to_numpy() == wide[wide.columns[1:]].to_numpy()).all()


def test_a_notebook_shows_answers_or_judgements_with_the_link(ifi: ReviewFiles, bcg: ReviewFiles) -> None:
    shown = series(ifi, row("hatem2015", "8", "yes")).show(SERIES)
    assert "8 Outcomes or follow-up reported" in shown._repr_html_()
    assert tool(SERIES).link in shown._repr_html_()
    judged = trials(bcg).show("rob2").frame
    assert list(judged.columns)[:2] == ["study_id", "result"]
    assert list(judged.columns)[-1] == "overall"
    assert set(judged["overall"]) == {"any level"}
    assert repr(series(ifi).show("rob2")) == "No study was appraised with RoB 2."


def test_an_unknown_tool_is_refused(ifi: ReviewFiles) -> None:
    found = series(ifi)
    for ask in (found.wide, found.counts, found.show, found.judgements, found.with_tool):
        with pytest.raises(MethodError, match="no tool 'invented'"):
            ask("invented")
    with pytest.raises(MethodError, match="no tool 'invented'"):
        appraise(planned(ifi, invented=("case series",)), ifi.extraction, rows())


def test_sentences_say_how_much_was_answered_and_by_whom(ifi: ReviewFiles) -> None:
    by_software = series(ifi, row("hatem2015", "8", "yes", "software-a"), row("aaosvideo2021", "6", "yes"))
    k = sum(item.eligible for item in by_software.appraisals)
    other = len(by_software.appraisals) - k
    assert by_software.sentences[0] == (
        f"JBI case series: 1 of {k * 10} items (10 for each study) of {k} eligible studies could be answered."
    )
    assert by_software.sentences[1] == (f"{k * 10 - 1} items stay “{ABSTRACT_ONLY}”, as no full text was read.")
    assert by_software.sentences[2] == (
        f"{other} other studies were appraised too and are counted apart (directions only: 1, annex: {other - 1}): "
        f"1 of {other * 10} items could be answered."
    )
    by_software = series(ifi, row("hatem2015", "8", "yes", "software-a"))
    assert by_software.sentences[4] == (
        "Every answer was given by software (First compiler). No person has judged the risk of bias."
    )
    mixed = series(ifi, row("hatem2015", "8", "yes", "software-a"), row("hatem2015", "8", "yes"))
    assert "Answers were given by Invented ann, First compiler (software)." in mixed.sentences
    assert "Nobody has answered any item." in series(ifi).sentences


def test_agreement_of_software_and_a_person_has_no_kappa(ifi: ReviewFiles) -> None:
    """Rule 3."""
    mixed = series(ifi, row("hatem2015", "8", "yes", "software-a"), row("hatem2015", "8", "no"))
    assert {item.figures.value for item in mixed.agreements} == {None}
    assert "No kappa is given: First compiler is software" in " ".join(mixed.sentences)
    alone = series(ifi, row("hatem2015", "8", "yes"))
    assert (
        "No two reviewers answered the same items, so agreement cannot be told and no kappa is given."
        in alone.sentences
    )


BANNED = ("improve", "reduce", "relieve", "effective", "safe", "significant", "most patients", "score")


def test_words_stay_within_the_rules_and_html_holds_them_all(ifi: ReviewFiles, bcg: ReviewFiles) -> None:
    """Rules 21 and 23: no banned word, no score, in anything that is said of the appraisals."""
    for found in (series(ifi, row("hatem2015", "8", "yes"), row("hatem2015", "8", "no", "bob")), trials(bcg)):
        said = " ".join(found.sentences).lower()
        assert [word for word in BANNED if word in said] == []
        assert all(sentence.split("“")[0] in found._repr_html_().replace("&#x27;", "'") for sentence in found.sentences)
        assert repr(found).startswith(f"RiskOfBias({len(found.appraisals)} appraisals: ")


def test_the_committed_answers_of_ifi_are_few_and_by_software(ifi: ReviewFiles) -> None:
    """Nothing that an abstract cannot tell is answered, and nothing looks as if a person had judged."""
    found = appraise(ifi.protocol, ifi.extraction, ifi.risk_of_bias)
    assert {item.tool for item in found.appraisals} == {SERIES, REPORTS}
    assert set(ifi.risk_of_bias.text["reviewer"]) == {"software-a"}
    assert all(not item.full_text for item in found.appraisals)
    answered = [answer for item in found.appraisals for answer in item.answered]
    assert len(answered) == len(ifi.risk_of_bias)
    assert {answer.answer for answer in answered} <= {"yes", "no", "unclear"}
    for item in ("2", "3", "4", "9", "10"):  # consecutive, standard, valid, centres, statistics: not in the facts
        assert {each.answers[item].answer for each in found.with_tool(SERIES)} == {ABSTRACT_ONLY}


def test_every_committed_answer_of_ifi_cites_a_page_that_was_read_for_that_study(ifi: ReviewFiles) -> None:
    cited = {
        (study, source)
        for table in (ifi.extraction.tables[name] for name in ("studies", "arms", "outcomes", "events", "cases"))
        for study, source in zip(table.text["study_id"], table.text["source"], strict=True)
    }
    text = ifi.risk_of_bias.text
    assert set(zip(text["study_id"], text["source"], strict=True)) <= cited
