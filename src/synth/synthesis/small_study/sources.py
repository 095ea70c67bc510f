"""References of the methods for small-study effects, and the marks that they share."""

from __future__ import annotations

#: Studies from which a test for small-study effects says something (Sterne et al. 2011).
ENOUGH_STUDIES = 10

REFERENCES = {
    "egger": "Egger M, Davey Smith G, Schneider M, Minder C. Bias in meta-analysis detected by a simple, graphical "
    "test. BMJ 1997;315:629-634.",
    "sterne egger": "Sterne JAC, Egger M. Regression methods to detect publication and other bias in meta-analysis. "
    "In: Rothstein HR, Sutton AJ, Borenstein M, eds. Publication Bias in Meta-Analysis. Chichester: Wiley; "
    "2005:99-110.",
    "sterne": "Sterne JAC, Sutton AJ, Ioannidis JPA, et al. Recommendations for examining and interpreting funnel plot "
    "asymmetry in meta-analyses of randomised controlled trials. BMJ 2011;343:d4002.",
    "begg": "Begg CB, Mazumdar M. Operating characteristics of a rank correlation test for publication bias. "
    "Biometrics 1994;50:1088-1101.",
    "kendall": "Kendall MG. Rank Correlation Methods. 4th ed. London: Griffin; 1970.",
    "peters": "Peters JL, Sutton AJ, Jones DR, Abrams KR, Rushton L. Comparison of two methods to detect publication "
    "bias in meta-analysis. JAMA 2006;295:676-680.",
    "harbord": "Harbord RM, Egger M, Sterne JAC. A modified test for small-study effects in meta-analyses of "
    "controlled trials with binary endpoints. Stat Med 2006;25:3443-3457.",
    "duval tweedie": "Duval S, Tweedie R. Trim and fill: a simple funnel-plot-based method of testing and adjusting "
    "for publication bias in meta-analysis. Biometrics 2000;56:455-463.",
    "duval tweedie theory": "Duval S, Tweedie R. A nonparametric 'trim and fill' method of accounting for publication "
    "bias in meta-analysis. J Am Stat Assoc 2000;95:89-98.",
    "rosenthal": "Rosenthal R. The file drawer problem and tolerance for null results. Psychol Bull 1979;86:638-641.",
    "orwin": "Orwin RG. A fail-safe N for effect size in meta-analysis. J Educ Stat 1983;8:157-159.",
    "rosenberg": "Rosenberg MS. The file-drawer problem revisited: a general weighted method for calculating "
    "fail-safe numbers in meta-analysis. Evolution 2005;59:464-468.",
    "ioannidis": "Ioannidis JPA, Trikalinos TA. An exploratory test for an excess of significant findings. Clin Trials "
    "2007;4:245-253.",
    "francis": "Francis G. Replication, statistical consistency, and publication bias. J Math Psychol 2013;57:153-169.",
    "henmi": "Henmi M, Copas JB. Confidence intervals for random effects meta-analysis and robustness to publication "
    "bias. Stat Med 2010;29:2969-2983.",
}


def too_few(k: int) -> tuple[str, ...]:
    """The mark of a test on fewer than ten studies; empty from ten."""
    if k >= ENOUGH_STUDIES:
        return ()
    return (
        f"{k} studies: below {ENOUGH_STUDIES}, a test for small-study effects cannot tell chance from asymmetry; "
        "the number is shown and means little",
    )


def paragraph(sentences: list[str], *keys: str) -> str:
    """A methods paragraph, then its references, one a line."""
    references = "\n".join(REFERENCES[key] for key in dict.fromkeys(keys))
    return f"{' '.join(sentences)}\n\n{references}"


def how_many(k: int) -> str:
    """The number of studies in words for a sentence."""
    return "1 study" if k == 1 else f"{k} studies"
