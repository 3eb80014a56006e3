"""The deck's conclusions as pairs of numbers to compare, and what a comparison's rows say of each."""

from typing import Any, NamedTuple

from genmodels import methods
from genmodels.comparison import rows as comparison_rows
from genmodels.evaluation.tables import find, text


class Claim(NamedTuple):
    """That the row `first` is on the better side of the row `second` in a measure."""

    words: str
    first: str
    second: str
    path: str  # of keys to the measure in a row
    digits: int
    lower: bool = True  # is better


RMSE, DIVERSITY = "reconstruction test rmse", "ms_ssim"
CLAIMS = [  # slides 13 to 25
    Claim("WAE-MMD reconstructs test images better than WAE-GAN", "wae_mmd", "wae_gan", RMSE, 2),
    Claim("WAE-MMD reconstructs test images better than IntroVAE", "wae_mmd", "introvae", RMSE, 2),
    Claim("WAE-GAN reconstructs test images better than IntroVAE", "wae_gan", "introvae", RMSE, 2),
    Claim("improved sampling lowers WAE-MMD's MS-SSIM", "improved_wae_mmd", "wae_mmd", DIVERSITY, 3),
    Claim("improved sampling lowers WAE-GAN's MS-SSIM", "improved_wae_gan", "wae_gan", DIVERSITY, 3),
    Claim("WAE-GAN has a lower MS-SSIM than WAE-MMD", "wae_gan", "wae_mmd", DIVERSITY, 3),
    Claim("IntroVAE has a lower MS-SSIM than improved WAE-GAN", "introvae", "improved_wae_gan", DIVERSITY, 3),
    Claim(
        "IntroVAE's samples are more realistic than WAE-GAN's; here: sharper",
        "introvae",
        "wae_gan",
        "sharpness",
        4,
        False,
    ),
    Claim(
        "WAE-GAN trains faster than IntroVAE; here: images a second",
        "wae_gan",
        "introvae",
        "training images_per_s",
        0,
        False,
    ),
]


def judge(rows: dict[str, dict]) -> list[dict[str, str]]:
    """A `claim`, its `verdict` and the `numbers` of both rows, for each claim whose two rows were measured.

    A claim holds, or is contradicted, only where the two 95 % intervals are apart.
    """
    judged = []
    for claim in CLAIMS:
        first, second = (find(rows.get(name, {}), claim.path) for name in (claim.first, claim.second))
        if first is not None and second is not None:
            numbers = [
                f"{rows[name]['title']} {text(value, claim.digits)}"
                for name, value in ((claim.first, first), (claim.second, second))
            ]
            verdict = _verdict(first, second, claim.lower)
            judged.append({"claim": claim.words, "verdict": verdict, "numbers": "; ".join(numbers)})
    return judged


def left_out(rows: dict[str, dict]) -> list[str]:
    """Of which methods nothing is judged, as there are several settings of them, in one line."""
    several = [
        comparison_rows.method(rows, name) for name in comparison_rows.trained(rows) if name not in methods.SPECS
    ]
    about = {name for claim in CLAIMS for name in (claim.first, claim.second)}
    titles = [methods.SPECS[name].title for name in dict.fromkeys(several) if name in about]
    if not titles:
        return []
    return [f"left out, as there are several settings: the deck's figures and conclusions of {', '.join(titles)}"]


def _verdict(first: Any, second: Any, lower: bool) -> str:
    (low, high), (other_low, other_high) = map(_interval, (first, second))
    if low <= other_high and other_low <= high:
        return "undecided"
    return "holds" if (high < other_low) == lower else "contradicted"


def _interval(value: Any) -> tuple[float, float]:
    """That of an estimate; a rate that was taken once is its own."""
    return (value["low"], value["high"]) if isinstance(value, dict) else (value, value)
