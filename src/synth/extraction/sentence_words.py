"""The words of the sentences that the code makes; written by tools/sentence_words.py, not by hand."""

from __future__ import annotations

_WORDS = """
about above absent abstract absurdly acceleration account accounting accounts accuracy accurate across adaptive
add added adding address adds adequate adherence adjusted adjusting adjustment adverse advice affect affected
after again against ages aggregate agree agreement agrees aic al albatross algorithms alike all allocated
allocation allow allowed allows almost alone along alpha already also alternative although always among an
analysed analyses analysis analyst anchor and annex another answer answered answers any anyone anything anywhere
apart appear applicable applied applies apply appraisals appraised appraises appreciable approximate
approximation approximations arc archived arcsine are area areas arise arithmetic arm arms around arrangement
arrangements array arrays arrow arrows article as asked asks aspects assessed assessment assessors assignment
association assumed assumes assumption assumptions asymmetry at audit audited author authors autocorrelation
average averaged avoided await away axes axis back band bar based baseline baselines basic bayesmeta bcertainty
be bear bears bec became because becomes been before beforehand behind being belong belongs below beneficial
benefit benefits beside best beta better between beyond bias biased bic binary binomial biological block
blockade body bold book bootstrap border both bottom bound boundary bounds box br brackets breslow brings broken
brought bubble but butt by calculating call called came can cannot cap cards care carers carries carry case
cases category caus cause caused causes cell cells centre centres certain certainty chance change changed
changes chapter characteristic characteristics characters check checked checks choice choose chosen circle
citation cite cited cites claim claims class clear clearly climb climbing clinically clinician closer closes
closest clouds cluster clusters coarse coarser cochran coefficient coefficients col collinear column columns
combination combinations combine combined combining come comes comma common comparable comparative comparators
compare compared compares comparison comparisons compatible compelling complaints complete completely
complication complications components comprehensive computation compute computed concealed concealment concern
concerns conclusion conditional conditioned conditions confidence confident confirmed conflict conflicting
conflicts confounders confounding consecutive consensus considerable considerably considered consistency
consistent constant constants construct constructs continuity continuous contour contours contradict contrast
contribution control controlled converge converged coordinates copy cores correct corrected correction correlate
correlated correlation correlations could count counted counts course courses covariance cover covers credible
cribsheet criteria criterion critical critically crossover cumulative cur curve curves cut dangling dashed data
database date decide decided decides decimal decimals decision decisions declare declared declares decreas
default defined defines definite definition defs degree degrees delta den densities density depart depend
depended depends depth derivatives derived desc describe described describes descriptions design designs detail
details detect detected deterministic develop deviated deviates deviation deviations device df diagnostic
diagram diamond did differ differed difference differences different differing differs digit digits direction
directions disagree disagreement disease dispersion distance distances distinct distributed distribution
distributions divided divides dl do documentation does doi domain domains done dose double doubled doubles
doubtful down draft dramatically draw drawer drawn draws due during duval each earlier early ed edge eds effect
effective effects efficient egger eigenvalue either el element eligibility eligible els else elsewhere empirical
empty encouraging end ended endless endpoints ends enough enrolled enter entered enters entirely entries entry
eo equal equally equation error errors es escapes established estimable estimate estimated estimates estimation
estimator estimators et even evenly event events ever every everybody everyone everything evidence exact exactly
examined examining excellent excerpt excess excluded excludes exist exists expected expects experiments explain
explanations exploratory external extracted extraction extreme eye fact factor facts fails failure fall falls
far fare favou favours fe few fewer fifty figure figures file files fill filled finding findings finds finite
first fit fits fitted five fix fixed flag flat flaw flipped flipping flow folder follow followed follows font
footnotes for forest form formed formula found four free freedom frequent from ful full fully function
functioning funding funnel further gained gap gave general generalised generator getting give given gives glmm
go goes good gosh got gotten grade gradient graphical great greatly grid ground group groups guard guarded
guidance guideline guidelines ha had half halved halves handbook handler hangs happen hardly harm harmonic harms
harvest has hat have he heading heads heal heals health hedge height heights held help here heterogeneity hides
hierarchical high higher highest hip hips histogram history hoc hold holds hollow hospital how href http https
hypergeometric id identified identifier identity ids ies if images imbalance img impact impingement implied
implies importance important impossible improv improves in incidence include included includes inclusion
inconsistency inconsistent increas independent index indices individually industry infarction infection
inference inferior inferred infinite inflate influence influential information ing inner inside instead
instrument instruments integrated intercept interest internal interpolated interpreting interval intervals
intervention into inverse investigated is it item items iteration its itself ity ive jackknife join joint
jointly journal journals judge judged judgement judgements judges kappa keep kept key kind knew know knowing
known label labels lack lacks ladder large larger largest last late later layout leader leading leads leans
least leave leaves leaving led left legend length lent less lets letter letters level levels liberal lie lies
life lift lifted like likelihood likely likewise limit limited limiting limits line linear linearisation lines
link linked links list listed lists little living location log logarithm logarithmic logarithms logistic logit
long longer longest look looked looking looks lopsided lost lot low lower lowest lt ly made main major majority
mak make makes manifest many map mapping marginal margins mark marked markedly marker markers matched matrix
matters maxima maximised maximum may maybe me mean meaningful meanings means meant measure measured measurement
measurements measures measuring median medians medical meets member men mental mentioned met metap method
methods metric middle midway might minimal minimally minimum minus mirror mirrored mislead misprint missed
missing mixed model models moderate moderator moderators modes modified months morbidity more mortality most
mostly move moved mu much multilevel multiple multiples multiplied must myocardial name named names narrow
narrower narrowest natural near nearer nearest nearly need needed needs negative neither neutral never new next
nine no nobody none nonparametric nor normal normally not note notebook notebooks noted notes nothing notice now
nowhere nowrap null number numbers numerator oa observation observational observations observed occur occurred
occurs odds of off offered often old omnibus on once one ones only open opening operated operation opposing
opposite optimal or order orders other others otherwise our out outcome outcomes outermost outliers outperform
outside outstanding outweighs over overall overdispersion overlap overlapping override overview owing own
package packages page pages paid pain pair paired pairs panel panels paper paragraph parameter parameters
parametric parsed part partial participant participants partly passed patient patients pattern patterns peaks
people per percentage percentile perhaps period permutation permutations permuted person physical picture
pictures piece place placebo plain plan planned plans plausible please plot plotted plus point points pool
pooled pooling pools poor poorly population populations position positive possible possibly post posterior power
powers precise precision predict predicted prediction predictions predictor predicts preferred prevent previous
primary print printed prints prior probability probably problem procedure procedures process profile programs
promising proof properties proportion proportions protect protocol pseudo public publication published publisher
push put puts putting px quadrature qualifies quality quantile quantiles quantities quantity quartile quartiles
question questions quite rable radial raise raises random randomised randomized range ranges rank ranked ranks
rare rate rated rates rather rating ratings ratio ratios raw reach reached reaches read readers reading readings
reads reason reasons record recorded records recover recruitment reduc reduces refer reference references refers
refits refitted region registers regressing regression relate related relates relation relative release relevant
reliev relieves remained remains remove removed rendered reorder repeated replacement replaces report reported
reporting reports repository resample resampled resamples residual residuals resolution resolv resolves resource
response responses rest restated restricted rests result results retold retracted retraction retrieval retrieved
retrospective return review reviewed reviewer reviewers reviews revisited rho right riley rise rises rising risk
risks rnmamod robust robustness role room root roots round rounded rounding rounds row rows rule rules run rung
runs safe said same sample sampling sandwich satisfactory satisfying saturated say says scale scipy scope score
scores screen screened screening sd search searched searches second secondary section sections see seed seem
seen selected selection selective sensitivity sentence sentences separate sequence series serious set sets
setting settle settled settles seven several shape shapes share shared shares sharp she short shortest show
showed shown shows side sides sign signed significance significant signs simple since single sit size sizes
skewed skewness slightly slope small smaller smallest so software solved some something somewhere sought source
sources spaces span sparse speak speaks split spread sqrt square squared squares stack stages stand standard
standardised stands start starts state stated statement states statistic statistical statistically statistics
status stay stays step steps sterne still stood stopped stored stratum strengthening stretched strip stripe
strongly structure stud studied studies study style subgroup subgroups subjective subset subsets substantial
substantially success such suggest suggestion sum summarised summary sump sums sumz sup superior supplement
support supported supports supposes surgery surgical surrogate svg sway swayed symbol symmetric symptom symptoms
synthesis systematic table tables tabulated tail tails take taken takes tall target tasks tau telephone tell
tells template ten tend tenth test tested testing tests text texts th than thanks that the their them themselves
then theory there these theta they thing this those though thousands three threshold thresholds through
throughout tick ties tighter time times title to together told tolerance tone tones too tool top topic total
totals towards tr transform transformation transformed transforms treated treatment treatments trial trials
tried trim trimmed trimming true ts tuple turn turned turns tweedie twice two type typical ul unbiased uncertain
uncertainty unchanged uncited unclear uncontrolled undecided under unequal unexplained unfit uniform unit units
unknown unless unlock unlocks unpaired unpublished unseen unsettled unsystematic until unusable up updated upper
upright usable use used uses usually validated value values variance variances variants variation varies ve
verdict version very vol wald wan warning was way ways wbr we weakness weaknesses weight weighted weights well
went were what whatever when where whether which while who whole whom whose why wide widely widen wider widest
width with within without witness women word wording words work worked working works worse worst would write
written wrong year years yes yet your zero zeros
"""

#: An id of a study or record must be none of them: a report puts labels in place of ids inside sentences.
SENTENCE_WORDS = frozenset(_WORDS.split())
