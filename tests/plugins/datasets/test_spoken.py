"""Spoken digits: the same in every process, balanced, and each word another."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from ganbench import MissingData
from ganbench_plugins.datasets import espeak, spoken

needs_espeak = pytest.mark.skipif(
    find_spec("espeakng_loader") is None, reason="needs: pip install espeakng-loader"
)


@needs_espeak
def test_processes_say_the_same() -> None:
    some = spoken.utterances()[::50]
    first, second = espeak.say(some), espeak.say(some)
    assert len(first) == len(some)
    for one, other in zip(first, second, strict=True):
        assert one.dtype == np.int16
        assert np.array_equal(one, other)


@needs_espeak
def test_voices_that_breathe_are_left_out() -> None:
    names = espeak.voices()
    assert names == sorted(names)
    assert len(names) > 80
    assert not {"whisper", "whisperf", "f2"} & {*names}


@needs_espeak
def test_an_unknown_voice_is_told() -> None:
    one = espeak.Utterance(text="one", voice="nobody", speed=200, pitch=50)
    with pytest.raises(RuntimeError, match="it has no voice nobody"):
        espeak.say([one])


@needs_espeak
def test_splits_are_balanced_and_share_no_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    data = spoken.load()
    assert (data.train.shape, data.heldout.shape) == ((4_000, 1, 4_096), (1_000, 1, 4_096))
    assert data.train.dtype == torch.int16
    assert data.train_labels is not None
    assert data.heldout_labels is not None
    assert torch.bincount(data.train_labels).tolist() == [400] * 10
    assert torch.bincount(data.heldout_labels).tolist() == [100] * 10
    clips = {one.numpy().tobytes() for one in data.train}
    assert not clips & {one.numpy().tobytes() for one in data.heldout}
    monkeypatch.setattr(spoken, "_spoken", None)
    assert torch.equal(spoken.load().heldout, data.heldout)


@needs_espeak
def test_every_digit_is_said_by_all_voices() -> None:
    for start in range(0, 5_000, spoken.EACH):
        said = spoken.utterances()[start : start + spoken.EACH]
        assert {one.text for one in said} == {spoken.WORDS[start // spoken.EACH]}
        assert {one.voice.partition("+")[2] for one in said} == {*espeak.voices()}


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(spoken, "version", absent)
    with pytest.raises(MissingData, match=r"pip install 'ganbench\[speech\]'"):
        spoken.load()
