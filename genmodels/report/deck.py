"""The numbers of the deck: F. Bongini, "Comparison between Wasserstein Auto-Encoders and Introspective VAEs", 2021."""

from genmodels.evaluation import measures, tables

SOURCE = (
    "“The deck” is F. Bongini, “Comparison between Wasserstein Auto-Encoders and Introspective Variational "
    "Auto-encoders”, slides, 2021: its comparison is repeated here, and each of its conclusions judged."
)
NUMBERS = {  # row: measure: value; slides 13 to 24
    "wae_mmd": {"RMSE train": 11.70, "RMSE test": 15.44, "MS-SSIM": 0.5178},
    "wae_gan": {"RMSE train": 13.64, "RMSE test": 16.12, "MS-SSIM": 0.4488},
    "improved_wae_mmd": {"MS-SSIM": 0.3719},
    "improved_wae_gan": {"MS-SSIM": 0.3159},
    "introvae": {"RMSE train": 23.39, "RMSE test": 27.50, "MS-SSIM": 0.3042},
}
SIZE = 128  # px, of the deck's images
PROTOCOL = (
    "The deck scored CelebA at 128x128; the author's public code suggests that the WAEs' images were 64x64, pasted "
    "with white margins into 128x128 figures, which lowers RMSE and raises MS-SSIM. Its numbers have no error bars and "
    "are shown for comparison, not as targets."
)
REMARKS = {  # on its formulas, by method
    "wae_gan": (
        "The deck prints log D(z) + log D(ẑ) for the critic, which lacks a “1 −”, and asks whether the "
        "reconstruction cost should stay: it should, as it is what makes this an autoencoder."
    )
}
TUNED = "The deck tuned IntroVAE's margin m and weight β."
EMPTY = "The deck left its table of interpolated images against the training set empty."
TUNING = {  # (beta, m): RMSE, MS-SSIM; read off a figure in the author's public repository
    (0.01, 200): (81.52, 0.3891),
    (0.01, 1000): (95.65, 0.3925),
    (0.01, 5000): (106.09, 0.4007),
    (0.1, 200): (35.52, 0.3230),
    (0.1, 1000): (48.92, 0.3938),
    (0.1, 5000): (49.18, 0.3314),
}


def protocol(size: int) -> str:
    """How the deck's numbers were made, and how they compare with those of images of `size` pixels."""
    if size == SIZE:
        return PROTOCOL
    return (
        f"{PROTOCOL} Errors and MS-SSIM at {size}x{size} are on another scale: compare rankings within a column, "
        "not values between columns."
    )


def compared() -> list[measures.Measure]:
    """The measures that the deck has numbers for."""
    known = {heading for numbers in NUMBERS.values() for heading in numbers}
    return [measure for measure in measures.shown("deck") if measure.heading in known]


def beside(rows: dict[str, dict]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The deck's numbers beside ours: for each of its rows, (ours, the deck's) for each measure of `compared`."""
    columns, found = compared(), []
    for name, numbers in NUMBERS.items():
        if name in rows:
            values = [tables.find(rows[name], measure.name) for measure in columns]
            texts = [f"{v['mean']:.{m.digits}f}" if v else tables.DASH for v, m in zip(values, columns, strict=True)]
            theirs = [f"{numbers[m.heading]:.{m.digits}f}" if m.heading in numbers else tables.DASH for m in columns]
            found.append((rows[name]["title"], list(zip(texts, theirs, strict=True))))
    return found
