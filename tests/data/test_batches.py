"""The batch of step t is a pure function of (seed, t)."""

import itertools
import threading
import time

import numpy as np
import pytest

from genmodels.data.batches import batch_at, batches, draws
from genmodels.errors import UsageError

N, B = 23, 7  # neither divides the other: batches cross epochs


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> np.ndarray:
    """Images that carry their number in each left column and 100 + their number in each right one."""
    path = tmp_path_factory.mktemp("batches") / "train.npy"
    columns = np.stack([np.arange(N), 100 + np.arange(N)], axis=1).astype(np.uint8)  # [N, 2]
    np.save(path, np.broadcast_to(columns[:, None, :, None], (N, 2, 2, 3)))
    return np.load(path, mmap_mode="r")


def numbers(batch: np.ndarray) -> np.ndarray:
    return batch[:, 0, :, 0].min(axis=1)


def stream(images, start=0, stop=12, batch_size=B, seed=5, flip=True, **options) -> list[np.ndarray]:
    calls = [range(step, step + 1) for step in range(start, stop)]
    return [call[0] for call in batches(images, calls, batch_size, seed=seed, flip=flip, **options)]


def test_stream_is_batch_at(images):
    got = stream(images)
    assert len(got) == 12
    for step, batch in enumerate(got):
        assert batch.dtype == np.uint8
        assert batch.shape == (B, 2, 2, 3)
        np.testing.assert_array_equal(batch, batch_at(images, step, B, seed=5, flip=True))


def test_starting_later_gives_the_same_batches(images):
    for later, whole in zip(stream(images, start=8), stream(images)[8:], strict=True):
        np.testing.assert_array_equal(later, whole)


def test_each_epoch_has_each_image_once(images):
    seen = np.concatenate([numbers(b) for b in stream(images, stop=2 * N)])  # B epochs of N images, twice
    epochs = seen.reshape(2 * B, N)
    np.testing.assert_array_equal(np.sort(epochs, axis=1), np.tile(np.arange(N), (2 * B, 1)))
    assert len({tuple(e) for e in epochs}) == 2 * B  # each in an order of its own


def test_seeds_differ(images):
    assert not np.array_equal(stream(images, seed=1)[0], stream(images, seed=2)[0])


def test_golden_order(images):
    # numpy.random.default_rng([5, 0, 0]).permutation(23)[:7]: were it to change, resumed runs would not continue.
    np.testing.assert_array_equal(numbers(batch_at(images, 0, B, seed=5, flip=False)), [18, 22, 11, 3, 9, 6, 7])


def test_no_flips(images):
    assert (np.concatenate(stream(images, flip=False))[:, 0, 0, 0] < 100).all()


def test_half_of_the_images_are_mirrored(images):
    drawn = np.concatenate(stream(images, stop=400))  # [2800, 2, 2, 3]
    mirrored = drawn[:, 0, 0, 0] >= 100
    # Left to right: the number moves to the right column, never up or down.
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])
    np.testing.assert_array_equal(drawn[mirrored, 0, 1, 0], drawn[mirrored, 0, 0, 0] - 100)
    assert abs(mirrored.mean() - 0.5) < 4 * 0.5 / np.sqrt(len(drawn))
    # One image is mirrored in some epochs and not in others.
    assert 0 < mirrored[numbers(drawn) == 3].mean() < 1


def test_flips_leave_the_order_alone(images):
    np.testing.assert_array_equal(
        numbers(batch_at(images, 3, B, seed=5, flip=True)), numbers(batch_at(images, 3, B, seed=5, flip=False))
    )


@pytest.mark.parametrize("count", [2, 3])
def test_processes_share_the_global_batch(images, count):
    whole = stream(images, batch_size=6)
    share = 6 // count
    parts = [stream(images, batch_size=6, part=slice(i * share, (i + 1) * share)) for i in range(count)]
    for step, batch in enumerate(whole):
        assert parts[0][step].shape[0] == share
        np.testing.assert_array_equal(np.concatenate([p[step] for p in parts]), batch)


def test_whole_training_split_as_one_batch(images):
    np.testing.assert_array_equal(np.sort(numbers(stream(images, batch_size=N, stop=1)[0])), np.arange(N))


def test_images_are_not_written_to(images):
    before = np.array(images)
    for batch in stream(images):
        batch[:] = 0  # the consumer's own
    np.testing.assert_array_equal(images, before)


def test_stopping_early_ends_the_threads(images):
    iterator = batches(images, [range(t, t + 1) for t in range(10**5)], B, seed=0, flip=True)
    list(itertools.islice(iterator, 3))
    assert any(t.name.startswith("grain-prefetch") for t in threading.enumerate())
    iterator.close()
    patience = time.monotonic() + 10
    while any(t.name.startswith("grain-prefetch") for t in threading.enumerate()):
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_no_steps_left(images):
    assert stream(images, start=12, stop=12) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": N + 1}, "batch_size=24 .* 23 images"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_refuses_before_the_first_batch(images, options, message):
    arguments = {"batch_size": B, "seed": 0, **options}
    with pytest.raises(UsageError, match=message):
        batches(images, [range(1)], flip=False, **arguments)
    with pytest.raises(UsageError, match=message):
        draws(len(images), [range(1)], flip=False, **arguments)


def test_calls_of_several_steps_hold_their_batches(images):
    calls = [range(0, 3), range(3, 4), range(4, 7)]
    found = list(batches(images, calls, B, seed=5, flip=True))
    assert [len(batch) for batch in found] == [3, 1, 3]
    np.testing.assert_array_equal(np.concatenate(found), stream(images, stop=7))


def test_draws_say_which_images_the_batches_are(images):
    calls = [range(0, 3), range(3, 4)]
    options = {"batch_size": B, "seed": 5, "flip": True}
    for draw, batch in zip(draws(N, calls, **options), batches(images, calls, **options), strict=True):
        assert draw.indices.dtype == np.int32
        taken = np.array(images)[draw.indices]
        taken[draw.mirrored] = taken[draw.mirrored][:, :, ::-1]
        np.testing.assert_array_equal(taken, batch)
