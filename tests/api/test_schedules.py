"""Learning-rate policies: their values, their ends, and how a recipe takes them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench import Optimiser, Training, UsageError, schedules

ADAM = Optimiser(lr=1.0)
FRACTIONS = st.floats(0, 1)
POLICIES = [
    schedules.constant,
    schedules.linear,
    schedules.cosine,
    schedules.exponential(0.01),
    schedules.stepwise([0.5, 0.75], 0.1),
]


@given(FRACTIONS)
def test_closed_forms(fraction: float) -> None:
    assert schedules.constant(fraction) == 1
    assert schedules.linear(fraction) == 1 - fraction
    assert schedules.cosine(fraction) == pytest.approx(math.cos(math.pi * fraction / 2) ** 2)
    assert schedules.exponential(0.01)(fraction) == pytest.approx(10 ** (-2 * fraction))


def test_steps_are_taken_where_they_stand() -> None:
    policy = schedules.stepwise([0.5, 0.75], 0.1)
    values = {0.0: 1, 0.4999: 1, 0.5: 0.1, 0.74: 0.1, 0.75: 0.01, 1.0: 0.01}
    for fraction, value in values.items():
        assert policy(fraction) == pytest.approx(value)


@pytest.mark.parametrize("policy", POLICIES)
@given(one=FRACTIONS, other=FRACTIONS)
def test_none_of_them_rises_or_leaves_its_range(
    policy: schedules.Schedule, one: float, other: float
) -> None:
    early, late = sorted((one, other))
    assert 0 <= policy(late) <= policy(early) <= policy(0.0) == 1


@given(share=st.floats(0.01, 0.99), fraction=FRACTIONS)
def test_a_warm_up_rises_from_0_and_leaves_the_rest_to_what_follows(
    share: float, fraction: float
) -> None:
    policy = schedules.warmup(share, schedules.cosine)
    if fraction < share:
        assert policy(fraction) == pytest.approx(fraction / share)
    else:
        assert policy(fraction) == schedules.cosine((fraction - share) / (1 - share))
    assert policy(0.0) == 0
    assert policy(share) == 1
    assert policy(1.0) == pytest.approx(0, abs=1e-12)
    assert schedules.warmup(share)(1.0) == 1


@pytest.mark.parametrize("name", ["constant", "linear", "cosine"])
def test_a_recipe_names_some_by_a_word_and_takes_any(name: str) -> None:
    named = Training(generator=ADAM, discriminator=ADAM, schedule=name)  # type: ignore[arg-type]
    given = Training(generator=ADAM, discriminator=ADAM, schedule=getattr(schedules, name))
    for fraction in (0.0, 0.3, 1.0):
        expected = getattr(schedules, name)(fraction)
        assert named.rate_factor(fraction) == given.rate_factor(fraction) == expected


def test_an_average_is_given_by_its_decay_or_by_its_half_life() -> None:
    def training(**options: float) -> Training:
        return Training(generator=ADAM, discriminator=ADAM, batch_size=50, **options)  # type: ignore[arg-type]

    assert training().average_decay == 0
    assert training(ema=0.9).average_decay == 0.9
    decay = training(ema_half_life=500.0).average_decay
    assert decay**10 == pytest.approx(0.5)  # after 10 batches of 50 images
    wide = Training(
        generator=ADAM, discriminator=ADAM, batch_size=50, generator_batch_size=100,
        ema_half_life=500.0,
    )  # fmt: skip
    assert wide.average_decay**5 == pytest.approx(0.5)
    with pytest.raises(UsageError, match="ema and ema_half_life are both given"):
        training(ema=0.9, ema_half_life=500.0)
