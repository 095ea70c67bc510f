"""The rules of method that a report keeps, each by its number in docs/methods.md, on the report of `ifi`."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from built_reports import cells, document_of, lead, review_of, section, sentences, table

from synth.certainty.grade import Level
from synth.certainty.wording import allowed
from synth.report.model import Document, Paragraph, Section, Table, plain, runs

ADDRESS = re.compile(r"https?://\S+")


@pytest.fixture(scope="module")
def ifi() -> Document:
    return document_of("ifi")


def everything(document: Document) -> str:
    return "\n".join([*sentences(document.lead), *sentences(document.sections)])


def data_texts(name: str) -> list[str]:
    """Texts of the evidence files and the protocol, which the report repeats and does not say; longest first."""
    review = review_of(name)
    found: set[str] = set()
    for frame in (
        review.extraction.studies,
        review.extraction.arms,
        review.extraction.outcomes,
        review.extraction.events,
    ):
        for column in ("note", "technique", "event", "selection"):
            if column in frame:
                found |= {str(cell) for cell in frame[column]}
    protocol = review.protocol
    found |= {protocol.synthesis.overlap_reason, protocol.eligibility.reason, protocol.question.text}
    found |= {person.role for person in protocol.people}
    found |= {
        part for item in protocol.instruments for level in item.thresholds for part in (level.note, level.population)
    }
    found |= {item.reason for item in review.screening.decisions}
    found |= {record.title or "" for record in review.records}
    # What was found on each claim is recorded by people in claims.yml, and speaks of what sources say.
    found |= {claim.finding for claim in review.audit.claims}
    # The rules of GRADE, in the words in which they are kept, are about judging and not about a result.
    found |= {domain.suggestion.rule.text for rating in review.certainty.ratings for domain in rating.domains}
    capitals = {text[:1].upper() + text[1:] for text in found}
    return sorted((found | capitals) - {""}, key=lambda text: (-len(text), text))


def banned_words(
    document: Document, name: str = "ifi", level: Level = Level.VERY_LOW, *, controlled: bool = False
) -> list[str]:
    """Each word of a generated statement that the level does not allow, with the statement."""
    texts = list(sentences(document.lead))
    for part in document.sections:
        if part.anchor == "records":  # titles of publications
            continue
        if (
            part.anchor == "claims"
        ):  # the article's own claims and the titles that it prints stand in the second columns
            tables = [block for block in part.blocks if isinstance(block, Table)]
            texts += [
                plain(cell)
                for item in tables
                for row in item.rows
                for column, cell in zip(item.columns, row.cells, strict=True)
                if column.title not in ("The article claims (restated)", "Title", "Journal")
            ]
            continue
        texts += sentences((part,))
    known = data_texts(name)
    found = []
    for text in texts:
        said = ADDRESS.sub("", text)
        for data in known:
            said = said.replace(data, "")
        found += [f"{item.words}: {text}" for item in allowed(said, level, controlled=controlled)]
    return found


def test_rule_1_first_screen_says_evidence_map_and_post_hoc(ifi: Document) -> None:
    assert ifi.kind == "Evidence map: certainty very low, computed and confirmed by nobody"
    assert "What this is: Evidence map. No database search has been run." in lead(ifi)
    assert "Post hoc: the protocol was written on 2026-11-23, after the data were seen." in lead(ifi)


def test_rule_2_reading_depth_in_sum_and_per_figure(ifi: Document) -> None:
    assert (
        "Reading depth: No study was read in full (article opening 7, abstract 18, another paper's account 1)."
        in lead(ifi)
    )
    for row in table(ifi, "figures-endoscopic").rows:
        assert re.search("abstract|article opening|full text|another paper's account", plain(row.cells[1]))


def test_rule_3_software_is_declared_and_there_is_no_kappa(ifi: Document) -> None:
    assert "Extraction and decisions were made by software." in lead(ifi)
    assert "(software): gathered the records" in everything(ifi)
    assert "Every answer was given by software (First compiler). No person has judged the risk of bias." in everything(
        ifi
    )
    told = [text for text in sentences(ifi.sections) if "kappa" in text.lower()]
    assert told == [text for text in told if "no kappa is given" in text]
    assert not review_of("ifi").risk_of_bias.agreements


def test_rule_4_assumption_range_and_threshold(ifi: Document) -> None:
    readings = table(ifi, "readings-hatem2015_a1_hip_function_mhhs_27_6")
    rows = {plain(row.cells[0]): plain(row.cells[2]) for row in readings.rows}
    assert rows["main line: paired t test"] == "+42.9 (24.4 to 61.4)"
    assert rows["unpaired t test"].startswith("+42.9 (19.3 to")
    assert rows["unpaired t test on paired scores, correlation 0.3"].startswith("+42.9 (19.2 to")
    told = "\n".join(sentences((section(ifi, "derived-hatem2015_a1_hip_function_mhhs_27_6"),)))
    assert "the main line is an assumption" in told
    assert "An exact Wilcoxon signed-rank test cannot have given the printed p value .003" in told
    assert "An exact Mann-Whitney test cannot have given the printed p value .003" in told
    text = everything(ifi)
    assert len(re.findall(r"It may not be said that the interval excludes 20", text)) == 2
    assert not re.search(r"(?<!It may not be said that )the interval excludes", text)


def test_rule_5_a_bound_is_shown_as_printed_and_gives_no_reading(ifi: Document) -> None:
    # docwirelti prints <0.001 and SDs: the interval rests on the SDs, and no table reads the p value.
    figures = table(ifi, "figures-endoscopic")
    bound = [row for row in figures.rows if plain(row.cells[7]) == "<0.001"]
    assert len(bound) == 2
    readings = [item for item in ifi.anchors() if item.startswith("readings-")]
    assert readings
    assert not any("docwirelti" in item for item in readings)


def test_rule_6_the_whole_grid_is_printed_with_the_main_line_marked(ifi: Document) -> None:
    grid = table(ifi, "grid-docwirelti_a1_hip_function_mhhs_19")
    assert [plain(row.cells[0]) for row in grid.rows] == ["0", "0.3", "0.5", "0.7", "0.9"]
    assert [row.cells[0][0].strong for row in grid.rows] == [False, False, True, False, False]


def test_rule_7_the_attainable_bound_and_what_follows_by_logic_are_printed(ifi: Document) -> None:
    remarks = cells(table(ifi, "figures-endoscopic"), "Hip function, mHHS")["Remarks"]
    assert "61.4 lies above 48.7, the most to be gained" in remarks
    assert "do not overlap, so each of the 5 patients had a higher score" in remarks


def test_rule_8_unit_and_patients_behind_hips(ifi: Document) -> None:
    assert [column.title for column in table(ifi, "figures-endoscopic").columns][2] == "n"
    units = {plain(row.cells[2]) for row in table(ifi, "figures-endoscopic").rows}
    assert {"5 patients", "16 hips", "24 (unit not stated)", "1 patient"} <= units
    hips = cells(table(ifi, "events-endoscopic"), "postoperative ischiofemoral space")
    assert hips["n of N"] == "15 of 16 hips (13 patients)"
    assert "by patient, in every hip: at least 12 of 13, 92.3%" in hips["Proportion (exact interval)"]


def test_rule_9_conditioned_counts_have_no_rate(ifi: Document) -> None:
    events = table(ifi, "events-injection")
    for name in ("complete but transient pain relief", "progressed to surgery"):
        shown = cells(events, name)
        assert shown["n of N"] == "7 of 7 patients"
        assert shown["Proportion (exact interval)"] == "no rate: who was included depended on it"


def test_rule_10_zero_events_and_who_did_not_report(ifi: Document) -> None:
    shown = cells(table(ifi, "harms-endoscopic"), "any complication")
    assert shown["Reported"].startswith("0 of 5 patients: 0.0% (0.0% to 52.2%), Hatem")
    assert len(shown["Not reported by"].split(", ")) == 13
    assert cells(table(ifi, "harms-endoscopic"), "fracture") == {
        "Harm, from the protocol's list, post hoc": "fracture",
        "Reported": "not reported",
        "Not reported by": "every eligible report",
    }


def test_rule_11_flags_stand_beside_the_figures(ifi: Document) -> None:
    video = cells(table(ifi, "directions-endoscopic"), "Pain, VAS")
    assert video["After"] == "2.53"
    assert "If these are whole scores, 13 of them cannot have a mean of 2.53" in video["Remarks"]
    assert "The standard deviation (22) is larger" in everything(ifi)
    assert "5 female and 1 male, which is 6 and not the 7" in cells(table(ifi, "arms-endoscopic"), "Wilson")["Caveats"]


def test_rule_12_sums_are_upper_bounds_and_overlap_blocks_the_pool(ifi: Document) -> None:
    facts = "\n".join(sentences((section(ifi, "studied-endoscopic"),)))
    assert "Patients analysed: at most 61 in the 9 of 14 groups that state it" in facts
    why = cells(table(ifi, "rungs-endoscopic"), "Hip function")["Why"]
    assert why.startswith("Not pooled: that the patients are the same people cannot be excluded (docwirelti and Hatem")


def test_rule_13_one_series_and_two_that_overlap_have_no_pool(ifi: Document) -> None:
    assert not re.search(r"\bI2\b|prediction interval \(", everything(ifi))
    assert not re.search(r"[Pp]ooled", "\n".join(sentences(ifi.lead)))


def test_rule_17_no_ranking_between_procedures(ifi: Document) -> None:
    assert "so they are not ranked" in lead(ifi)
    assert "they are not set against one another here" in everything(ifi)
    comparing = re.compile(
        r"\b(better|worse|superior|inferior|more|less|fewer|greater) than\b(?! before)", re.IGNORECASE
    )
    told = [text for part in ifi.sections if part.anchor.startswith("procedure-") for text in sentences((part,))]
    assert [text for text in (*sentences(ifi.lead), *told) if comparing.search(text)] == []


def test_rule_18_every_published_difference_with_its_population(ifi: Document) -> None:
    review = review_of("ifi")
    part = section(ifi, "important-differences")
    (shown,) = (block for block in part.blocks if isinstance(block, Table))
    published = [(item.id, level) for item in review.protocol.instruments for level in item.thresholds]
    rows = [[plain(cell) for cell in row.cells] for row in shown.rows]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        (name, item.method, item.population) for name, item in published
    ]
    text = "\n".join(sentences((part,)))
    assert (
        "half a standard deviation, comes from the spread of the scores and is no minimal important difference" in text
    )
    assert "does not say how many patients passed it" in text
    assert "the value of one instrument is not lent to another" in text


def test_rule_19_annex_and_directions_stand_apart(ifi: Document) -> None:
    part = section(ifi, "annex")
    (annex,) = (block for block in part.blocks if isinstance(block, Table))
    assert [plain(row.cells[0]).split(",")[0] for row in annex.rows] == [
        "Ganz et al. 2013",
        "Johnson 1977",
        "Lerch et al. 2022",
        "Kim et al. 2016",
        "Ishii n.d.",
    ]
    assert all(plain(row.cells[1]) for row in annex.rows)
    in_figures = {plain(row.cells[1]) for row in table(ifi, "figures-endoscopic").rows}
    assert not any("aaosvideo2021" in cell for cell in in_figures)
    directions = table(ifi, "directions-endoscopic")
    assert [plain(row.cells[6]) for row in directions.rows] == ["higher", "lower"]
    assert "Used for directions only (video abstract)" in plain(directions.notes[0])
    headings = [column.title for column in section(ifi, "studies").blocks[1].columns]  # type: ignore[union-attr]
    assert {"Disease", "Hip", "Source", "Used for"} <= set(headings)


def test_rule_20_docwirelti_keeps_its_marks(ifi: Document) -> None:
    caveats = cells(table(ifi, "arms-endoscopic"), "docwirelti")["Caveats"]
    assert "the means leave out 6 of 30" in caveats
    series = cells(table(ifi, "series-endoscopic"), "docwirelti")
    assert series["Analysed of enrolled"] == "24 of 30"
    assert series["Consecutive or selected"] == "patients with low back pain"
    assert "whether n counts patients or hips in docwirelti." in "\n".join(
        sentences((section(ifi, "missing-endoscopic"),))
    )


def test_rule_22_uncontrolled_evidence_starts_low_and_none_is_not_rated(ifi: Document) -> None:
    shown = table(ifi, "certainty-table")
    rows = {
        tuple(plain(cell) for cell in row.cells[:2]): [plain(cell) for cell in row.cells[2:5]] for row in shown.rows
    }
    rated = {key: row for key, row in rows.items() if row[2] != "not rated"}
    assert {key[0].split()[0] for key in rated} == {"Endoscopic"}
    assert all(row == ["low", "imprecision −1", "very low"] for row in rated.values())
    assert all(row == ["-", "-", "not rated"] for key, row in rows.items() if key not in rated)
    assert "Uncontrolled evidence is not rated up." in everything(ifi)
    assert "Very low: Endoscopic lesser trochanter resection, hip function" in lead(ifi)
    assert "Not rated, because there is no evidence to rate: Open ischiofemoral decompression, hip function" in lead(
        ifi
    )


def test_rule_21_item_tools_have_no_score_and_no_overall_word(ifi: Document) -> None:
    told = "\n".join(sentences((section(ifi, "risk-of-bias"),)))
    assert "no validated rule for an overall judgement" in told
    assert not re.search(r"\b(score of|total|sum of|overall (risk|judgement):)", told)
    assert all(item.overall is None and not item.domains for item in review_of("ifi").risk_of_bias.appraisals)
    assert all(item.overall is not None for item in review_of("bcg").risk_of_bias.appraisals)


def test_rule_23_no_banned_word_in_a_generated_statement(ifi: Document) -> None:
    assert banned_words(ifi) == []


def test_rule_23_no_word_of_the_worked_example_says_more_than_its_highest_level() -> None:
    (rating,) = review_of("bcg").certainty.ratings
    document = document_of("bcg")
    assert banned_words(document, "bcg", rating.level, controlled=True) == []
    spoiled = replace(
        document, sections=(*document.sections, Section("More", "more", (Paragraph(runs("It may help.")),)))
    )
    assert banned_words(spoiled, "bcg", rating.level, controlled=True)


@pytest.mark.parametrize(
    "claim",
    [
        "The operation improves function.",
        "It is effective.",
        "Most patients are safe.",
        "It may help.",
        "It Relieves pain.",
    ],
)
def test_rule_23_the_check_finds_a_banned_word(ifi: Document, claim: str) -> None:
    spoiled = replace(ifi, sections=(*ifi.sections, Section("More", "more", (Paragraph(runs(claim)),))))
    assert banned_words(spoiled)


def test_rule_23_uncertainty_is_said_where_a_change_is(ifi: Document) -> None:
    changes = [text for text in sentences(ifi.lead) if "after treatment than before" in text]
    assert changes
    assert all("Whether the procedure caused this is very uncertain." in text for text in changes)


def test_rule_24_other_explanations_stand_beside_every_table_of_changes(ifi: Document) -> None:
    named = ("regression to the mean", "the natural course", "other care", "entry at the worst point")
    assert all(name in lead(ifi) for name in named)
    for block in ifi.walk():
        if isinstance(block, Section) and any(
            isinstance(item, Table) and item.anchor.startswith("figures-") for item in block.blocks
        ):
            text = "\n".join(sentences((block,)))
            assert all(name in text for name in named)


def test_rule_25_matrix_funding_harms_list_and_what_is_missing(ifi: Document) -> None:
    review = review_of("ifi")
    matrix = table(ifi, "matrix-endoscopic")
    assert len(matrix.rows) == 15
    assert cells(matrix, "docwirelti")["Hip function"] == "figure (mHHS)"
    assert cells(matrix, "Wilson")["Hip function"] == "measured but not seen (mHHS: before only)"
    assert cells(matrix, "aaosvideo2021")["Pain"] == "direction only (VAS)"
    assert cells(matrix, "Zhang")["Pain"] == "not mentioned"
    assert cells(matrix, "Zhang")["Hip function"] == "measured but not seen (named, no figure)"
    told = "\n".join(sentences((section(ifi, "studies"),)))
    assert "of 26 reports, 2 told how patients were selected, 0 told who paid, and 0 told of conflicts" in told
    for procedure in review.protocol.procedures:
        rows = [plain(row.cells[0]) for row in table(ifi, f"harms-{procedure.id}").rows]
        assert rows == ["any complication", *review.protocol.harms]
        assert section(ifi, f"missing-{procedure.id}").blocks
    text = everything(ifi)
    assert "Deviations from the protocol cannot be told" in text
    assert "No clinician has signed this page. It is not medical advice." in text
    (decisions,) = (block for block in section(ifi, "decisions").blocks if isinstance(block, Table))
    assert all(plain(row.cells[2]) != "-" for row in decisions.rows if plain(row.cells[1]) != "include")
