"""How certain the evidence is: the level of each outcome, what it was rated down for, and whose judgement that is."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.grade import DomainRating, Level, Rating
from synth.report.model import Block, Callout, Column, Paragraph, Row, Run, Runs, Section, Table, runs
from synth.report.words import anchor, counted, inside, number, true_minus, with_labels
from synth.review import Review


def certainty_section(review: Review) -> Section:
    """The ratings with every domain, its facts and the rule that was applied."""
    ratings = review.certainty.ratings
    title, name = "Certainty", "certainty"
    if not ratings:
        nothing = (
            "The protocol names no main procedure with a main outcome and no comparison, so there is nothing to rate."
        )
        return Section(title, name, (Paragraph(runs(nothing)),))
    blocks: list[Block] = [Paragraph(runs(_lead(ratings)))]
    blocks += _moved(ratings)
    blocks.append(_levels(ratings))
    blocks += [_domains(review, item) for item in ratings if item.rated]
    return Section(title, name, tuple(blocks))


def _lead(ratings: tuple[Rating, ...]) -> str:
    rated = [item for item in ratings if item.rated]
    judged = [item for item in rated if any(domain.override for domain in item.domains)]
    opening = (
        f"{counted(len(rated), 'outcome')} of {len(ratings)} could be rated. What has no evidence is not rated, which "
        "is not the same as very low."
    )
    how = (
        "Each step is a suggestion computed from the facts beside it, by a rule whose source is named. "
        "What is rated is the effect of the procedure."
    )
    who = (
        f"People have judged domains of {counted(len(judged), 'outcome')}; their names stand with the domain."
        if judged
        else "No person has confirmed any of them."
    )
    return f"{opening} {how} {who}"


def _moved(ratings: tuple[Rating, ...]) -> Iterator[Block]:
    """A box for judgements whose facts have moved, whose step is not allowed, or that rest on nothing any more."""
    told = [f"{item.about}, {inside(item.outcome)}: {sentence}" for item in ratings for sentence in item.to_look_at]
    if told:
        yield Callout("caution", "Judgements to look at again", tuple(Paragraph(runs(text)) for text in told))


def _levels(ratings: tuple[Rating, ...]) -> Table:
    columns = (
        Column("About", width=1.6),
        Column("Outcome", width=1.1),
        Column("Starts at", width=0.8),
        Column("Steps", width=1.6),
        Column("Certainty", width=0.9),
        Column("Why", width=2.6),
    )
    rows = tuple(_level_row(item) for item in ratings)
    return Table("Certainty by outcome", columns, rows, anchor="certainty-table")


def _level_row(item: Rating) -> Row:
    link = f"#{_anchor(item)}" if item.rated else ""
    steps = ", ".join(f"{domain.domain} {_step(domain)}" for domain in item.domains if domain.steps)
    return Row(
        (
            runs(item.about),
            runs(item.outcome),
            runs("-" if item.start is Level.NOT_RATED else str(item.start)),
            runs(steps or ("none" if item.rated else "-")),
            runs(Run(_standing(item), strong=item.rated, link=link)),
            runs(true_minus(item.reason)),
        )
    )


def _standing(item: Rating) -> str:
    """The level, or the range that reasons which nobody has judged leave open."""
    return str(item.level) if item.settled else f"not settled, between {item.lowest} and {item.level}"


def _anchor(item: Rating) -> str:
    return anchor("certainty", f"{item.about_id}-{item.outcome_id}")


def _step(domain: DomainRating) -> str:
    return number(domain.steps) if domain.steps <= 0 else f"+{domain.steps}"


def _domains(review: Review, item: Rating) -> Section:
    columns = (
        Column("Domain", width=1.1),
        Column("Step", "right", 0.5),
        Column("Why", width=2.4),
        Column("Facts", width=2.6),
        Column("Rule, and where it was read", width=2.2),
        Column("Judged by", width=1.2),
    )
    rows = tuple(_domain_row(review, domain) for domain in item.domains)
    title = f"{item.about}, {inside(item.outcome)}: {_standing(item)}"
    lead = Paragraph(runs(f"Starts at {item.start}. {item.start_reason}"))
    table = Table(f"{item.about}, {item.outcome}: reasons to rate down and up", columns, rows)
    return Section(title, _anchor(item), (lead, table), folded=True)


def _domain_row(review: Review, domain: DomainRating) -> Row:
    suggestion = domain.suggestion
    facts = "; ".join(fact.text for fact in suggestion.facts) or "none"
    return Row(
        (
            runs(domain.domain),
            runs(_step(domain) if not domain.open else _open_step(domain)),
            runs(with_labels(true_minus(suggestion.reason), review)),
            runs(with_labels(true_minus(facts), review)),
            _rule(domain),
            _judge(domain),
        )
    )


def _open_step(domain: DomainRating) -> str:
    if domain.least == domain.most:
        return _step(domain)
    return f"{number(domain.least)} to {number(domain.most)}"


def _rule(domain: DomainRating) -> Runs:
    rule = domain.suggestion.rule
    address = rule.read_at.split("; ")[0]
    link = address if address.startswith(("http://", "https://")) else ""
    return runs(f"{rule.text} ", Run(rule.source, link=link)) if rule.source else runs(rule.text)


def _judge(domain: DomainRating) -> Runs:
    given = domain.override
    if given is None and domain.not_counted:
        return runs(domain.not_counted)
    if given is None:
        return runs("a person has to decide" if domain.open else "computed")
    flag = runs(" ", Run("facts have moved", mark=True)) if domain.moved else ()
    return runs(f"{given.name}, {given.date}: {given.reason}", flag)
