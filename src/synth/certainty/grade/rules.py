"""The rules of GRADE that are applied here, each in our own words with its source and the place where it was read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in our own words.

    Attributes
    ----------
    text : str
        What is applied.
    source : str
        The publication; empty where no rule could be cited.
    read_at : str
        Address or addresses at which the text was read.
    """

    text: str
    source: str
    read_at: str

    @property
    def citation(self) -> str:
        """Source and place in one line; says so where there is none."""
        return f"{self.source} (read at {self.read_at})" if self.source else "no rule: a person decides"


def _rule(text: str, *sources: tuple[str, str]) -> Rule:
    return Rule(
        text, "; ".join(source for source, _ in sources), "; ".join(dict.fromkeys(place for _, place in sources))
    )


_HANDBOOK = "Cochrane Handbook for Systematic Reviews of Interventions 5.1"
_TABLE_12_2_A = (
    f"{_HANDBOOK}, table 12.2.a",
    "http://handbook-5-1.cochrane.org/chapter_12/table_12_2_a_levels_of_quality_of_a_body_of_evidence_in_the.htm",
)
_SECTION_12_2_2 = (
    f"{_HANDBOOK}, section 12.2.2",
    "http://handbook-5-1.cochrane.org/chapter_12/12_2_2_factors_that_decrease_the_quality_level_of_a_body_of.htm",
)
_SECTION_12_2_3 = (
    f"{_HANDBOOK}, section 12.2.3",
    "http://handbook-5-1.cochrane.org/chapter_12/12_2_3_factors_that_increase_the_quality_level_of_a_body_of.htm",
)
_TABLE_12_2_D = (
    f"{_HANDBOOK}, table 12.2.d",
    "http://handbook-5-1.cochrane.org/chapter_12/table_12_2_d_further_guidelines_for_factor_1_of_5_in_a_grade.htm",
)
_SECTION_8_9_2_2 = (
    f"{_HANDBOOK}, section 8.9.2.2",
    "https://handbook-5-1.cochrane.org/chapter_8/8_9_2_2_inadequate_methods_of_sequence_generation.htm",
)
_I2_RANGES = (
    "Cochrane Handbook 5.0.1, ranges for I2, in table 3 of BMC Med Res Methodol 8:79",
    "https://0-bmcmedresmethodol-biomedcentral-com.brum.beds.ac.uk/articles/10.1186/1471-2288-8-79/tables/3",
)
_GRADE_5 = (
    "GRADE guidelines 5, Guyatt et al. 2011, J Clin Epidemiol 64:1277-1282, abstract",
    "https://pubmed.ncbi.nlm.nih.gov/21802904/",
)
_GRADE_6 = (
    "GRADE guidelines 6, Guyatt et al. 2011, J Clin Epidemiol 64:1283-1293, abstract",
    "https://www.jclinepi.com/article/S0895-4356(11)00206-X/fulltext",
)
_GRADE_7 = (
    "GRADE guidelines 7, Guyatt et al. 2011, J Clin Epidemiol 64:1294-1302, abstract",
    "http://processbook.kce.fgov.be/node/171",
)
_GRADE_8 = (
    "GRADE guidelines 8, Guyatt et al. 2011, J Clin Epidemiol 64:1303-1310, abstract and an account of it",
    "http://researchonline.lshtm.ac.uk/60495/; https://www.bohrium.com/paper-details/"
    "grade-guidelines-8-rating-the-quality-of-evidence-indirectness/813366814900748288-10440",
)
_GRADE_9 = (
    "GRADE guidelines 9, Guyatt et al. 2011, J Clin Epidemiol 64:1311-1316, excerpt",
    "https://help.magicapp.org/knowledgebase/articles/295011-how-to-rate-up-the-quality-of-evidence",
)
_GRADE_18 = (
    "GRADE guidelines 18, Schuenemann et al. 2019, J Clin Epidemiol 111:105-114, table 1",
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC6692166/table/T1",
)
_GRADE_34 = (
    "GRADE guidance 34, 2022, J Clin Epidemiol 150:216-224, abstract",
    "https://pubmed.ncbi.nlm.nih.gov/35934265/",
)
_MURAD = (
    "Murad et al. 2017, Evid Based Med 22:85, table 1",
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC5502230/table/EBMED2017110668TB1",
)
_STRONG_ASSOCIATION = (
    "GRADE's criteria as in the table of PMC1697807",
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC1697807/table/T1",
)
_KCE_BODY = (
    "KCE process book, section 5.2.2 (on the GRADE guidelines)",
    "http://processbook.kce.fgov.be/node/128",
)
_KCE_ONE_STUDY = (
    "KCE process book, section 5.1.3 (on the GRADE guidelines)",
    "https://processbook.kce.be/book/export/html/100",
)
_KCE_INCONSISTENCY = (
    "KCE process book, section 5.3.2 (on the GRADE guidelines)",
    "https://processbook.kce.be/book/export/html/106",
)
_KCE_SIZE = (
    "KCE process book, section 5.5.4 (on the GRADE guidelines)",
    "https://processbook.kce.be/book/export/html/115",
)
_SIZE_FORMULA = (
    "sample size of a comparison of two proportions",
    "http://www.applied-science.com.ar/Eval_Impact/mde_en.html",
)
_FUNNELS = (
    "Sterne et al. 2011, BMJ 343:d4002, abstract",
    "https://dissem.in/p/2466068/recommendations-for-examining-and-interpreting-funnel-plot-asymmetry-in-meta-"
    "analyses-of-randomised-controlled-trials",
)

START_RANDOMISED = _rule("Randomised trials start high.", _TABLE_12_2_A, _GRADE_18)
START_OTHER = _rule("A comparison without random allocation starts low.", _TABLE_12_2_A, _GRADE_18)
START_SERIES = _rule(
    "Studies of before and after count as observational and start low; the lack of a comparison is in that start.",
    _GRADE_9,
    _GRADE_18,
)
START_CASES = _rule("Case reports and unsystematic observations start very low.", _TABLE_12_2_A, _GRADE_9)

RISK_ACROSS = _rule(
    "Most information from studies at low risk: no step. Most at low or unclear risk: none, or one. Enough at high "
    "risk to affect how the result is read: one or two. Down only where one is confident that most of the body has a "
    "substantial risk. Which of two is a judgement.",
    _TABLE_12_2_D,
    _SECTION_12_2_2,
    _KCE_BODY,
)
RISK_WITHOUT_ALGORITHM = Rule("A tool without a validated overall rule gives no level, and so no step.", "", "")
RISK_WITHOUT_STEP = Rule("No rule that could be cited turns the levels of this tool into a step.", "", "")
RISK_OF_ALLOCATION = _rule(
    "Alternation and other systematic allocation is no adequate sequence; what it means for the whole is a judgement.",
    _SECTION_8_9_2_2,
    _TABLE_12_2_D,
)

ONE_STUDY = _rule(
    "With one study no spread can be seen. GRADE leaves the step open; one handbook rates down unless the study has "
    "several centres.",
    _KCE_ONE_STUDY,
)
NOT_POOLED = _rule(
    "Without a pool, directions and then sizes are compared; widely differing estimates are inconsistent, above all "
    "some on either side of no effect.",
    _MURAD,
    _GRADE_7,
)
SPREAD = _rule(
    "Down where inconsistency is large and unexplained: intervals that hardly overlap and a large I2. I2 from 75% is "
    "considerable; up to 40% it might not be important.",
    _GRADE_7,
    _KCE_INCONSISTENCY,
    _I2_RANGES,
)

SURROGATE = _rule("A surrogate outcome is usually rated down; by how much is a judgement.", _GRADE_8, _SECTION_12_2_2)
POPULATION = _rule(
    "Population and intervention are rated down where they differ so much that another effect is to be expected, which "
    "is a judgement; without a compelling reason there is no step.",
    _GRADE_8,
)

PRECISE = _rule(
    "An interval without no effect and at least the optimal information size: precise. Fewer than that: down. An "
    "interval with no effect and with appreciable benefit or harm (risk ratio below 0.75 or above 1.25): down. Far "
    "fewer, or a wide overlap: two may be considered; how many is far is not said.",
    _GRADE_6,
    _GRADE_34,
    _KCE_SIZE,
    _SIZE_FORMULA,
)
FEW_PEOPLE = _rule(
    "Without a pooled effect, 400 people or events or fewer raise concern, and so do intervals with no effect and with "
    "an important one. Used for pooled changes without a comparison too, of which no trial can be planned. Far fewer: "
    "two steps may be considered; how many is far is not said.",
    _MURAD,
    _GRADE_34,
)

UNSEEN_STUDIES = _rule(
    "Suspected where the body is small studies, most of them paid for by industry, or small positive studies only; "
    "more likely after a search that is not comprehensive. Asymmetry has other causes too, so a test is no judgement, "
    "and none of these sources gives its p value a cut-off.",
    _GRADE_5,
    _MURAD,
    _FUNNELS,
)

NO_UPGRADE_UNCONTROLLED = _rule(
    "A change from before to after is no relative effect against a comparison and is never rated up (rule 22 of the "
    "methods).",
    _GRADE_9,
)
NO_UPGRADE_RANDOMISED = _rule("Rating up is usually for observational studies only.", _GRADE_18)
NO_UPGRADE_AFTER_DOWN = _rule("Rating up is usually only for a body without any reason to rate down.", _GRADE_18)
LARGE_EFFECT = _rule(
    "Risk ratio above 2 or below 0.5, statistically clear, from two or more studies: up one; above 5 or below 0.2: up "
    "two; either only without plausible confounders, which is a judgement.",
    _GRADE_9,
    _SECTION_12_2_3,
    _STRONG_ASSOCIATION,
)
OTHER_UPGRADES = _rule(
    "A dose-response gradient, or confounding that would all work against the effect, may be rated up by one each; no "
    "figure here tells of either.",
    _GRADE_9,
    _SECTION_12_2_3,
    _STRONG_ASSOCIATION,
)
