import itertools
import warnings

import imageio.v2 as imageio
import jax
import numpy as np
import pytest
from PIL import Image

import genmodels
from genmodels import images
from genmodels.errors import UsageError
from genmodels.figures import videos


@pytest.fixture
def read():
    """A video's frames [T, H, W, 3] and what its file says of itself."""

    def frames_and_facts(path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # the reader leaves ffmpeg's pipes open
            with imageio.get_reader(path, format="FFMPEG") as video:  # of unknown length: list() fails
                return np.stack(tuple(frame for frame in video)), video.get_meta_data()

    return frames_and_facts


def flat(*colours, height=4, width=6):
    return np.array(colours, np.uint8)[:, None, None] * np.ones((1, height, width, 1), np.uint8)


COLOURS = [(200, 40, 40), (40, 180, 60), (50, 60, 210), (128, 128, 128), (255, 255, 255)]


def test_what_is_written_is_read_back(tmp_path, read, caplog, capfd):
    videos.write(tmp_path / "new" / "video.mp4", iter(flat(*COLOURS, height=256, width=320)), fps=12)
    frames, facts = read(tmp_path / "new" / "video.mp4")
    assert facts["fps"] == 12
    assert facts["codec"] == "h264"
    assert facts["pix_fmt"].startswith("yuv420p")
    assert facts["size"] == (320, 256)
    assert facts["duration"] == pytest.approx(5 / 12, abs=0.01)
    assert frames.shape == (5, 256, 320, 3)
    np.testing.assert_allclose(frames, np.broadcast_to(np.array(COLOURS)[:, None, None], frames.shape), atol=4)
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (32, 48, (384, 256)),
        (100, 33, (100, 300)),  # three times 33 is odd
        (257, 301, (302, 258)),
        (256, 256, (256, 256)),
    ],
)
def test_frames_are_high_enough_and_of_even_sizes(tmp_path, read, height, width, expected):
    videos.write(str(tmp_path / "video.mp4"), flat(*COLOURS[:2], height=height, width=width), fps=10)
    frames, facts = read(tmp_path / "video.mp4")
    assert facts["size"] == expected
    np.testing.assert_allclose(frames[0, -1, -1], COLOURS[0], atol=4)  # the padding continues the image


def test_small_frames_are_enlarged_pixel_by_pixel(tmp_path, read):
    frame = np.random.default_rng(0).integers(0, 2, (4, 4, 1), np.uint8) * np.full((1, 1, 3), 255, np.uint8)
    videos.write(tmp_path / "video.mp4", [frame], fps=5)
    frames, _ = read(tmp_path / "video.mp4")
    assert frames.shape == (1, 256, 256, 3)
    np.testing.assert_allclose(frames[0, 32::64, 32::64], frame, atol=6)


def test_no_frames(tmp_path):
    with pytest.raises(ValueError, match="needs a frame"):
        videos.write(tmp_path / "video.mp4", [], fps=5)
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def model(trained):
    return genmodels.load(trained)


def test_a_walk_passes_its_stops_and_closes(model):
    key = jax.random.key(3)
    frames = list(videos.manifold_walk(model, key, stops=3, frames_between=4))
    assert len(frames) == 3 * 5
    codes = jax.random.normal(key, (3, 12, model.config.model.latent))
    for stop, stop_codes in enumerate(codes):
        expected = images.grid(images.to_uint8(model.decode(stop_codes)), columns=4)
        assert expected.shape == (3 * 32 + 4, 4 * 32 + 6, 3)
        np.testing.assert_allclose(frames[5 * stop], expected.astype(int), atol=1)
    changes = [
        np.abs(a.astype(int) - b).mean() for a, b in itertools.pairwise([*frames, frames[0]])
    ]  # the way from the last frame to the first is no jump
    assert min(changes) > 0
    assert changes[-1] < 2 * np.mean(changes[:-1])


def test_a_walk_keeps_to_great_circles(model):
    """Halfway between two codes a and b of angle w: (a + b) / (2 cos(w / 2)), Shoemake 1985."""
    key = jax.random.key(4)
    frames = list(videos.manifold_walk(model, key, stops=2, frames_between=1))
    a, b = np.asarray(jax.random.normal(key, (2, 12, model.config.model.latent)), np.float64)
    cosine = (a * b).sum(1, keepdims=True) / np.linalg.norm(a, axis=1, keepdims=True)
    angle = np.arccos(cosine / np.linalg.norm(b, axis=1, keepdims=True))
    halfway = images.to_uint8(model.decode((a + b) / (2 * np.cos(angle / 2))))
    for frame in frames[1::2]:  # there and back
        np.testing.assert_allclose(frame, images.grid(halfway, columns=4).astype(int), atol=1)


def test_a_walk_is_that_of_its_key(model):
    first, same, other = (next(videos.manifold_walk(model, jax.random.key(k), 2, 0)) for k in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert np.any(first != other)


def test_training_is_shown_in_the_order_of_steps(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for level, step in enumerate([9_999_999, 200, 10_000_000, 0]):
        Image.fromarray(np.full((4, 6, 3), level, np.uint8)).save(folder / f"samples_{step:07}.png")
    Image.fromarray(np.full((4, 6, 3), 9, np.uint8)).save(folder / "reconstructions_0000100.png")
    frames = list(videos.training(tmp_path))
    assert [frame.shape for frame in frames] == [(4, 6, 3)] * 4
    assert [frame[0, 0, 0] for frame in frames] == [3, 1, 0, 2]


def test_a_video_of_a_run(trained, tmp_path, read):
    videos.write(tmp_path / "training.mp4", videos.training(trained), fps=2)
    frames, _ = read(tmp_path / "training.mp4")
    paths = sorted((trained / "images").glob("samples_*.png"))
    assert len(frames) == len(paths) >= 2
    for frame, path in zip(frames, paths, strict=True):
        with Image.open(path) as image:
            expected = np.asarray(image).astype(float)
        assert np.abs(frame[: expected.shape[0], : expected.shape[1]] - expected).mean() < 8  # colours are halved


@pytest.mark.parametrize("exists", [False, True])
def test_a_run_without_samples(tmp_path, exists):
    if exists:
        (tmp_path / "images").mkdir()
    with pytest.raises(UsageError, match=r"images holds no samples_<step>\.png"):
        videos.training(tmp_path)
