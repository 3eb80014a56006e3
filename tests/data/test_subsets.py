"""Seeded subsets of a split."""

import numpy as np
import pytest

from genmodels import data
from genmodels.data import subsets


class Recorder(np.ndarray):
    """An array that notes which rows are asked for."""

    asked: list

    def __getitem__(self, key):
        self.asked.append(key)
        return np.asarray(self)[key]


def recorder(array: np.ndarray) -> Recorder:
    recorded = array.view(Recorder)
    recorded.asked = []
    return recorded


def test_rows_are_those_of_the_permutation():
    split = np.arange(50 * 12).reshape(50, 2, 2, 3)
    expected = np.random.default_rng([7, 2]).permutation(50)[:9]
    np.testing.assert_array_equal(subsets.indices(50, 9, seed=7), expected)
    np.testing.assert_array_equal(data.sampled(split, 9, seed=7), split[expected])


def test_a_smaller_subset_begins_a_larger_one():
    split = np.arange(1000)
    larger = data.sampled(split, 100)
    np.testing.assert_array_equal(data.sampled(split, 10), larger[:10])
    assert len(np.unique(larger)) == 100


def test_no_subset_follows_the_order_of_files():
    persons = np.repeat(np.arange(100), 10)  # ten neighbouring images of each
    drawn = data.sampled(persons, 100)
    assert len(np.unique(drawn)) > 55  # 10 in file order; 65 on average at random
    assert (drawn[::2] == drawn[1::2]).sum() < 5  # pairs: 50 in file order


@pytest.mark.parametrize("count", [5, 6, 10**9])
def test_all_where_there_are_no_more(count):
    np.testing.assert_array_equal(np.sort(data.sampled(np.arange(5), count)), np.arange(5))


def test_none():
    assert data.sampled(np.zeros((5, 2, 2, 3), np.uint8), 0).shape == (0, 2, 2, 3)
    with pytest.raises(ValueError, match="count=-1"):
        data.sampled(np.zeros(5), -1)


def test_seeds_differ():
    assert (data.sampled(np.arange(100), 10, seed=0) != data.sampled(np.arange(100), 10, seed=1)).any()


def test_only_these_rows_are_read_front_to_back(tmp_path):
    np.save(tmp_path / "split.npy", np.arange(400, dtype=np.uint8).reshape(100, 4))
    split = recorder(np.load(tmp_path / "split.npy", mmap_mode="r"))
    drawn = data.sampled(split, 7)
    (rows,) = split.asked
    assert rows.tolist() == sorted(subsets.indices(100, 7).tolist())
    assert type(drawn) is np.ndarray
    drawn[:] = 0  # a copy, although the map is read-only
