"""The deck's conclusions as pairs of numbers to compare, and what a comparison's rows say of each."""

from typing import Any, NamedTuple

from genmodels import methods
from genmodels.comparison import rows as comparison_rows
from genmodels.evaluation.tables import LEVELS, find, text


class Claim(NamedTuple):
    """The claim that the row `first` is better than the row `second` in a measure."""

    words: str
    first: str
    second: str
    path: str  # of keys to the measure in a row
    digits: int
    lower: bool = True  # is better


RMSE, DIVERSITY, REALISM, SHARPNESS = "reconstruction test rmse", "ms_ssim", "sliced_wasserstein", "sharpness"
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
    Claim("IntroVAE's samples are sharper than WAE-GAN's (beside it)", "introvae", "wae_gan", SHARPNESS, 4, False),
    Claim(
        "WAE-GAN trains faster than IntroVAE (images per second)",
        "wae_gan",
        "introvae",
        "training images_per_s",
        0,
        False,
    ),
]


def judge(rows: dict[str, dict]) -> list[dict[str, str]]:
    """A `claim`, its `verdict` and the `numbers` of both rows, for each claim whose two rows were measured.

    A claim holds or is contradicted only if the two 95 % intervals do not overlap; without them it is undecided.
    """
    judged = []
    for claim in CLAIMS:
        first, second = (find(rows.get(name, {}), claim.path) for name in (claim.first, claim.second))
        if first is not None and second is not None:
            numbers = [
                f"{rows[name]['title']} {text(value, claim.digits)}{_levels(rows[name], claim)}"
                for name, value in ((claim.first, first), (claim.second, second))
            ]
            verdict = _verdict(first, second, claim.lower)
            judged.append({"claim": claim.words, "verdict": verdict, "numbers": "; ".join(numbers)})
    return judged


def left_out(rows: dict[str, dict]) -> list[str]:
    """One line that names the methods not judged because they have several settings; [] if there are none."""
    several = [
        comparison_rows.method(rows, name) for name in comparison_rows.trained(rows) if name not in methods.SPECS
    ]
    about = {name for claim in CLAIMS for name in (claim.first, claim.second)}
    titles = [methods.SPECS[name].title for name in dict.fromkeys(several) if name in about]
    if not titles:
        return []
    return [f"left out, as there are several settings: the deck's numbers and conclusions for {', '.join(titles)}"]


def _levels(row: dict[str, Any], claim: Claim) -> str:
    """' (64 px 41.3, 32 px 22.3)' for a distance of several levels, '' for other measures."""
    of_each = find(row, LEVELS) if claim.path == REALISM else None
    each = [f"{level} px {value['mean']:.{claim.digits}f}" for level, value in (of_each or {}).items()]
    return f" ({', '.join(each)})" if each else ""


def _verdict(first: Any, second: Any, lower: bool) -> str:
    if any(isinstance(value, dict) and "low" not in value for value in (first, second)):
        return "undecided"
    (low, high), (other_low, other_high) = map(_interval, (first, second))
    if low <= other_high and other_low <= high:
        return "undecided"
    return "holds" if (high < other_low) == lower else "contradicted"


def _interval(value: Any) -> tuple[float, float]:
    """The interval of an estimate; a rate measured once is its own interval."""
    return (value["low"], value["high"]) if isinstance(value, dict) else (value, value)
