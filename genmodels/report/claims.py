"""The deck's conclusions as pairs of numbers to compare, and what a comparison's rows say of each."""

from typing import Any, NamedTuple

from genmodels import methods
from genmodels.comparison import differences as comparison_differences
from genmodels.comparison import rows as comparison_rows
from genmodels.comparison import same_nets
from genmodels.evaluation.tables import LEVELS, find, text


class Claim(NamedTuple):
    """The claim that the row `first` is better than the row `second` in a measure."""

    words: str
    first: str
    second: str
    name: str  # of the measure
    digits: int
    best: str = "low"  # low | high | real (nearest to real images')

    def on_same_nets(self) -> "Claim":
        """The same claim of the rows on the same nets."""
        first, second = (same_nets.row(name, same_nets.SAME) for name in (self.first, self.second))
        return self._replace(words=self.words + ON_SAME, first=first, second=second)


ON_SAME = ", on the same nets"  # after the words of a claim
RMSE, RATE = comparison_differences.RMSE, comparison_differences.RATE
DIVERSITY, REALISM, SHARPNESS = "samples ms_ssim", "samples sliced_wasserstein", "samples sharpness"
MATTERS = {  # the smallest differences that matter: below them two methods are level
    RMSE: 0.5,  # on the 0-255 scale: half a grey level cannot be seen
    DIVERSITY: 0.02,  # half of what a hundred pairs of real images leave open: the interval of their mean is +-.04
    REALISM: 2.0,  # times 1,000: a fifth of what lies between two sets of 1,000 real images (about 10 at 64 px)
    SHARPNESS: 0.0005,  # a fiftieth of the sharpness of real faces (about .024)
}
RATES_MATTER = 0.05  # of a rate, relative to the other: the same program's speed varies by as much on a busy machine
CLAIMS = [  # slides 13 to 25
    Claim("WAE-MMD reconstructs test images better than WAE-GAN", "wae_mmd", "wae_gan", RMSE, 2),
    Claim("WAE-MMD reconstructs test images better than IntroVAE", "wae_mmd", "introvae", RMSE, 2),
    Claim("WAE-GAN reconstructs test images better than IntroVAE", "wae_gan", "introvae", RMSE, 2),
    Claim("improved sampling lowers WAE-MMD's MS-SSIM", "improved_wae_mmd", "wae_mmd", DIVERSITY, 3),
    Claim("improved sampling lowers WAE-GAN's MS-SSIM", "improved_wae_gan", "wae_gan", DIVERSITY, 3),
    Claim("WAE-GAN has a lower MS-SSIM than WAE-MMD", "wae_gan", "wae_mmd", DIVERSITY, 3),
    Claim("IntroVAE has a lower MS-SSIM than improved WAE-GAN", "introvae", "improved_wae_gan", DIVERSITY, 3),
    Claim(
        "IntroVAE's samples are more realistic than WAE-GAN's (sliced Wasserstein distance)",
        "introvae",
        "wae_gan",
        REALISM,
        1,
    ),
    Claim(
        "IntroVAE's samples are more realistic than WAE-GAN's (sharpness nearer to that of real images)",
        "introvae",
        "wae_gan",
        SHARPNESS,
        4,
        "real",
    ),
    Claim("WAE-GAN trains faster than IntroVAE (images per second)", "wae_gan", "introvae", RATE, 0, "high"),
]


def judge(rows: dict[str, dict], differences: list[dict[str, Any]]) -> list[dict[str, str]]:
    """A `claim`, its `verdict` and the `numbers` of both rows, for each claim whose two rows were measured.

    Each is judged on the methods' own nets and on the same ones, where its rows are measured, by words with ON_SAME.

    By the interval of the difference of the two rows: they are level if it lies within the smallest difference that
    matters; else the claim holds or is contradicted if it excludes 0, and is undecided if not; with several seeds the
    verdicts by seed are said, too. Where no difference was kept, `intervals` is set: a claim then holds or is
    contradicted only if the two intervals do not overlap.
    """
    judged = []
    for claim in (each for papers in CLAIMS for each in (papers, papers.on_same_nets())):
        first, second = _numbers(rows, claim)
        real = find(rows.get("real", {}), claim.name.removeprefix("samples ")) if claim.best == "real" else None
        if first is None or second is None or (claim.best == "real" and real is None):
            continue
        numbers = [
            f"{rows[name]['title']} {text(value, claim.digits)}{_levels(rows[name], claim)}"
            for name, value in ((claim.first, first), (claim.second, second))
        ]
        difference = comparison_differences.find(differences, claim.first, claim.second, claim.name)
        if difference and "low" in difference and claim.name != RATE:
            kind = "paired difference" if difference["paired"] else "difference"
            numbers.append(f"{kind} {text(difference, claim.digits)}")
        if real:
            numbers.append(f"real images {text(real, claim.digits)}")
        decided = _judge(claim, first, second, difference, real)
        judged.append({"claim": claim.words, "verdict": decided, "numbers": "; ".join(numbers)})
        if difference is None:
            judged[-1]["intervals"] = "yes"
    return judged


def _numbers(rows: dict[str, dict], claim: Claim) -> tuple[Any, Any]:
    """What is compared; improved samples with those of the same codes before the descent."""
    first, second = (find(rows.get(name, {}), claim.name) for name in (claim.first, claim.second))
    if claim.first == comparison_rows.IMPROVED + claim.second:
        second = find(rows.get(claim.first, {}), claim.name.replace("samples ", "start ")) or second
    return first, second


def rule(judged: list[dict[str, str]], rows: dict[str, dict]) -> str:
    """How the verdicts of `judge` come about, and what their intervals cover, in words."""
    least = f"RMSE {MATTERS[RMSE]}, MS-SSIM {MATTERS[DIVERSITY]}, sliced Wasserstein distance {MATTERS[REALISM]}, "
    words = (
        "Two are level if the 95 % interval of their difference lies within the smallest difference that matters ("
        f"{least}sharpness {MATTERS[SHARPNESS]}, a rate {100 * RATES_MATTER:.0f} %); else a conclusion holds or is "
        "contradicted if the interval excludes 0, and is undecided if it does not. Differences are paired where both "
        "were measured on the same images or codes."
    )
    if bare := sum("intervals" in one for one in judged):
        words += (
            f" Without kept values of each image, as here for {bare} of {len(judged)}, it holds or is contradicted "
            "only if the two intervals do not overlap."
        )
    covered = (
        "and seeds"
        if comparison_rows.repeated(rows)
        else "of one run of each method: another seed may reverse a close result"
    )
    return f"{words} The intervals cover images and pairs {covered}."


def smallest(name: str, other: float) -> float:
    """The smallest difference from `other` that matters in a measure."""
    return RATES_MATTER * other if name == RATE else MATTERS[name]


def verdict(difference: dict[str, Any], matters: float, lower: bool) -> str:
    """holds | contradicted | level | undecided, of a claim that the first is better; `lower`: if lower is better."""
    if "low" not in difference:
        return "undecided"
    low, high = difference["low"], difference["high"]
    if -matters <= low and high <= matters:
        return "level"
    if low <= 0 <= high:
        return "undecided"
    return "holds" if (high < 0) == lower else "contradicted"


def _judge(
    claim: Claim, first: Any, second: Any, difference: dict[str, Any] | None, real: dict[str, Any] | None
) -> str:
    """The verdict on two numbers, by their difference if it was kept."""
    lower = claim.best == "low"
    if real:
        above = [value["mean"] > real["mean"] for value in (first, second)]
        if above[0] != above[1]:  # the difference of the two does not say which one is nearer
            return by_intervals(_distance(first, real["mean"]), _distance(second, real["mean"]), lower=True)
        lower = above[0]
    return _by_seeds(difference, claim, second, lower) if difference else by_intervals(first, second, lower)


def _by_seeds(difference: dict[str, Any], claim: Claim, other: Any, lower: bool) -> str:
    """The verdict over all seeds, and with several those by seed."""
    matters = smallest(claim.name, other["mean"] if isinstance(other, dict) else other)
    over_all = verdict(difference, matters, lower)
    each = [verdict(one, matters, lower) for one in difference["each"]]
    if len(each) == 1:
        return over_all
    seeds = f"in each of {len(each)} seeds" if {*each} == {over_all} else f"by seed: {', '.join(each)}"
    return f"{over_all}, {seeds}"


def survival(judged: list[dict[str, str]]) -> list[str]:
    """Which claims survive the same nets, a sentence for each pair of verdicts; [] if no claim was judged on both."""
    verdicts = {one["claim"]: one["verdict"].partition(",")[0] for one in judged}  # over all seeds
    both = {}
    for words, papers in verdicts.items():
        if same := verdicts.get(words + ON_SAME):
            kept = f"{papers} with their own nets{' and' if same == papers else f', {same}'} on the same"
            both.setdefault(kept, []).append(words)
    return [f"{kept[0].upper()}{kept[1:]}: {'; '.join(words)}." for kept, words in both.items()]


def left_out(rows: dict[str, dict]) -> list[str]:
    """One line that names the methods not judged because they have several settings; [] if there are none."""
    several = [
        comparison_rows.method(rows, name)
        for name in comparison_rows.trained(rows)
        if name not in methods.SPECS and not same_nets.is_same(name)
    ]
    about = {name for claim in CLAIMS for name in (claim.first, claim.second)}
    titles = [methods.SPECS[name].title for name in dict.fromkeys(several) if name in about]
    if not titles:
        return []
    return [f"left out, as there are several settings: the deck's numbers and conclusions for {', '.join(titles)}"]


def _levels(row: dict[str, Any], claim: Claim) -> str:
    """' (64 px 41.3, 32 px 22.3)' for a distance of several levels, '' for other measures."""
    of_each = find(row, LEVELS) if claim.name == REALISM else None
    each = [f"{level} px {value['mean']:.{claim.digits}f}" for level, value in (of_each or {}).items()]
    return f" ({', '.join(each)})" if each else ""


def _distance(value: dict[str, float], real: float) -> dict[str, float]:
    """How far an estimate is from a number, with an interval if it has one."""
    found = {"mean": abs(value["mean"] - real)}
    if "low" in value:
        ends = sorted(abs(value[end] - real) for end in ("low", "high"))
        found |= {"low": 0.0 if value["low"] <= real <= value["high"] else ends[0], "high": ends[1]}
    return found


def by_intervals(first: Any, second: Any, lower: bool) -> str:
    """holds | contradicted | undecided (the intervals overlap), of a claim that the first is better."""
    if any(isinstance(value, dict) and "low" not in value for value in (first, second)):
        return "undecided"
    (low, high), (other_low, other_high) = map(_interval, (first, second))
    if low <= other_high and other_low <= high:
        return "undecided"
    return "holds" if (high < other_low) == lower else "contradicted"


def _interval(value: Any) -> tuple[float, float]:
    """The interval of an estimate; a rate measured once is its own interval."""
    return (value["low"], value["high"]) if isinstance(value, dict) else (value, value)
