"""Synthetic faces: the painter, its factors and the statistics of its images."""

import functools

import numpy as np
import pytest

from genmodels.data.synthetic_faces import draw
from genmodels.data.synthetic_faces.factors import CATEGORIES, LONG_HAIR, SCALARS, sample_factors
from genmodels.errors import UsageError

# A face that shows every part: no sunglasses, no beard, no fringe, mouth and eyes open, turned ahead, evenly lit.
PLAIN = sample_factors(3) | {
    "hair_style": "short",
    "hair_colour": "brown",
    "beard": "none",
    "glasses": "none",
    "clothes": "stripes",
    "background": "plain",
    "clothes_value": 0.8,
    "background_value": 0.6,
    "skin_tone": 0.7,
    "yaw": 0.0,
    "pitch": 0.0,
    "roll": 0.0,
    "shift_x": 0.0,
    "shift_y": 0.0,
    "scale": 1.0,
    "eye_openness": 1.0,
    "gaze_x": 0.0,
    "gaze_y": 0.0,
    "smile": 0.3,
    "mouth_open": 0.0,
    "light_azimuth": 0.0,
    "light_elevation": 30.0,
    "light_strength": 0.6,
}


def shrink(images: np.ndarray) -> np.ndarray:
    """Means over 2 x 2 pixels, [..., H, W, 3] to float [..., H/2, W/2, 3]."""
    *lead, height, width, channels = images.shape
    return images.reshape(*lead, height // 2, 2, width // 2, 2, channels).astype(np.float64).mean((-4, -2))


def change(size: int = 64, **factors) -> np.ndarray:
    """How much each pixel [size, size] of the plain face changes when it has these factors instead of its own."""
    before, after = draw.render(PLAIN, size).astype(int), draw.render(PLAIN | factors, size).astype(int)
    return np.abs(after - before).mean(-1)


@functools.cache
def sample() -> np.ndarray:
    return draw.faces(range(200), 128)


def test_face_is_deterministic_and_faces_stacks_it():
    image, factors = draw.face(11, 48)
    assert image.shape == (48, 48, 3)
    assert image.dtype == np.uint8
    assert factors == sample_factors(11)
    np.testing.assert_array_equal(image, draw.render(factors, 48))
    np.testing.assert_array_equal(draw.faces([12, 11], 48)[1], image)


@pytest.mark.parametrize("size", [32, 64])
def test_a_seed_is_the_same_face_at_every_size(size):
    large, small = shrink(draw.faces(range(16), 2 * size)), draw.faces(range(16), size).astype(np.float64)
    same = np.abs(large - small).mean((1, 2, 3))  # [16]
    other = np.abs(large - np.roll(small, 1, axis=0)).mean((1, 2, 3))
    assert same.max() < 4.0
    assert same.mean() < 2.5
    assert other.min() > 15.0


@pytest.mark.parametrize("size", [8, 15, 257, 0, -64])
def test_size_out_of_range_is_a_usage_error(size):
    with pytest.raises(UsageError, match="16 to 256"):
        draw.face(0, size)


def test_sampled_factors_stay_in_their_ranges_and_reach_every_category():
    drawn = [sample_factors(seed) for seed in range(600)]
    for name, (low, high) in SCALARS.items():
        values = np.array([factors[name] for factors in drawn])
        assert np.array_equal(values, values.astype(np.float32))  # a stored float32 label draws the same face again
        assert values.min() >= np.float32(low)
        assert values.max() <= np.float32(high)
        assert values.std() > 0.1 * (high - low)
    for name, names in CATEGORIES.items():
        assert {factors[name] for factors in drawn} == set(names)
    assert all(factors["beard"] == "none" for factors in drawn if factors["hair_style"] in LONG_HAIR)


@pytest.mark.parametrize("name", SCALARS)
def test_every_scalar_changes_the_image(name):
    shown = {"fringe": {"hair_style": "bob"}, "hair_part": {"hair_style": "side_part"}}.get(name, {})
    low, high = SCALARS[name]
    high = 0.5 if name.endswith("_hue") else high  # hues wrap round: 0 and 1 are the same
    size = 128 if name == "freckles" else 64  # smaller images blur them away
    before, after = (draw.render(PLAIN | shown | {name: value}, size).astype(int) for value in (low, high))
    assert np.abs(after - before).max() >= 8
    assert np.abs(after - before).mean() > 0.04


@pytest.mark.parametrize("name", CATEGORIES)
def test_every_category_has_a_image_of_its_own(name):
    images = [draw.render(PLAIN | {name: value}, 64).astype(int) for value in CATEGORIES[name]]
    for i, one in enumerate(images):
        for other in images[:i]:
            assert np.abs(one - other).max() > 20


def test_glasses_change_the_eyes_and_nothing_else():
    difference = change(glasses="square")
    assert difference[24:40, 12:52].mean() > 5.0
    assert difference[:20].max() == 0.0
    assert difference[44:].max() == 0.0


def test_beard_changes_the_jaw_and_leaves_the_brow():
    difference = change(beard="full")
    assert difference[42:56, 24:40].mean() > 20.0
    assert difference[:24].max() == 0.0


def test_light_comes_from_its_azimuth():
    for azimuth, brighter in ((60.0, 1), (-60.0, -1)):
        face = draw.render(PLAIN | {"light_azimuth": azimuth}, 64)[28:44].astype(float).mean((0, 2))
        assert brighter * (face[40:48].mean() - face[16:24].mean()) > 15.0


def test_skin_tone_runs_from_dark_to_light():
    tones = [draw.render(PLAIN | {"skin_tone": tone}, 64)[38:44, 20:44].mean() for tone in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert np.all(np.diff(tones) > 8.0)


def test_open_mouth_shows_teeth_under_the_eyes_at_any_yaw():
    middles = []
    for yaw in (-25.0, 0.0, 25.0):
        pose = PLAIN | {"yaw": yaw, "smile": 0.6}
        teeth = draw.render(pose | {"mouth_open": 1.0}, 64).astype(int) - draw.render(pose, 64)
        brighter = np.maximum(teeth.mean(-1)[40:56] - 20.0, 0.0)
        assert brighter.sum() > 200.0
        middles.append((brighter.sum(0) * np.arange(64)).sum() / brighter.sum())
    np.testing.assert_allclose(middles, 31.5, atol=2.0)


def test_images_are_aligned_by_the_eyes_however_the_head_turns_and_nods():
    for seed in range(24):
        factors = sample_factors(seed) | {"glasses": "none", "eye_openness": 1.0}
        left, right = (draw.render(factors | {"gaze_x": gaze}, 64).astype(int) for gaze in (-1.0, 1.0))
        moved = np.abs(left - right).sum((1, 2))  # [64] rows
        assert moved.sum() > 500
        assert 29.0 < (moved * np.arange(64)).sum() / moved.sum() < 35.5


def blur_matrix(length: int, window: int, sigma: float) -> np.ndarray:
    """The 'valid' Gaussian filter as a matrix [length - window + 1, length]."""
    taps = np.exp(-0.5 * ((np.arange(window) - (window - 1) / 2) / sigma) ** 2)
    rows = np.arange(length - window + 1)
    matrix = np.zeros((len(rows), length))
    matrix[rows[:, None], rows[:, None] + np.arange(window)] = taps / taps.sum()
    return matrix


def ms_ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """MS-SSIM [N] of images [N, 128, 128, 3] on the 0-255 scale (Wang, Simoncelli and Bovik 2003), 5 levels."""
    result, c1, c2 = 1.0, (0.01 * 255) ** 2, (0.03 * 255) ** 2
    a, b = a.astype(np.float64), b.astype(np.float64)
    for level, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        window = min(11, a.shape[1])
        f = blur_matrix(a.shape[1], window, 1.5 * window / 11)

        def blur(x, f=f):
            return np.moveaxis(f @ np.moveaxis(f @ np.moveaxis(x, 3, 1), 3, 2), 1, 3)

        mean_a, mean_b = blur(a), blur(b)
        var_a, var_b, cov = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
        term = (2 * cov + c2) / (var_a + var_b + c2)
        if level == 4:
            term = term * (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
        result = result * np.maximum(term.mean((1, 2, 3)), 0.0) ** weight
        a, b = shrink(a), shrink(b)
    return result


def test_ms_ssim_of_this_file_agrees_with_its_published_oracle():
    def waves(phase):
        n, y, x, c = np.meshgrid(np.arange(4), np.arange(128), np.arange(128), np.arange(3), indexing="ij")
        wave = 80 * np.sin(2 * np.pi * (x * (c + 1) + y) / 37 + n + phase)
        return np.clip(np.rint(127.5 + wave + 40 * np.cos(2 * np.pi * x * y / (1000 + 100 * n) + phase)), 0, 255)

    for phase, expected in ((0.05, 0.998719), (0.3, 0.954459), (1.0, 0.543934)):
        assert ms_ssim(waves(0.0), waves(phase)).mean() == pytest.approx(expected, abs=2e-6)


def test_pairs_are_about_as_diverse_as_photographs():
    scores = ms_ssim(sample()[:60:2], sample()[1:60:2])  # CelebA's centre140 crop scores 0.24
    assert 0.15 < scores.mean() < 0.35


def test_pca_neither_exhausts_the_images_nor_fails_on_them():
    images = sample().reshape(200, -1).astype(np.float64)
    train, test = images[:160] - images[:160].mean(0), images[160:] - images[:160].mean(0)
    values, vectors = np.linalg.eigh(train @ train.T)
    basis = (vectors[:, -64:] / np.sqrt(values[-64:])).T @ train  # [64, D], orthonormal rows

    def rmse(x):
        return np.sqrt(((x - x @ basis.T @ basis) ** 2).mean(1)).mean()

    assert rmse(train) > 12.0  # few images flatter the fit: on more, 64 dimensions leave more
    assert rmse(test) < 0.65 * np.sqrt((test**2).mean(1)).mean()  # what is shared between faces can be learnt
