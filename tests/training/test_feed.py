"""Real batches and latents: shuffled epochs, the right laws, streams of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ganbench import Data, DataInfo, Latent, UsageError, Vocabulary
from ganbench.training.feed import LabelFeed, LatentFeed, RealFeed, class_shares
from ganbench.training.seeds import seed_everything, stream_seed

from .small import CPU, image, points, random_data


def numbered(count: int) -> Data:
    """One-dimensional points 0, 1, 2, ..., each its own label."""
    train = torch.arange(count, dtype=torch.float32)[:, None]
    return replace(random_data(points(1), 2), train=train, train_labels=torch.arange(count))


def drawn(feed: RealFeed, count: int) -> list[int]:
    samples, labels = feed.draw(count)
    assert labels is not None
    assert torch.equal(samples[:, 0].long(), labels)
    return labels.tolist()


@given(st.integers(2, 60), st.integers(1, 60), st.integers(0, 2**63 - 1))
def test_no_sample_comes_twice_in_an_epoch(size: int, batch: int, seed: int) -> None:
    feed = RealFeed(numbered(size), CPU, seed)
    for _ in range(3):
        batches = [drawn(feed, batch) for _ in range(max(1, size // batch))]
        epoch = [one for each in batches for one in each]
        counts = [epoch.count(one) for one in range(size)]
        if batch <= size:  # the incomplete last batch is dropped
            assert max(counts) == 1
            assert sum(counts) == size // batch * batch
        else:  # several epochs, the last one incomplete
            assert max(counts) - min(counts) <= 1


def test_an_epoch_is_a_permutation_and_the_next_is_another() -> None:
    feed = RealFeed(numbered(100), CPU, seed=3)
    first, second = ([one for _ in range(4) for one in drawn(feed, 25)] for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second
    assert first != sorted(first)


def test_batches_of_two_sizes_share_an_epoch() -> None:
    feed = RealFeed(numbered(100), CPU, seed=3)
    epoch = [*drawn(feed, 60), *drawn(feed, 20), *drawn(feed, 20)]
    assert sorted(epoch) == list(range(100))


def test_the_order_is_a_function_of_the_seed_alone() -> None:
    def order(seed: int) -> list[int]:
        feed = RealFeed(numbered(50), CPU, seed)
        return [one for _ in range(7) for one in drawn(feed, 20)]

    first = order(1)
    seed_everything(99)
    assert order(1) == first
    assert order(2) != first


@given(st.lists(st.integers(1, 30), min_size=2, max_size=5), st.integers(0, 2**31))
def test_balanced_epochs_have_all_classes_equally_often(counts: list[int], seed: int) -> None:
    labels = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    size = len(labels)
    base = numbered(size)
    info = replace(base.info, classes=len(counts))
    feed = RealFeed(replace(base, info=info, train_labels=labels), CPU, seed, sampling="balanced")
    for _ in range(2):
        samples, drawn_labels = feed.draw(size)
        assert drawn_labels is not None
        assert torch.equal(labels[samples[:, 0].long()], drawn_labels)
        found = torch.bincount(drawn_labels, minlength=len(counts))
        assert int(found.max() - found.min()) <= 1
        for one, own in enumerate(found.tolist()):  # none again before all of its class
            repeats = torch.bincount(samples[drawn_labels == one][:, 0].long(), minlength=size)
            of_class = repeats[labels == one]
            assert int(of_class.max() - of_class.min()) <= 1, own


def test_balanced_samples_need_classes() -> None:
    data = replace(random_data(points(), 10), train_labels=None)
    with pytest.raises(UsageError, match="no classes to draw equally often"):
        RealFeed(data, CPU, 0, sampling="balanced")


def test_balanced_feeds_go_on_from_their_state() -> None:
    data = numbered(20)
    data = replace(
        data, info=replace(data.info, classes=2), train_labels=(torch.arange(20) > 16).long()
    )
    feed, other = (RealFeed(data, CPU, seed, sampling="balanced") for seed in (1, 2))
    feed.draw(7)
    other.restore(feed.state())
    assert all(torch.equal(feed.draw(7)[0], other.draw(7)[0]) for _ in range(5))


def test_data_without_labels() -> None:
    data = replace(random_data(points(), 10), train_labels=None)
    samples, labels = RealFeed(data, CPU, seed=0).draw(4)
    assert samples.shape == (4, 2)
    assert labels is None


def test_trap_11_images_reach_the_networks_in_the_range_of_a_tanh() -> None:
    samples, _ = RealFeed(random_data(image(8)), CPU, seed=0).draw(100)
    assert samples.dtype == torch.float32
    assert samples.min() == -1
    assert samples.max() == 1


def test_texts_reach_the_networks_as_one_hot_rows() -> None:
    vocabulary = Vocabulary(tokens=("", "a", "b"))
    info = DataInfo(name="ab", modality="text", shape=(2, 3), vocabulary=vocabulary)
    texts = torch.tensor([[1, 2], [2, 0]])
    feed = RealFeed(Data(info=info, train=texts, heldout=texts[:0]), CPU, seed=0)
    assert feed.shape == (2, 3)
    samples, _ = feed.draw(2)
    assert sorted(samples.tolist()) == [[[0, 0, 1], [1, 0, 0]], [[0, 1, 0], [0, 0, 1]]]


def test_feeding_leaves_the_data_as_it_is() -> None:
    data = random_data(image(8))
    before = data.train.clone()
    RealFeed(data, CPU, seed=0).draw(100)[0].zero_()
    assert torch.equal(data.train, before)


def ks_distance(values: Tensor, cdf: Tensor) -> float:
    """Kolmogorov's distance between values and a law, given the law's CDF at the sorted values."""
    return (cdf - torch.linspace(0, 1, len(values))).abs().max().item()


def test_latent_laws() -> None:
    normal = LatentFeed(Latent(size=5), CPU, seed=0).draw(20_000)
    assert normal.shape == (20_000, 5)
    assert normal.dtype == torch.float32
    values = normal.flatten().sort().values
    assert ks_distance(values, torch.special.ndtr(values)) < 0.006

    uniform = LatentFeed(Latent(size=5, law="uniform"), CPU, seed=0).draw(20_000)
    assert -1 <= uniform.min() < -0.999
    assert 0.999 < uniform.max() < 1
    values = uniform.flatten().sort().values
    assert ks_distance(values, (values + 1) / 2) < 0.006

    for latents in (normal, uniform):
        correlations = torch.corrcoef(latents.T) - torch.eye(5)
        assert correlations.abs().max() < 0.03


@pytest.mark.parametrize("law", ["normal", "uniform"])
def test_latents_are_a_function_of_the_seed_alone_and_never_repeat(law) -> None:
    def latents(seed: int) -> list[Tensor]:
        feed = LatentFeed(Latent(size=3, law=law), CPU, seed)
        return [feed.draw(8) for _ in range(4)]

    first = latents(1)
    seed_everything(99)
    assert all(map(torch.equal, latents(1), first))
    assert not torch.equal(latents(2)[0], first[0])
    assert len(torch.cat(first).unique(dim=0)) == 32


def test_feeds_neither_read_nor_move_other_streams() -> None:
    state = torch.random.get_rng_state()
    real, one, other = (
        RealFeed(numbered(50), CPU, seed=1),
        LatentFeed(Latent(size=3), CPU, seed=1),
        LatentFeed(Latent(size=3), CPU, seed=1),
    )
    for _ in range(5):
        real.draw(20)
        one.draw(20)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(other.draw(20), LatentFeed(Latent(size=3), CPU, seed=1).draw(20))


def test_streams_of_different_names_and_seeds_are_unrelated() -> None:
    names = ("data", "latents", "evaluation", "torch", "numpy", "python")
    seeds = {stream_seed(seed, name) for seed in range(1000) for name in names}
    assert len(seeds) == 6000
    assert all(0 <= seed < 2**63 for seed in seeds)
    draws = torch.stack(
        [
            torch.randn(4000, generator=torch.Generator().manual_seed(stream_seed(seed, name)))
            for seed in range(3)
            for name in names
        ]
    )
    assert (torch.corrcoef(draws) - torch.eye(18)).abs().max() < 0.08


def test_seed_everything_seeds_what_plugins_may_use() -> None:
    import random

    import numpy as np

    def numbers() -> tuple[float, float, float]:
        return random.random(), float(np.random.random()), torch.rand(()).item()  # noqa: S311

    seed_everything(4)
    first = numbers()
    seed_everything(4)
    assert numbers() == first
    seed_everything(5)
    assert not set(numbers()) & set(first)
    assert len(set(first)) == 3


def test_a_feed_beside_another_has_an_order_of_its_own_and_moves_it_by_nothing() -> None:
    data = random_data(points())
    feed, alone = (RealFeed(data, CPU, seed=1) for _ in range(2))
    beside, again = feed.beside("generator steps"), alone.beside("generator steps")
    for _ in range(3):
        own, _ = feed.draw(50)
        other, _ = beside.draw(50)
        assert torch.equal(own, alone.draw(50)[0])
        assert torch.equal(other, again.draw(50)[0])
        assert not torch.equal(own, other)
    assert not torch.equal(feed.beside("another").draw(50)[0], RealFeed(data, CPU, 1).draw(50)[0])
    state = beside.state()
    following, _ = beside.draw(40)
    again.restore(state)
    assert torch.equal(again.draw(40)[0], following)
    assert feed.first(3)[0].data_ptr() == beside.first(3)[0].data_ptr()  # one copy of the data


def test_parts_of_a_latent_stand_behind_one_another() -> None:
    laws = [Latent(size=2), Latent(size=4, law="categorical"), Latent(size=1, law="uniform")]
    drawn = LatentFeed(laws, CPU, seed=0).draw(4000)
    assert drawn.shape == (4000, 7)
    kinds = drawn[:, 2:6]
    assert torch.equal(kinds.sum(dim=1), torch.ones(4000))
    assert set(kinds.unique().tolist()) == {0.0, 1.0}
    assert ((kinds.mean(dim=0) - 0.25).abs() < 5 * (0.1875 / 4000) ** 0.5).all()
    assert drawn[:, 6].abs().max() <= 1
    assert torch.equal(
        LatentFeed(laws[0], CPU, seed=5).draw(9), LatentFeed(laws[:1], CPU, seed=5).draw(9)
    )


def labelled(*labels: int) -> Data:
    info = replace(points(), classes=3)
    samples = torch.zeros(len(labels), 2)
    return Data(
        info=info,
        train=samples,
        heldout=samples[:0],
        train_labels=torch.tensor(labels),
        heldout_labels=torch.empty(0, dtype=torch.int64),
    )


def test_shares_of_classes_by_both_laws() -> None:
    shares = class_shares(labelled(0, 0, 0, 2), "train")
    assert shares is not None
    assert shares.tolist() == [0.75, 0.0, 0.25]
    balanced = class_shares(labelled(0, 0, 0, 2), "balanced")
    assert balanced is not None
    assert balanced.tolist() == pytest.approx([1 / 3] * 3)
    assert class_shares(random_data(points()), "train") is None


def test_classes_are_drawn_by_their_shares_and_go_on_from_a_state() -> None:
    feed = LabelFeed(torch.tensor([0.7, 0.0, 0.3]), CPU, seed=3)
    drawn = feed.draw(10_000)
    counts = torch.bincount(drawn, minlength=3)
    assert drawn.dtype == torch.int64
    assert counts[1] == 0
    assert abs(counts[0].item() - 7000) < 5 * (10_000 * 0.21) ** 0.5
    state = feed.state()
    following = feed.draw(20)
    other = LabelFeed(torch.tensor([0.7, 0.0, 0.3]), CPU, seed=9)
    other.restore(state)
    assert torch.equal(other.draw(20), following)


def test_weights_are_the_proportions_of_what_is_drawn() -> None:
    weights = torch.tensor([0.0, 1, 3, 6], dtype=torch.float64)
    feed = RealFeed(numbered(4), CPU, 7, weights)
    found = [one for _ in range(500) for one in drawn(feed, 8)]
    shares = [found.count(one) / len(found) for one in range(4)]
    assert shares[0] == 0
    assert shares == pytest.approx([0, 0.1, 0.3, 0.6], abs=0.03)


def test_a_weighted_feed_goes_on_where_it_was() -> None:
    feed = RealFeed(numbered(9), CPU, 7, torch.arange(9.0))
    drawn(feed, 5)
    state = {key: value.clone() if isinstance(value, Tensor) else value
             for key, value in feed.state().items()}  # fmt: skip
    expected = [drawn(feed, 5) for _ in range(6)]
    other = RealFeed(numbered(9), CPU, 0, torch.arange(9.0))
    other.restore(state)
    assert [drawn(other, 5) for _ in range(6)] == expected


@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 0, 2, 0, 1, 3, 0, 1])])
def test_samples_of_wanted_classes_are_any_of_theirs_by_their_weights(
    weights: Tensor | None,
) -> None:
    data = replace(numbered(8), train_labels=torch.tensor([2, 0, 0, 2, 2, 1, 0, 0]))
    feed, twin = (RealFeed(data, CPU, seed=0, weights=weights) for _ in range(2))
    wanted = torch.tensor([0, 1, 2]).repeat_interleave(3000)
    samples, labels = feed.of_classes(wanted)
    assert torch.equal(labels, wanted)
    share = torch.ones(8) if weights is None else weights
    for own in range(3):
        law = torch.where(torch.tensor([2, 0, 0, 2, 2, 1, 0, 0]) == own, share, 0.0)
        found = torch.bincount(samples[wanted == own, 0].long(), minlength=8) / 3000
        assert (found - law / law.sum()).abs().max() < 0.05
        assert not found[law == 0].any()
    twin.restore(feed.state())
    assert torch.equal(feed.of_classes(wanted)[0], twin.of_classes(wanted)[0])
