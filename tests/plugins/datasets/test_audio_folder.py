"""Folders of sounds: every form of WAV, other formats, splits, classes, and what is refused."""

from __future__ import annotations

import shlex
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import wavfile

from ganbench import MissingData, UsageError
from ganbench_plugins.datasets import debian_sounds, sounds
from ganbench_plugins.datasets.audio_folder import (
    PARAMETERS,
    describe,
    ganbench_datasets,
    load,
    prepare,
)
from ganbench_plugins.datasets.clips import fitted, resampled, trimmed

RATE = 8_000


def tone(hertz: float, seconds: float = 0.3, rate: int = RATE) -> Any:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def write(path: Path, sound: Any, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    wavfile.write(path, rate, np.asarray(sound * 32_767, dtype=np.int16))


def settings(folder: Path, **changed: Any) -> dict[str, Any]:
    defaults = {name: one.default for name, one in PARAMETERS.items()}
    return {**defaults, "path": str(folder), **changed}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place in range(20):
        write(tmp_path / "low" / f"{place}.wav", tone(200 + place))
        write(tmp_path / "high" / f"{place}.wav", tone(2_000 + place))
    return tmp_path


def test_what_is_told_is_what_is_loaded(folder: Path) -> None:
    told, data = describe(**settings(folder)), load(**settings(folder))
    assert told.info == data.info
    assert (told.train, told.heldout) == (len(data.train), len(data.heldout))
    assert len(data.train) + len(data.heldout) == 40
    assert (data.info.shape, data.info.rate, data.info.classes) == ((1, 4096), 8_000, 2)
    assert "40 sounds of 2 classes" in told.notes[-1]
    assert data.train_labels is not None
    spectra = np.abs(np.fft.rfft(data.train[:, 0].double().numpy()))
    pitch = spectra.argmax(axis=1) * RATE / 4096
    assert ((pitch > 1_000) == (data.train_labels.numpy() == 0)).all()  # high, low


def test_a_name_and_a_content_make_another_fingerprint(folder: Path) -> None:
    before = describe(**settings(folder)).fingerprint
    (folder / "low" / "0.wav").rename(folder / "low" / "00.wav")
    renamed = describe(**settings(folder)).fingerprint
    write(folder / "low" / "00.wav", tone(777))
    assert len({before, renamed, describe(**settings(folder)).fingerprint}) == 3


def test_folders_tell_the_split(tmp_path: Path) -> None:
    for place in range(3):
        write(tmp_path / "train" / f"{place}.wav", tone(300))
    write(tmp_path / "test" / "x.wav", tone(900))
    data = load(**settings(tmp_path))
    assert (len(data.train), len(data.heldout), data.train_labels) == (3, 1, None)


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "float32"])
def test_every_form_of_wav_is_the_same_sound(tmp_path: Path, kind: str) -> None:
    sound = tone(440)
    scale = {"uint8": 127, "int16": 32_767, "int32": 2**31 - 1, "float32": 1}[kind]
    stored = (sound * scale + (128 if kind == "uint8" else 0)).astype(kind)
    wavfile.write(tmp_path / "a.wav", RATE, stored)
    found, rate = sounds.read(str(tmp_path / "a.wav"))
    assert rate == RATE
    assert np.abs(found[0] - sound).max() < (0.02 if kind == "uint8" else 1e-4)


def test_what_was_written_to_a_pipe_ends_with_its_file(tmp_path: Path) -> None:
    """Such a file says that its samples are as long as can be; a shorter one is cut off."""
    file = tmp_path / "a.wav"
    wavfile.write(file, RATE, (tone(440) * 32_767).astype(np.int16))
    content = file.read_bytes()
    place = content.index(b"data") + 4
    note = b"LIST" + (5).to_bytes(4, "little") + b"INFOx\0"  # padded to an even length
    for size, known in ((0xFFFFFFFF, True), (10**6, False)):
        told = size.to_bytes(4, "little")
        head = b"RIFF" + told + content[8 : place - 4]
        file.write_bytes(head + note + b"data" + told + content[place + 4 :])
        if known:
            assert sounds.read(str(file))[0].shape == (1, int(0.3 * RATE))
        else:
            with pytest.raises(sounds.Unreadable, match="is cut off"):
                sounds.read(str(file))


def test_rate_length_and_channels_are_as_asked(tmp_path: Path) -> None:
    stereo = np.stack([tone(500, 1.0, 44_100), 0 * tone(500, 1.0, 44_100)], axis=1)
    for place in range(6):
        write(tmp_path / f"{place}.wav", stereo[place:], 44_100)
    mono = load(**settings(tmp_path, rate=16_000, length=1024))
    both = load(**settings(tmp_path, rate=16_000, length=1024, mono=False))
    assert mono.info.shape == (1, 1024)
    assert both.info.shape == (2, 1024)
    assert not both.train[:, 1].any()
    assert both.info.name.endswith("[length=1024,mono=false,rate=16000]")
    levels = [float(one.train.double().abs().max()) for one in (mono, both)]
    assert levels[0] == pytest.approx(levels[1] / 2, rel=0.02)


def test_damaged_files_are_all_named(folder: Path) -> None:
    (folder / "low" / "bad.wav").write_bytes(b"RIFF\0\0\0\0WAVEnothing")
    wavfile.write(folder / "low" / "empty.wav", RATE, np.zeros(0, dtype=np.int16))
    still = bytearray((folder / "low" / "0.wav").read_bytes())
    still[24:32] = bytes(8)  # samples and bytes per second
    (folder / "low" / "still.wav").write_bytes(still)
    with pytest.raises(UsageError, match="3 of 43 sounds cannot be used") as caught:
        load(**settings(folder))
    assert "bad.wav" in str(caught.value)
    assert "still.wav tells 0 samples per second" in str(caught.value)
    assert "empty.wav holds no samples" in str(caught.value)


def test_all_damaged_files_are_named_before_runs_with_what_removes_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sounds, "find_spec", lambda name: None)
    bad = [folder / "low" / f"bad {place}.wav" for place in range(8)]
    for path in bad[:6]:
        path.write_bytes(b"RIFF\0\0\0\0WAVEnothing")
    bad[6].write_bytes(b"")
    bad[7].write_bytes((folder / "low" / "0.wav").read_bytes()[:100])
    describe(**settings(folder))  # an empty file asks for no package
    (spec,) = ganbench_datasets()
    assert spec.prepare is not None
    with pytest.raises(UsageError, match="8 of 48 sounds cannot be used") as caught:
        list(spec.prepare(**settings(folder)))
    assert f"{bad[6]} is empty" in caught.value.message
    assert f"{bad[7]} is cut off" in caught.value.message
    typed = (caught.value.hint or "").partition("this removes them: ")[2]
    assert shlex.split(typed)[2:] == [str(path) for path in bad]
    for path in bad:
        path.unlink()
    assert list(spec.prepare(**settings(folder))) == []


def test_sounds_that_are_all_the_same_are_told(tmp_path: Path) -> None:
    for place in range(3):
        write(tmp_path / "train" / f"{place}.wav", np.zeros(100))
        write(tmp_path / "test" / f"{place}.wav", tone(200 + place))
    assert list(prepare(**settings(tmp_path))) == [
        f"{tmp_path}: all sounds to train on are the same"
    ]


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="audio needs a folder"):
        describe(**settings(Path(), path=""))
    (tmp_path / "notes.txt").write_text("no sound")
    with pytest.raises(MissingData, match=r"holds no sounds, only 1 \.txt"):
        describe(**settings(tmp_path))
    (tmp_path / "a.flac").write_bytes(b"fLaC")
    monkeypatch.setattr(sounds, "find_spec", lambda name: None)
    with pytest.raises(MissingData, match=r"pip install 'ganbench\[audio\]'"):
        describe(**settings(tmp_path))


@pytest.mark.skipif(find_spec("soundfile") is None, reason="needs: pip install soundfile")
@pytest.mark.parametrize("suffix", ["flac", "aiff", "wav"])
def test_other_formats_whatever_their_names(tmp_path: Path, suffix: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    soundfile.write(tmp_path / f"a.{suffix}", tone(440), RATE, format="AIFF")
    found, rate = sounds.read(str(tmp_path / f"a.{suffix}"))
    assert rate == RATE
    assert np.abs(found[0] - tone(440)).max() < 1e-4


def test_silence_is_cut_off_and_put_behind() -> None:
    sound = np.concatenate([np.zeros(100), np.ones(50), np.zeros(70)])[None]
    assert trimmed(sound).shape == (1, 50)
    assert trimmed(0 * sound).shape == (1, 0)
    assert fitted(trimmed(sound), 80, RATE)[0].tolist() == [1.0] * 50 + [0.0] * 30


def test_what_is_too_long_fades_out() -> None:
    cut = fitted(np.ones((1, 500)), 400, RATE)[0]
    assert cut[:336].tolist() == [1.0] * 336
    assert cut[-1] == 0
    assert (np.diff(cut[336:]) < 0).all()


def test_pitches_above_half_of_the_new_rate_are_gone() -> None:
    kept, gone = (
        resampled(tone(hertz, 1.0, 22_050)[None], 22_050, RATE) for hertz in (1_000, 6_000)
    )
    assert kept.shape == (1, 8_000)
    assert np.abs(gone[:, 100:-100]).max() < 0.01 * np.abs(kept).max()


def kit(folder: Path) -> None:
    """A drum kit as Hydrogen has it."""
    instruments = []
    for name in ("Kick Low", "Snare Jazz", "Closed HH", "Tom 1", "Crash", "Maraca"):
        for place in range(5):
            file = f"{name}{place}.wav".replace(" ", "")
            write(folder / "kit" / file, tone(300 + 10 * place))
            instruments.append(
                f"<instrument><name>{name}</name><layer><filename>{file}</filename></layer>"
                "</instrument>"
            )
    xml = f"<drumkit_info xmlns='x'><name>k</name>{''.join(instruments)}</drumkit_info>"
    (folder / "kit" / "drumkit.xml").write_text(xml)


def test_drums_have_the_kinds_that_their_names_tell(tmp_path: Path) -> None:
    kit(tmp_path)
    (source, _) = debian_sounds.SOURCES
    here = replace(source, folder=tmp_path)
    data = debian_sounds.load(here, rate=8_000, length=4_096)
    assert data.train_labels is not None
    assert torch.bincount(data.train_labels).tolist() == [4] * 6
    assert len(data.heldout) == 6


@pytest.mark.parametrize(("place", "package"), [(0, "hydrogen-drumkits"), (1, "klettres-data")])
def test_packages_that_are_missing_are_named(tmp_path: Path, place: int, package: str) -> None:
    here = replace(debian_sounds.SOURCES[place], folder=tmp_path / "nowhere")
    with pytest.raises(MissingData) as caught:
        debian_sounds.check(here)
    assert f"apt-get install {package}" in str(caught.value)


def test_sounds_that_are_held_out_and_trained_on_are_told(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for hertz in (200, 300):
            write(tmp_path / split / f"{hertz}.wav", tone(hertz))
    told = describe(**settings(tmp_path)).notes[-1]
    assert "2 of the held-out ones also to train on" in told


def test_a_sound_with_nan_is_refused_whatever_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.caf").write_bytes(b"caff")
    spoiled = tone(200)[None].copy()
    spoiled[0, 7] = np.nan
    monkeypatch.setattr(sounds, "_other", lambda _: (spoiled, RATE))
    with pytest.raises(sounds.Unreadable, match="NaN"):
        sounds.read(str(tmp_path / "a.caf"))
