"""Leases: never two at a time, whatever is asked in which order; no clock but the test's."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.storage.bucket import Bucket
from ganbench.storage.lease import SKEW_SECONDS, Lease, lease_numbers, read_held

TERM = 60.0
OVER = TERM + SKEW_SECONDS


class Clock:
    """Unix time as a test says."""

    def __init__(self) -> None:
        self.now = 1e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lease(store_url: str, clock: Clock) -> Callable[[str], Lease]:
    bucket = Bucket(store_url)
    return lambda owner: Lease(bucket, "run", owner, TERM, clock)


def test_one_has_it_until_it_runs_out(lease: Callable[[str], Lease], clock: Clock) -> None:
    ours, theirs = lease("we"), lease("they")
    assert ours.advance()
    assert not theirs.advance()
    clock.now += OVER
    assert not theirs.advance()  # at the last moment
    clock.now += 0.001
    assert theirs.advance()
    assert theirs.previous == "we"
    assert not ours.advance()


def test_who_renews_keeps_it(lease: Callable[[str], Lease], clock: Clock) -> None:
    ours, theirs = lease("we"), lease("they")
    for _ in range(5):
        assert ours.advance()
        assert ours.until == clock.now + TERM
        clock.now += TERM - 1
        assert not theirs.advance()


def test_who_was_taken_over_stays_so(lease: Callable[[str], Lease], clock: Clock) -> None:
    """Its state is old by then, though the other's lease has run out as well."""
    ours, theirs = lease("we"), lease("they")
    assert ours.advance()
    clock.now += OVER + 1
    assert theirs.advance()
    clock.now += OVER + 1
    assert not ours.advance()
    assert lease("we").advance()


def test_who_overslept_and_was_not_missed_goes_on(
    lease: Callable[[str], Lease], clock: Clock
) -> None:
    ours = lease("we")
    assert ours.advance()
    clock.now += 10 * OVER
    assert ours.advance()
    assert not lease("they").advance()


def test_what_is_given_back_can_be_had_at_once(lease: Callable[[str], Lease]) -> None:
    ours, theirs = lease("we"), lease("they")
    assert ours.advance()
    ours.release()
    assert theirs.advance()
    assert theirs.previous == "we"
    ours.release()  # it is no longer ours
    assert not lease("others").advance()


def test_another_command_of_the_same_owner_goes_on_at_once(
    lease: Callable[[str], Lease],
) -> None:
    """One that was killed and is started again; files and locks keep two of them apart."""
    first, second = lease("we"), lease("we")
    assert first.advance()
    assert second.advance()
    assert second.previous == "we"
    assert first.advance()
    assert not lease("they").advance()


def test_a_chain_is_one_object_at_rest(store_url: str, clock: Clock) -> None:
    bucket = Bucket(store_url)
    ours = Lease(bucket, "run", "we", TERM, clock)
    for _ in range(12):
        assert ours.advance()
    assert list(bucket.listing()) == ["run/lease-0012.json"]
    held = read_held(bucket.read("run/lease-0012.json") or b"")
    assert held is not None
    assert (held.owner, held.until) == ("we", clock.now + TERM)


def test_who_slept_between_looking_and_creating_has_nothing(store_url: str, clock: Clock) -> None:
    """The number that it creates had been there, and was removed: the chain has gone on."""
    bucket = Bucket(store_url)
    sleeper, ours = (Lease(bucket, "run", one, TERM, clock) for one in ("sleeper", "we"))
    assert ours.advance()
    clock.now += OVER + 1
    numbers = sleeper._numbers()  # and falls asleep
    for _ in range(3):
        assert ours.advance()
    assert numbers == [1]
    assert not sleeper._create(2, clock.now + TERM, numbers)
    assert ours.advance()
    assert list(bucket.listing()) == ["run/lease-0005.json"]


def test_a_damaged_lease_keeps_nobody_out(store_url: str, clock: Clock) -> None:
    bucket = Bucket(store_url)
    assert bucket.create("run/lease-0003.json", b"\xff")
    ours = Lease(bucket, "run", "we", TERM, clock)
    assert ours.advance()
    assert ours.previous is None


def test_numbers_are_read_from_names() -> None:
    names = [
        "lease-0001.json",
        "lease-12345.json",
        "lease-x.json",
        "lease-0001.json.tmp",
        "log.txt",
    ]
    assert lease_numbers(names) == [1, 12345]


STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["advance", "release", "sleep"])), max_size=40
)


@given(STEPS, st.data())
def test_no_two_ever_have_it(steps: list[tuple[str, str]], data: st.DataObject) -> None:
    clock, bucket = Clock(), Bucket(f"memory://lab-{secrets.token_hex(6)}")
    leases: dict[str, Any] = {one: Lease(bucket, "run", one, TERM, clock) for one in "abc"}
    for owner, step in steps:
        if step == "sleep":
            clock.now += data.draw(st.floats(0.0, 2 * OVER))
        elif step == "release":
            leases[owner].release()
            leases[owner].until = 0.0
        elif not leases[owner].advance():
            # Who is refused stops, and begins anew.
            leases[owner] = Lease(bucket, "run", owner, TERM, clock)
        assert sum(clock.now <= one.until for one in leases.values()) <= 1
