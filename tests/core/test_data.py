"""The digits are scikit-learn's; samplers keep their promises and draw from their Generator alone."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets
from hypothesis import given
from hypothesis import strategies as st

import optcourse.data
from optcourse.data import epoch_batches, load_digits, sample_with_replacement, train_test_split


def test_the_digits_are_scikit_learn_s():
    ours, theirs = load_digits(), sklearn.datasets.load_digits()
    assert np.array_equal(ours.images, theirs.images)
    assert np.array_equal(ours.X, theirs.data / 16)
    assert np.array_equal(ours.y, theirs.target)
    assert (ours.images.shape, ours.X.shape, ours.y.shape) == ((1797, 8, 8), (1797, 64), (1797,))
    assert ours.X.dtype == float and ours.X.min() == 0 and ours.X.max() == 1 and ours.y.dtype.kind == "i"
    assert len(ours) == 1797


def test_they_are_small_and_cannot_be_spoiled():
    assert Path(optcourse.data.__file__).with_name("digits.npz").stat().st_size <= 50_000
    for array in (load_digits().images, load_digits().X, load_digits().y):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_the_split_is_a_partition_and_reproducible():
    digits = load_digits()
    train, test = train_test_split(digits, np.random.default_rng(0), test_fraction=0.25)
    assert len(test) == 449 and len(train) == 1797 - 449
    together = np.concatenate([train.images, test.images]).reshape(1797, 64)
    assert sorted(map(bytes, together)) == sorted(map(bytes, digits.images.reshape(1797, 64).copy()))
    assert np.array_equal(train.X, train.images.reshape(-1, 64) / 16)
    again, _ = train_test_split(digits, np.random.default_rng(0), test_fraction=0.25)
    assert np.array_equal(train.y, again.y)
    for bad in (0.0, 1.0, 7):
        with pytest.raises(ValueError, match="test_fraction must lie between 0 and 1"):
            train_test_split(digits, np.random.default_rng(0), test_fraction=bad)


@given(num_examples=st.integers(1, 60), data=st.data(), num_epochs=st.integers(0, 3), seed=st.integers(0, 99))
def test_an_epoch_has_every_index_once(num_examples, data, num_epochs, seed):
    size = data.draw(st.integers(1, num_examples))
    batches = list(epoch_batches(num_examples, size, np.random.default_rng(seed), num_epochs))
    per_epoch = -(-num_examples // size)
    assert len(batches) == num_epochs * per_epoch
    for epoch in range(num_epochs):
        mine = batches[epoch * per_epoch : (epoch + 1) * per_epoch]
        assert sorted(np.concatenate(mine)) == list(range(num_examples))
        assert [len(batch) for batch in mine[:-1]] == [size] * (per_epoch - 1)
        assert 1 <= len(mine[-1]) <= size


def test_each_epoch_has_its_own_order():
    first, second = epoch_batches(100, 100, np.random.default_rng(0), 2)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("sampler", [epoch_batches, sample_with_replacement])
def test_samplers_depend_on_their_generator_alone(sampler):
    def draw(seed):
        return np.concatenate(list(islice(sampler(50, 7, np.random.default_rng(seed), None), 20)))

    np.random.seed(0)  # noqa: NPY002 - the global state must not matter
    one = draw(1)
    np.random.seed(1)  # noqa: NPY002
    assert np.array_equal(one, draw(1)) and not np.array_equal(one, draw(2))


def test_with_replacement_misses_some_and_repeats_others():
    batches = list(sample_with_replacement(1000, 50, np.random.default_rng(0), 20))
    assert [batch.shape for batch in batches] == [(50,)] * 20
    drawn = np.concatenate(batches)
    assert drawn.min() >= 0 and drawn.max() < 1000
    assert 1 - len(np.unique(drawn)) / 1000 == pytest.approx(0.368, abs=0.03)


@pytest.mark.parametrize("sampler", [epoch_batches, sample_with_replacement])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((10, 0), ValueError, "batch_size must be from 1 to num_examples = 10, got 0"),
        ((10, 11), ValueError, "batch_size must be from 1 to num_examples = 10, got 11"),
        ((10, 2.0), TypeError, "batch_size must be a whole number, got 2.0"),
        ((0, 1), ValueError, "num_examples must be 1 or more, got 0"),
        ((True, 1), TypeError, "num_examples must be a whole number"),
    ],
)
def test_bad_input_is_named_before_the_first_batch(sampler, arguments, error, message):
    with pytest.raises(error, match=message):
        sampler(*arguments, np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng must be a numpy Generator"):
        sampler(10, 2, 0)


def test_a_split_needs_a_generator():
    with pytest.raises(TypeError, match="rng must be a numpy Generator"):
        train_test_split(load_digits(), 1.5)
