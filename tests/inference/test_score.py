"""Scores of what exists: those of runs, those of others, and the same in whatever form it comes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pandas as pd
import pytest
import torch
import torch_fidelity
from PIL import Image
from torch import Tensor

import ganbench
from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.plugin_files import NO_CHOICE, plugin_files
from ganbench.inference.fakes import fakes_of
from ganbench.inference.kept import find_kept
from ganbench.inference.score import opening_of
from ganbench.results.store import RunStore
from ganbench_plugins.datasets.text import ganbench_datasets

from .conftest import ACGAN

Cli = Callable[..., "CompletedProcess[str]"]

(DATASET,) = [one for one in ganbench_datasets() if one.name == "text"]

RAW = "fd[extractor=raw],kid[extractor=raw],prdc[extractor=raw]"


def images(count: int, seed: int, least: int = 0, channels: int = 3) -> Tensor:
    own = torch.Generator().manual_seed(seed)
    shape = (count, channels, 8, 8)
    return torch.randint(least, 256, shape, generator=own, dtype=torch.uint8)


def points(count: int, seed: int) -> Tensor:
    return torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("begin", "plugins"), [("vanilla", []), ("acgan", [ACGAN])])
def test_a_run_has_its_own_recorded_scores_bit_for_bit(
    runs: Path, begin: str, plugins: list[str]
) -> None:
    record = RunStore(runs).read(begin)
    frame = ganbench.score(begin, runs=runs, plugins=plugins)
    recorded = record["points"][-1]["scores"]
    of_generator = {key: one for key, one in recorded.items() if not key.startswith("d_")}
    assert dict(zip(frame["key"], frame["value"], strict=True)) == of_generator
    floors = {key: record["columns"][key]["floor"] for key in of_generator}
    assert {
        key: None if np.isnan(floor) else floor
        for key, floor in zip(frame["key"], frame["floor"].astype(float), strict=True)
    } == floors


def test_the_same_as_torch_fidelity_on_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of pixels: whatever a network makes of images, what follows is the same."""
    monkeypatch.chdir(tmp_path)
    for name, samples in (("real", images(250, 0)), ("fake", images(250, 1, least=60))):
        Path(name).mkdir()
        for place, image in enumerate(samples):
            Image.fromarray(image.permute(1, 2, 0).numpy()).save(f"{name}/{place:03}.png")

    class Pixels(torch_fidelity.FeatureExtractorBase):  # type: ignore[misc]
        def __init__(self, name: str, features: list[str], **_: object) -> None:
            super().__init__(name, features)

        @staticmethod
        def get_provided_features_list() -> tuple[str, ...]:
            return ("pixels",)

        @staticmethod
        def get_default_feature_layer_for_metric(metric: str) -> str:
            return "pixels"

        def forward(self, batch: Tensor) -> tuple[Tensor]:
            return (batch.flatten(1).double(),)

    torch_fidelity.register_feature_extractor("pixels-of-ganbench", Pixels)
    theirs = torch_fidelity.calculate_metrics(
        input1="fake",
        input2="real",
        feature_extractor="pixels-of-ganbench",
        fid=True,
        kid=True,
        kid_subsets=1,
        kid_subset_size=250,
        prc=True,
        cuda=False,
        cache=False,
        save_cpu_ram=True,
        verbose=False,
    )
    frame = ganbench.score("images:fake[side=8]", "images:real[side=8]", RAW, split="all")
    ours = frame.set_index("score")["value"]
    assert ours["FD[raw]"] == pytest.approx(theirs["frechet_inception_distance"], rel=1e-6)
    kid = theirs["kernel_inception_distance_mean"]
    assert ours["KID[raw]"] == pytest.approx(kid, rel=1e-6)
    assert ours["precision"] == pytest.approx(theirs["precision"], abs=1e-6)
    assert ours["recall"] == pytest.approx(theirs["recall"], abs=1e-6)


def test_files_arrays_and_tensors_of_either_order_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    real, fake = images(60, 0), images(50, 1)
    last = fake.movedim(1, -1).numpy()
    np.save("fake.npy", last)
    np.savez("fake.npz", samples=last, labels=np.zeros(50))
    np.save("real.npy", real.numpy())
    fakes = {
        "tensor": fake,
        "array": fake.numpy(),
        "last": last,
        "npy": "fake.npy",
        "npz": Path("fake.npz"),
    }
    frame = ganbench.score(fakes, real, RAW)
    for name in fakes:
        assert (frame[name] == frame["tensor"]).all()
    again = ganbench.score(fake, "real.npy", RAW)
    assert (again["value"] == frame["tensor"]).all()
    assert (again["n_fake"] == 50).all()


def test_a_square_of_channels_is_read_as_it_is_told() -> None:
    odd = images(40, 0).numpy()[:, :, :3, :3]
    first = ganbench.score(odd, odd, RAW, channels="first")["value"]
    same = ganbench.score(odd.transpose(0, 2, 3, 1), odd, RAW, channels="found")["value"]
    moved = ganbench.score(
        odd.transpose(0, 2, 3, 1), odd.transpose(0, 2, 3, 1), RAW, channels="last"
    )["value"]
    assert (first == moved).all()
    assert (first != same).any()


def test_fewer_fakes_are_the_same_wherever_they_are_drawn() -> None:
    real, fake = points(80, 0).double().numpy(), points(60, 1)
    fewer = ganbench.score(fake, real, "fd[extractor=raw]", fakes=30)
    assert fewer["n_fake"].tolist() == [30]
    assert fewer.equals(ganbench.score(fake.numpy(), real, "fd[extractor=raw]", fakes=30))
    whole = ganbench.score(fake, real, "fd[extractor=raw]", fakes=60)
    assert whole.equals(ganbench.score(fake, real, "fd[extractor=raw]"))


def test_a_collapse_onto_few_lines_is_one_from_a_file_as_from_an_array(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrstpz"]
    real = [f"{one} {other}" for one in words for other in words[::40]]
    fakes = {"collapsed": real[:5] * 40, "empty": ["", *real[:9]] * 20, "real": real[::7]}
    Path("real.txt").write_text("\n".join(real))
    vocabulary = DATASET.describe(path="real.txt", length=12).info.vocabulary
    scored = {}
    for name, lines in fakes.items():
        Path(f"{name}-fakes.txt").write_text("".join(f"{line}\n" for line in lines))
        np.save(f"{name}.npy", np.array([vocabulary.numbers(line, 12) for line in lines]))
        of_file, of_array = (
            ganbench.score(one, "text:real.txt[length=12]", "ngram-jsd[longest=2],distinct-n[n=2]")
            for one in (f"text:{name}-fakes.txt[length=12]", f"{name}.npy")
        )
        assert of_file.equals(of_array)
        scored[name] = of_file.set_index("score")["value"]["JSD-2"]
    assert min(scored["collapsed"], scored["empty"]) > 2 * scored["real"]
    with pytest.raises(ganbench.UsageError, match="5 different lines, which are too few"):
        ganbench.score(
            "text:collapsed-fakes.txt[length=12]",
            "text:real.txt[length=12]",
            "ngram-jsd",
            fake_split="heldout",
        )


def test_splits_are_what_they_are_called(digits: ganbench.Data) -> None:
    scores = "fd[extractor=raw]"
    for split, samples in (
        ("train", digits.train),
        ("heldout", digits.heldout),
        ("all", torch.cat([digits.train, digits.heldout])),
    ):
        named = ganbench.score("digits", "digits", scores, split="train", fake_split=split)
        given = ganbench.score(samples, digits.train, scores)
        assert named.equals(given)
    against = ganbench.score(digits.train, "digits", scores)
    assert against["key"].tolist() == ["fd/raw/input/heldout/1000x797"]


@pytest.fixture
def digits() -> ganbench.Data:
    from ganbench_plugins.datasets.digits import load

    return load()


@pytest.mark.parametrize(
    ("fake", "real", "scores", "said"),
    [
        (images(20, 0), images(20, 0, channels=1), RAW, r"samples of shape \(3, 8, 8\), .*\(1, 8"),
        (points(20, 0), images(20, 0), RAW, r"samples of shape \(2,\)"),
        (images(20, 0).float(), images(20, 0), RAW, "stored as torch.uint8.*127.5"),
        (images(20, 0).float(), images(20, 0).float(), RAW, "no kind of sample.*uint8"),
        (points(20, 0) / 0, points(20, 0), RAW, "must be finite"),
        (points(1, 0), points(20, 0), "fd[extractor=raw]", "needs 2 generated samples or more"),
        (points(0, 0), points(20, 0), "fd[extractor=raw]", "holds no samples"),
        (points(9, 0), points(20, 0), "fdd", "unknown score 'fdd'.*did you mean fd"),
        (points(9, 0), points(20, 0), "fd,", "no list of names"),
        (points(9, 0), points(20, 0), "modes", "modes"),
        (images(20, 0), images(20, 0), "fd", "classifier"),
        (points(9, 0), points(20, 0), "classes", "does not handle points"),
        (points(9, 0), points(20, 0), "near-train[extractor=raw]", "held"),
        (points(9, 0), points(20, 0), (), "no score is named"),
        (points(9, 0), None, RAW, "nothing is named to compare with"),
        ("nothing", points(20, 0), RAW, "nothing is no data set, folder or file of samples"),
        ("nothing.npy", points(20, 0), RAW, "cannot read nothing.npy"),
        (np.array(["a", "b"]), points(20, 0), RAW, "no numbers"),
        (points(9, 0) + 1j, points(20, 0), RAW, "complex64, which are no numbers"),
        (points(9, 0) > 0, points(20, 0), RAW, "bool, which are no numbers"),
        (points(9, 0).to_sparse(), points(20, 0), RAW, "as torch.sparse_coo, which are no"),
        (np.ma.masked_less(points(9, 0).numpy(), 0), points(20, 0), RAW, "has masked values"),
        (3, points(20, 0), RAW, "int is nothing to score"),
        ({}, points(20, 0), RAW, "nothing is named to score"),
        ({"floor": points(9, 0)}, points(20, 0), RAW, "'floor' is a column already"),
        (pd.DataFrame({"a": [0.0] * 9}), points(20, 0), RAW, "columns have names.*to_csv"),
        ("generator.safetensors", points(20, 0), RAW, "no generator.*generator.pt2"),
        ("own.csv", points(20, 0), RAW, "own.csv is a file: say of what; csv:own.csv"),
        ("own.txt", points(20, 0), RAW, "text:own.txt"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_its_reason(
    fake: object,
    real: object,
    scores: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("generator.safetensors", "own.csv", "own.txt"):
        Path(name).write_text("a,b\n1,2\n")
    with pytest.raises(ganbench.UsageError, match=f"(?s){said}"):
        ganbench.score(fake, real, scores)


def test_bounds_stand_under_nobody_elses_name() -> None:
    fakes = {"lr": points(40, 0), "lr low": points(40, 1)}
    with pytest.raises(ganbench.UsageError, match="'lr low' is a column already"):
        ganbench.score(fakes, points(40, 2), "fd[extractor=raw]", resamples=2)
    assert "lr low" in ganbench.score(fakes, points(40, 2), "fd[extractor=raw]").columns


@pytest.mark.parametrize("threads", [0, -1])
def test_fewer_than_one_thread_is_none(threads: int) -> None:
    with pytest.raises(ganbench.UsageError, match=f"threads is {threads}, not a positive"):
        ganbench.score(points(9, 0), points(20, 0), RAW, threads=threads)


def test_bytes_of_zero_and_one_are_doubted_in_either_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    narrow = images(20, 0) // 128
    for given in (narrow, narrow.movedim(1, -1)):
        ganbench.score(given, images(20, 1), "fd[extractor=raw]")
        assert "lie in 0..1, not in 0..255" in capsys.readouterr().err


def test_classes_of_other_data_are_not_what_a_run_was_told(
    runs: Path, digits: ganbench.Data, capsys: pytest.CaptureFixture[str]
) -> None:
    """The scores would take its class 1 for theirs, and drop those that they do not have."""
    kept = find_kept(
        "acgan", runs, open_catalogue(NO_CHOICE.plus(files=plugin_files([ACGAN])), print), print
    )
    said: list[str] = []
    opening = opening_of(kept.opened.catalogue, runs, "cpu", remark=said.append)
    of_ten = fakes_of(kept, "acgan", digits.info, 20, opening)
    assert of_ten.labels is not None
    assert not said
    of_two = fakes_of(kept, "acgan", replace(digits.info, name="halves", classes=2), 20, opening)
    assert of_two.labels is None
    assert said == ["its classes are not those of halves: what it was told is left out"]


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_than_one_fake_is_none(count: int) -> None:
    with pytest.raises(ganbench.UsageError, match=f"{count} fakes are no samples"):
        ganbench.score(points(9, 0), points(20, 0), RAW, fakes=count)


def test_files_that_hold_no_samples_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("junk.npy").write_bytes(b"junk")
    Path("junk.npz").write_bytes(b"PK junk")
    np.save("objects.npy", np.array([{}]), allow_pickle=True)
    np.savez("two.npz", a=np.zeros((9, 2)), b=np.zeros((9, 2)))
    for name in ("junk.npy", "junk.npz", "objects.npy"):
        with pytest.raises(ganbench.UsageError, match=f"{name} is no file of numbers"):
            ganbench.score(name, points(20, 0), RAW)
    with pytest.raises(ganbench.UsageError, match="holds 2 arrays of samples: a, b"):
        ganbench.score("two.npz", points(20, 0), RAW)


def test_a_run_is_scored_against_samples_of_its_own_kind_alone(runs: Path) -> None:
    with pytest.raises(
        ganbench.UsageError, match=r"run vanilla.* holds points of shape \(2,\), .*\(3, 8"
    ):
        ganbench.score("vanilla", images(20, 0), RAW, runs=runs)
    with pytest.raises(ganbench.UsageError, match="vanilla is a generator: it cannot be what"):
        ganbench.score(points(20, 0), "vanilla", RAW, runs=runs)
    against = ganbench.score("vanilla", points(20, 0), "fd[extractor=raw]", runs=runs)
    assert against["key"].tolist() == ["fd/raw/input/train/20x300"]


NOSY = """
from ganbench import Measurement, ScoreSpec, hookimpl


def compute(evaluation):
    logits = evaluation.logits(evaluation.real)
    return [Measurement(key="nosy", label="nosy", value=float(logits.mean()))]


@hookimpl
def ganbench_scores():
    modalities = ("points",)
    return [ScoreSpec(name="nosy", description="Nosy.", modalities=modalities, compute=compute)]
"""


def test_a_score_that_looks_at_the_discriminator_has_none_to_look_at(
    runs: Path, tmp_path: Path
) -> None:
    (tmp_path / "nosy.py").write_text(NOSY)
    for fake, said in (
        ("vanilla", "looks at more of vanilla than its generator, which alone is kept"),
        (points(9, 0), "come without a discriminator"),
    ):
        with pytest.raises(ganbench.UsageError, match=said):
            ganbench.score(fake, "ring8", "nosy", runs=runs, plugins=[tmp_path / "nosy.py"])


def test_a_score_of_the_task_that_looks_at_the_discriminator_is_left_out_and_told(
    runs: Path, ganbench_cli: Cli
) -> None:
    done = ganbench_cli("score", "vanilla", "--runs", str(runs))
    assert done.returncode == 0, done.stderr
    assert "sliced W2" in done.stdout
    assert "D AUC" not in done.stdout
    told = "score discriminator is left out: it looks at more than the generator that is kept"
    assert done.stderr.count(told) == 1


def test_the_command_has_a_column_for_each_fake(
    runs: Path, ganbench_cli: Cli, tmp_path: Path
) -> None:
    np.save(tmp_path / "mine.npy", points(300, 1).numpy())
    given = ["vanilla", "mine.npy", "--against", "ring8", "--runs", str(runs)]
    done = ganbench_cli("score", *given, "--scores", "sliced-w2,modes", "--json")
    told = json.loads(done.stdout)
    assert told["real"] == {"name": "ring8", "split": "heldout", "samples": 10_000}
    assert all(set(row["values"]) == {"vanilla", "mine.npy"} for row in told["scores"])
    (distance,) = [row for row in told["scores"] if row["label"] == "sliced W2²"]
    assert distance["values"]["mine.npy"] > distance["floor"] > 0
    printed = ganbench_cli("score", *given, "--scores", "sliced-w2", "--fakes", "200")
    assert printed.stdout.splitlines()[0] == "against 10,000 samples of ring8 (heldout)"
    assert printed.stdout.splitlines()[1].split()[-2:] == ["vanilla", "mine.npy"]


def test_the_floor_that_is_shown_is_the_measured_one(ganbench_cli: Cli, tmp_path: Path) -> None:
    """Of fewer samples than features the formula is a third below what real samples have."""
    own = np.random.RandomState(0)
    for name, count in (("real", 400), ("fake", 100)):
        samples = own.standard_normal((count, 200)).astype(np.float32)
        np.save(tmp_path / f"{name}.npy", samples)
    given = ["score", "fake.npy", "--against", "real.npy", "--scores", "fd[extractor=raw]"]
    (row,) = json.loads(ganbench_cli(*given, "--json").stdout)["scores"]
    assert row["floor"] < 0.8 * row["measured_floor"]
    assert row["measured_floor"] == pytest.approx(row["values"]["fake.npy"], rel=0.1)
    printed = ganbench_cli(*given).stdout
    assert f" {row['measured_floor']:.4g} ± {row['floor_error']:.2g} " in printed
    frame = ganbench.score(
        np.load(tmp_path / "fake.npy"), np.load(tmp_path / "real.npy"), given[-1]
    )
    assert frame["measured_floor"][0] == row["measured_floor"]


def test_fakes_of_other_numbers_share_no_row(ganbench_cli: Cli, tmp_path: Path) -> None:
    for name, count in (("a", 40), ("b", 50)):
        np.save(tmp_path / f"{name}.npy", points(count, 1).numpy())
    given = ["score", "a.npy", "b.npy", "--against", "b.npy", "--scores", "fd[extractor=raw]"]
    done = ganbench_cli(*given, "--resamples", "0")
    assert [line.split()[-2:].count("-") for line in done.stdout.splitlines()[2:]] == [1, 1]
    assert "--fakes N takes N of each" in done.stderr
    assert "share no row" not in ganbench_cli(*given, "--fakes", "40").stderr
    whole = ganbench_cli("score", "a.npy", "--against", "ring8", "--split", "all", *given[-2:])
    assert whole.stdout.startswith("against 110,000 samples of ring8 (all)")
    assert ganbench_cli("score", "a.npy", "a.npy", "--against", "b.npy").returncode == 2
    assert ganbench_cli("score", "c.npy", "--against", "b.npy", "--scores", "fd").returncode == 2
