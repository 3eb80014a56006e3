"""The table of attributes."""

from genmodels.report import attributes, looks


def row(title: str, mean: float, **each: float) -> dict:
    estimate = {"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "n": 1_000}
    return {"title": title, "attributes": {"auc": estimate, "each": each}}


ROWS = {
    "real": {"title": "real images"},
    "pca_8": row("PCA, 8 dimensions", 0.6, hat=0.7, smile=0.5),
    "pixels_4": row("4x4 pixels", 0.55, hat=0.5, smile=0.6),
    "vae": {"method": "vae", **row("VAE", 0.8, smile=0.7, hat=0.9)},
    "improved_vae": {"title": "improved VAE"},
}


def test_models_come_first_and_attributes_in_the_order_of_the_first():
    made = attributes.table(ROWS)
    assert made.headings == ["VAE", "PCA, 8 dimensions", "4x4 pixels"]
    texts = {title: [cell.text for cell in cells] for title, cells in made.lines}
    assert texts == {
        "mean": ["0.800", "0.600", "0.550"],
        "hat": ["0.900", "0.700", "0.500"],
        "smile": ["0.700", "0.500", "0.600"],
    }
    assert made.lines[0][1][0] == ("0.800", "[0.790, 0.810]", 1_000, False)
    assert made.counts == "1,000 test images"


def test_an_attribute_that_a_row_lacks_is_a_dash_and_the_worst_value_is_a_number():
    made = attributes.table({"vae": row("VAE", 0.5, hat=0.9, smile=0.0), "wae_gan": row("WAE-GAN", 0.8, hat=0.8)})
    assert {title: [cell.text for cell in cells] for title, cells in made.lines} == {
        "mean": ["0.500", "0.800"],
        "hat": ["0.900", "0.800"],
        "smile": ["0.000", "–"],
    }


def test_bars_are_models_and_marks_what_they_are_compared_with():
    figure = attributes.bars(ROWS, looks.of(ROWS))
    assert [group.get_label() for group in figure.axes[0].containers] == ["VAE"]
    assert [each.get_label() for each in figure.axes[0].collections] == ["PCA, 8 dimensions", "4x4 pixels"]


def test_nothing_was_probed():
    rows = {name: {"title": each["title"]} for name, each in ROWS.items()}
    assert attributes.table(rows) is None
    assert attributes.bars(rows, looks.of(rows)) is None
