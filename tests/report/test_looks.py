"""How rows look: by method, by nets, and improved."""

from genmodels.report import looks

TITLES = {
    "real": "real images",
    "pca_8": "PCA, 8 dimensions",
    "vae": "VAE",
    "wae_gan": "WAE-GAN",
    "improved_wae_gan": "improved WAE-GAN",
    "vae, same nets": "VAE (same nets)",
    "wae_gan, same nets": "WAE-GAN (same nets)",
    "improved_wae_gan, same nets": "improved WAE-GAN (same nets)",
}
ROWS = {name: {"title": title} for name, title in TITLES.items()}


def test_a_method_has_one_colour_on_any_nets_and_improved():
    found = looks.of(ROWS)
    assert found.keys() == {title for name, title in TITLES.items() if name not in ("real", "pca_8")}
    colours = {title: style.colour for title, style in found.items()}
    assert len({colour for title, colour in colours.items() if "WAE-GAN" in title}) == 1
    assert colours["VAE"] == colours["VAE (same nets)"] != colours["WAE-GAN"]


def test_nets_differ_in_marker_line_and_hatch_and_improved_samples_in_being_open():
    found = looks.of(ROWS)
    for title in ("WAE-GAN", "WAE-GAN (same nets)"):
        assert found[f"improved {title}"] == found[title]._replace(filled=False)
        assert found[title].filled
    own, same = found["WAE-GAN"], found["WAE-GAN (same nets)"]
    assert own.marker != same.marker
    assert own.line != same.line == found["VAE (same nets)"].line
    assert own.hatch != same.hatch == found["VAE (same nets)"].hatch


def test_on_the_same_nets_alone_nothing_is_dashed():
    found = looks.of({name: row for name, row in ROWS.items() if "same nets" in name})
    assert {style.line for style in found.values()} == {"-"}


def test_runs_of_one_method_in_different_settings_have_colours_of_their_own():
    found = looks.of({f"vae, loss.beta={beta}": {"title": f"VAE, loss.beta={beta}"} for beta in (1, 2, 4)})
    assert len({style.colour for style in found.values()}) == 3
