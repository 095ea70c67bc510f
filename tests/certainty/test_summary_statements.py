"""What is said of evidence without a comparison: every level, direction and number of series, and rule by rule."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from summary_cases import Event, Row, domain, protocol_of, rating_of, synthesised

from synth.certainty.grade.types import Level
from synth.certainty.summary.statements import OTHER_REASONS, OTHER_REASONS_POINTER, harm_statement, statement_of
from synth.certainty.summary.types import Statement
from synth.certainty.wording import allowed
from synth.errors import MethodError
from synth.synthesis.answers import Synthesis

LEVELS = (Level.VERY_LOW, Level.LOW, Level.NOT_RATED)
CAUSE = {
    Level.VERY_LOW: "Whether the procedure caused this is very uncertain.",
    Level.LOW: "The procedure may have had a part in this; how large a part is not known.",
    Level.NOT_RATED: "Whether the procedure caused this is not known; the certainty was not rated.",
}
#: Change of the first series and of every other one.
DIRECTIONS = {"higher": (20, 24), "lower": (-20, -24), "mixed": (20, -24), "same": (0, 0)}


def series(k: int, direction: str, *, shared: bool = False) -> list[Row]:
    first, other = DIRECTIONS[direction]
    return [
        Row(
            f"study{index}",
            before=40,
            after=40 + (first if index == 0 else other) + index % 2 * (direction != "same"),
            change_sd=9,
            authors=("Wood B",) if shared else None,
        )
        for index in range(k)
    ]


@cache
def case(k: int, direction: str, shared: bool, difference: bool) -> Synthesis:
    return synthesised(protocol_of(difference=difference), series(k, direction, shared=shared))


def grid() -> Iterator[tuple[int, str, bool, bool]]:
    for k in (1, 2, 3, 4, 5):
        for direction in DIRECTIONS if k != 4 else ("higher",):
            for shared in (False, True) if k > 1 else (False,):
                for difference in (False, True):
                    if k > 1 or direction != "mixed":
                        yield k, direction, shared, difference


def said(synthesis: Synthesis, level: Level = Level.VERY_LOW) -> Statement:
    return statement_of(rating_of(synthesis, level), protocol=synthesis.protocol)


def clean(statement: Statement) -> None:
    found = allowed(statement.alone, statement.level, statement.controlled, statement.quoted)
    assert found == (), [str(item) for item in found]


@pytest.mark.parametrize(("k", "direction", "shared", "difference"), list(grid()))
def test_rule_23_every_statement_keeps_to_the_words_of_its_level(
    k: int, direction: str, shared: bool, difference: bool
) -> None:
    synthesis = case(k, direction, shared, difference)
    for level in LEVELS:
        statement = said(synthesis, level)
        text = statement.text
        clean(statement)
        assert (statement.level, statement.kind, statement.controlled) == (level, "uncontrolled", False)
        assert [item for item in LEVELS if CAUSE[item] in statement.main] == [level]
        # Rule 24: what else explains a change is pointed at beside it, and told in the notes below.
        assert OTHER_REASONS_POINTER in statement.beside
        assert OTHER_REASONS in statement.notes
        assert statement.alone == f"{text} {' '.join(statement.notes)}"
        assert "no figure before" not in text
        _directions(statement, k, direction)
        _pool(text, k, shared)
        assert ("a published important difference (15 points)" in text) == difference
        # Rule 18: its method and in whom it was found, and no share of people.
        below = (
            "15 points is a published important difference of scale (invented anchor; found in: invented people with "
            "another complaint). A group mean does not tell how many patients reached it."
        )
        assert statement.notes == ((OTHER_REASONS, below) if difference else (OTHER_REASONS,))


def _directions(statement: Statement, k: int, direction: str) -> None:
    if direction == "mixed":
        assert "higher after knot than before in 1 uncontrolled series" in statement.main
        assert f"and lower in {k - 1} uncontrolled series" in statement.main
    else:
        words = {"same": "the same after knot as before"}.get(direction, f"{direction} after knot than before")
        assert f"Comfort scores (scale, higher is better) were {words} in {k} uncontrolled series" in statement.main
    assert ("The series differ in direction." in statement.main) == (direction == "mixed")


def _pool(text: str, k: int, shared: bool) -> None:
    """Rule 13: two are a sensitivity analysis, three and four are flagged; rule 12: shared people are not pooled."""
    assert ("The pooled mean change (scale)" in text) == (k >= 3 and not shared)
    assert ("prediction interval" in text) == (k >= 3 and not shared)
    assert ("a sensitivity analysis only" in text) == (k == 2 and not shared)
    assert ("the spread between them is hardly known" in text) == (k in (3, 4) and not shared)
    assert ("These series (scale) are not pooled." in text) == (k > 1 and shared)


def test_figures_are_told_as_a_range_or_with_the_interval_of_the_one_series() -> None:
    assert "(mean change +20.0 points, 95% interval +13.6 to +26.4)" in said(case(1, "higher", False, False)).main
    assert "(mean changes from +20.0 to +25.0 points)" in said(case(3, "higher", False, False)).main
    lower = said(case(1, "lower", False, False)).main
    assert "(mean change \N{MINUS SIGN}20.0 points, 95% interval \N{MINUS SIGN}26.4 to \N{MINUS SIGN}13.6)" in lower


@pytest.mark.parametrize("level", [Level.MODERATE, Level.HIGH])
def test_rule_22_evidence_without_a_comparison_is_never_above_low(level: Level) -> None:
    with pytest.raises(MethodError, match=f"cannot be of {level} certainty; low is the most"):
        said(case(1, "higher", False, False), level)


def test_rule_22_no_evidence_is_not_rated() -> None:
    synthesis = synthesised(protocol_of(), [Row("ash", procedure="bow")])
    statement = said(synthesis, Level.NOT_RATED)
    assert statement.kind == "no evidence"
    assert statement.level is Level.NOT_RATED
    assert statement.main == "No evidence on comfort after knot was seen, so nothing is rated."
    assert "very low" not in statement.text
    clean(statement)


def test_figures_that_cannot_be_used_are_not_called_no_evidence() -> None:
    statement = said(synthesised(protocol_of(), [Row("ash", after="")]), Level.NOT_RATED)
    assert statement.main == "No usable figure on comfort after knot was seen, so nothing is rated."
    assert statement.beside == ("Figures before treatment only; no mean after it was seen (scale).",)


def test_a_figure_after_treatment_alone_has_nothing_to_compare_with() -> None:
    statement = said(synthesised(protocol_of(), [Row("ash", before="")]), Level.NOT_RATED)
    assert "were seen in 1 uncontrolled series with no figure before to compare with (mean 60 points" in statement.main
    assert CAUSE[Level.NOT_RATED] in statement.main
    clean(statement)


@pytest.mark.parametrize(("count", "shown"), [(1, True), (3, True), (4, False)])
def test_single_patients_have_no_mean_and_no_interval(count: int, shown: bool) -> None:
    rows = [Row(f"study{index}", n=1, patients=1, before=40, after=60 + index) for index in range(count)]
    statement = said(synthesised(protocol_of(), rows))
    patients = "1 single patient" if count == 1 else f"{count} single patients"
    assert f"were higher after knot than before in {patients}" in statement.main
    assert ("(40 before and 60 after" in statement.main) == shown
    assert "interval" not in statement.main
    assert "From single patients follow no mean, no interval and no rate." in statement.beside
    clean(statement)


def test_a_direction_in_words_is_told_apart() -> None:
    rows = [*series(2, "higher"), Row("words", after="", direction="higher")]
    assert "1 further series states a direction in words only." in said(synthesised(protocol_of(), rows)).beside


def test_an_instrument_without_a_better_side_has_values_and_no_side() -> None:
    statement = said(synthesised(protocol_of(better=None, difference=True), series(1, "higher")))
    assert statement.main.startswith("Comfort values (scale) were higher after knot than before")
    assert "important difference" not in statement.text


def test_what_nobody_has_judged_is_told_where_it_could_lower_the_level() -> None:
    synthesis = case(1, "higher", False, False)
    open_ = domain("inconsistency", least=-1, most=0)
    raising = domain("dose response", least=0, most=1)
    unsettled = rating_of(synthesis, Level.LOW, open_, raising, lowest=Level.VERY_LOW)
    statement = statement_of(unsettled, protocol=synthesis.protocol)
    # The words of the best case stand behind a condition, and behind the range.
    assert statement.main.endswith(
        "The certainty is not settled: between very low and low, because nobody has judged inconsistency. At low, the "
        "procedure may have had a part in this; how large a part is not known."
    )
    clean(statement)
    settled = rating_of(synthesis, Level.VERY_LOW, open_)
    assert "not settled" not in statement_of(settled, protocol=synthesis.protocol).text


def test_shares_of_an_outcome_are_told_in_the_source_s_words() -> None:
    synthesis = synthesised(
        protocol_of(), [Row("ash"), Row("elm")], [Event("ash", "content", 7, 10), Event("ash", "rested", 1, 10)]
    )
    statement = statement_of(
        rating_of(synthesis, Level.VERY_LOW),
        protocol=synthesis.protocol,
        shares=tuple(item for item in synthesis.proportions if item.event == "content"),
    )
    assert "Counted after knot: “content” 7 of 10 patients, 70.0% (34.8% to 93.3%), ash." in statement.main
    assert "1 other report does not report on it." in statement.main
    assert "rested" not in statement.text
    clean(statement)


@pytest.mark.parametrize(
    ("events", "kind", "told", "not_told"),
    [
        ([], "no evidence", "Nothing was reported on tear after knot in what was read (2 eligible reports).", "0 of"),
        ([("ash", 0)], "harm", "A share of up to 30.8% is compatible with that.", "caused"),
        ([("ash", 2)], "harm", "2 of 10 patients, 20.0% (2.5% to 55.6%), ash.", "compatible"),
        ([("ash", 0), ("elm", 0)], "harm", "0 of 10 patients, 0.0% (0.0% to 30.8%), elm.", "compatible"),
    ],
)
def test_rule_10_not_reported_is_not_none(events: list[tuple[str, int]], kind: str, told: str, not_told: str) -> None:
    rows = [Row("ash"), Row("elm")]
    synthesis = synthesised(protocol_of(), rows, [Event(study, "tear", count, 10) for study, count in events])
    statement = harm_statement("tear", synthesis.counts_of("knot"), 2, "Knot")
    assert (statement.kind, statement.level) == (kind, Level.NOT_RATED)
    assert told in statement.text
    assert not_told not in statement.text
    assert ("not the same as none" in statement.text) == (len(events) < 2)
    # Rule 22: what was counted is evidence, and nobody assessed it; "not rated" is for what has none.
    assert ("ow certain this is was not assessed." in statement.text) == bool(events)
    assert "not rated" not in statement.text
    clean(statement)


def test_without_a_report_nothing_is_said_of_harms() -> None:
    statement = harm_statement("tear", (), 0, "Knot")
    assert "there is no eligible report" in statement.main
    assert statement.beside == ()
