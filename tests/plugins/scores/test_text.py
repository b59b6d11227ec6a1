"""Scores of texts: floors on real data, and known failures told apart as the document shows."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ganbench import Data
from ganbench.api.errors import UsageError
from ganbench.api.scores import Measurement
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench.wording import number
from ganbench_plugins.datasets.text import NUMBERED, unicode_names
from ganbench_plugins.extractors.char_lm import build
from ganbench_plugins.networks.ngram import NGram, table
from ganbench_plugins.scores import distances
from ganbench_plugins.scores.kernels.ngrams import Grams, divergence, shuffled
from ganbench_plugins.scores.language_models import (
    INVERSES,
    above,
    language_model,
    temperature_sweep,
)
from ganbench_plugins.scores.text import bleu, distinct_n, ngram_jsd, overlap

CPU = torch.device("cpu")
FAKES = 2_048
DOCUMENT = Path(__file__).parents[3] / "docs" / "text.md"
COLUMNS = {
    "JSD-4": "ngram_jsd_4",
    "FD": "fd",
    "LM": "lm_4",
    "reverse LM": "lm_reverse_4",
    "BLEU": "bleu",
    "self-BLEU": "self_bleu",
    "distinct-4": "distinct_4",
    "in train": "in_train",
    "in held-out": "in_held-out",
}


@functools.cache
def names() -> Data:
    """Half of the train split is to be trained on; the other half stands for the law itself."""
    data = unicode_names().data()
    return Data(info=data.info, train=data.train[::2], heldout=data.heldout)


@functools.cache
def side() -> RealSide:
    return RealSide(names(), "heldout", CPU, lambda _: build(names(), CPU))


def law() -> Tensor:
    return unicode_names().data().train[1::2]


def failures() -> dict[str, Tensor]:
    """Texts of known faults."""
    data, fresh = names(), law()
    size = data.info.shape[1]
    end = size - 1
    random = torch.Generator().manual_seed(0)
    noise = torch.randint(end, (FAKES, data.info.shape[0]), generator=random)
    lengths = (fresh[:FAKES] != end).sum(dim=1, keepdim=True)
    noise = noise.masked_fill(torch.arange(noise.shape[1]) >= lengths, end)
    half = fresh[fresh[:, 0] <= fresh[:, 0].median()]
    return {
        "the law": fresh[:FAKES],
        "copies of training lines": data.train[:FAKES],
        "half of the alphabet at the start": half[:FAKES],
        "50 lines, again and again": fresh[torch.arange(FAKES) % 50],
        "one line": fresh[:1].repeat(FAKES, 1),
        "shuffled characters": shuffled(fresh[:FAKES], end, seed=1),
        "noise": noise,
    }


def measured(fakes: Tensor) -> dict[str, Measurement]:
    snapshot = Snapshot(side(), fakes)
    found = [
        *ngram_jsd(snapshot, longest=4),
        *distances.frechet(snapshot, extractor="char-lm"),
        *language_model(snapshot, n=4),
        *bleu(snapshot),
        *distinct_n(snapshot, n=4),
        *overlap(snapshot),
        *temperature_sweep(snapshot, n=4, each=False),
    ]
    return {one.key.partition("/")[0]: one for one in found}


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, Measurement]]:
    return {name: measured(fakes) for name, fakes in failures().items()}


@pytest.fixture(scope="module")
def values(results: dict[str, dict[str, Measurement]]) -> dict[str, dict[str, float]]:
    return {name: {key: one.value for key, one in found.items()} for name, found in results.items()}


def markdown(values: Mapping[str, Mapping[str, float]]) -> str:
    lines = [f"| texts | {' | '.join(COLUMNS)} |", f"|---|{'--:|' * len(COLUMNS)}"]
    for name, found in values.items():
        cells = [number(found[key]) for key in COLUMNS.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


@pytest.mark.whole
def test_the_document_shows_what_is_computed(values: dict[str, dict[str, float]]) -> None:
    _, _, rest = DOCUMENT.read_text("utf-8").partition("<!-- known failures -->\n")
    told, found = rest.partition("\n\n")[0].splitlines(), markdown(values).splitlines()
    assert len(told) == len(found), markdown(values)
    for own, other in zip(told, found, strict=True):
        one, two = (
            [float(cell) for cell in re.findall(r"(?<=\| )-?[\d.]+(?:e-?\d+)?(?= \|)", line)]
            for line in (own, other)
        )
        assert own.split("|")[1] == other.split("|")[1], markdown(values)
        assert one == pytest.approx(two, rel=0.1, abs=0.02), markdown(values)


BAD = ("half of the alphabet at the start", "50 lines, again and again", "shuffled characters")


@pytest.mark.parametrize("name", [*BAD, "one line", "noise"])
def test_distances_see_every_failure_but_copies(
    name: str, results: dict[str, dict[str, Measurement]]
) -> None:
    fine, bad = results["the law"], results[name]
    for key in ("ngram_jsd_4", "lm_reverse_4", "fd"):
        assert bad[key].value > 1.1 * fine[key].value
    floor, spread = fine["ngram_jsd_4"].floor, fine["ngram_jsd_4"].floor_spread
    assert floor is not None
    assert spread is not None
    assert abs(fine["ngram_jsd_4"].value - floor) < 5 * spread
    assert bad["ngram_jsd_4"].value > floor + 10 * spread


def test_each_failure_is_told_by_its_own_score(values: dict[str, dict[str, float]]) -> None:
    fine = values["the law"]
    copied, few = values["copies of training lines"], values["50 lines, again and again"]
    assert copied["in_train"] == 1
    assert copied["in_held-out"] == fine["in_train"] == fine["in_held-out"] == 0
    assert copied["ngram_jsd_4"] == pytest.approx(fine["ngram_jsd_4"], rel=0.1)  # its blind spot
    assert few["self_bleu"] == pytest.approx(1)
    assert fine["self_bleu"] < 0.95
    assert few["distinct_4"] < fine["distinct_4"] / 4
    assert few["lm_4"] == pytest.approx(fine["lm_4"], rel=0.3)  # every line is a good one
    assert few["lm_reverse_4"] > fine["lm_reverse_4"] + 1
    mixed, noise = values["shuffled characters"], values["noise"]
    assert mixed["ngram_jsd_1"] == pytest.approx(fine["ngram_jsd_1"], abs=1e-3)
    assert noise["ngram_jsd_1"] > 0.1
    assert noise["distinct_4"] > fine["distinct_4"]  # its blind spot
    assert mixed["lm_4"] > fine["lm_4"] + 1
    assert values["one line"]["self_bleu"] == pytest.approx(1)


PUBLISHED = {  # m held-out lines against 16,785, without padding
    (640, 4): 0.139,
    (2_048, 2): 0.0038,
    (2_048, 3): 0.029,
    (2_048, 4): 0.077,
    (8_192, 4): 0.040,
}
SHUFFLED = {2: 0.20, 3: 0.54, 4: 0.87}


@functools.cache
def as_published() -> Tensor:
    """All names, cut at 32, in an order of no meaning: those that are alike after the cut as often
    as they come, so that a third of the held-out lines are training lines as well."""
    data = unicode_names().data()
    vocabulary = data.info.vocabulary
    assert vocabulary is not None
    every = (unicodedata.name(chr(code), "") for code in range(sys.maxunicode + 1))
    lines = [name[:32] for name in every if name and not name.startswith(NUMBERED)]
    texts = torch.tensor([vocabulary.numbers(line, 32) for line in lines])
    return texts[torch.randperm(len(texts), generator=torch.Generator().manual_seed(0))]


def floor(texts: Tensor, train: Tensor, n: int) -> float:
    size = names().info.shape[1]
    return divergence(Grams.of(texts, n, size, size - 1), Grams.of(train, n, size, size - 1))


@pytest.mark.parametrize(("lines", "n"), PUBLISHED)
def test_floors_are_those_that_others_have_measured(lines: int, n: int) -> None:
    """On another choice of the names: hence within a tenth."""
    texts = as_published()
    sets = texts[:8_192].split(lines)[:4]
    found = sum(floor(one, texts[8_192:], n) for one in sets) / len(sets)
    assert found == pytest.approx(PUBLISHED[lines, n], rel=0.1)


def test_lines_in_both_splits_would_lower_the_floor() -> None:
    data, texts = unicode_names().data(), as_published()
    apart = floor(data.heldout[:2_048], data.train, 4)
    assert apart > 1.05 * floor(texts[:2_048], texts[8_192:], 4)


@pytest.mark.parametrize("n", SHUFFLED)
def test_caps_are_those_that_others_have_measured(n: int) -> None:
    data = unicode_names().data()
    mixed = shuffled(data.heldout[:2_048], data.info.shape[1] - 1, seed=0)
    assert floor(mixed, data.train, n) == pytest.approx(SHUFFLED[n], rel=0.05)


def test_the_cap_of_single_characters_is_none(results: dict[str, dict[str, Measurement]]) -> None:
    found = results["the law"]
    assert found["ngram_jsd_1"].cap is None
    caps = [found[f"ngram_jsd_{n}"].cap or 0.0 for n in (2, 3, 4)]
    assert caps == sorted(caps)
    assert caps[0] > 0.1


def test_the_longest_comes_first_since_runs_are_judged_by_it() -> None:
    keys = [one.key.partition("/")[0] for one in ngram_jsd(Snapshot(side(), law()[:64]), longest=3)]
    assert keys == ["ngram_jsd_3", "ngram_jsd_2", "ngram_jsd_1"]


def test_empty_texts_have_numbers() -> None:
    end = names().info.shape[1] - 1
    found = measured(torch.full((FAKES, 32), end))
    assert found["ngram_jsd_4"].value == 1
    assert found["bleu"].value == found["self_bleu"].value == found["distinct_4"].value == 0


def test_overlap_needs_held_out_texts() -> None:
    train = RealSide(names(), "train", CPU, lambda _: build(names(), CPU))
    with pytest.raises(UsageError, match="real side here is the train split"):
        overlap(Snapshot(train, law()[:64]))


def test_tables_that_are_too_large_are_refused() -> None:
    snapshot = Snapshot(side(), law()[:64])
    with pytest.raises(UsageError, match=re.escape("score language-model[n=5]")):
        language_model(snapshot, n=5)
    with pytest.raises(UsageError, match=re.escape("score temperature-sweep[n=5]")):
        temperature_sweep(snapshot, n=5, each=False)


@pytest.mark.parametrize(
    ("point", "expected"),
    [((1.0, 5.0), 0.0), ((1.5, 4.5), 0.5), ((0.5, 6.0), 1.0), ((3.0, 4.0), 1.0), ((2.0, 3.0), 0.0)],
)
def test_bits_above_a_curve(point: tuple[float, float], expected: float) -> None:
    assert above([(2.0, 3.0), (1.0, 5.0)], point) == pytest.approx(expected)


def _counted(tokens: Tensor) -> NGram:
    length, size = names().info.shape
    model = NGram(length, size, size - 1, 4)
    model.probabilities = table(tokens, size - 1, size, 4)
    return model


def test_a_sweep_of_counts_of_the_train_split_is_level_with_its_reference() -> None:
    """Another draw of the same models: nothing lies above the curve but chance."""
    swept = _sweep(_counted(names().train))
    assert abs(swept) < 0.1
    assert _sweep(_counted(names().train[:100])) > swept + 0.2


@pytest.mark.parametrize("count", [50, 1_000, 2_000])
def test_a_sweep_of_few_texts_is_held_against_a_curve_of_as_many(count: int) -> None:
    """Texts of the reference's own law, on one real side: that of more repeats itself less."""
    latents = torch.rand(count, names().info.shape[0], generator=torch.Generator().manual_seed(5))
    fakes = _counted(names().train).tempered(2 * latents - 1, 1.0).argmax(dim=-1)
    (found,) = temperature_sweep(Snapshot(side(), fakes), n=4, each=False)
    assert abs(found.value) < 0.1


def test_a_sweep_can_show_its_curve() -> None:
    snapshot = Snapshot(side(), law()[:FAKES], generator=_counted(names().train))
    found = temperature_sweep(snapshot, n=4, each=True)
    assert len(found) == 1 + 2 * len(INVERSES)
    curve = {one.label: one.value for one in found}
    assert curve["LM at 2"] < curve["LM at 1"] < curve["LM at 0.8"]
    assert curve["reverse LM at 2"] > curve["reverse LM at 1"]


def _sweep(generator: Any) -> float:
    snapshot = Snapshot(side(), law()[:FAKES], generator=generator)
    return temperature_sweep(snapshot, n=4, each=False)[0].value


def test_the_extractor_is_the_same_wherever_it_is_trained() -> None:
    extractor = build(names(), CPU)
    assert extractor.layer == "mean-hidden"
    assert extractor.id.startswith("char-lm-unicode-names@")
    features = extractor(law()[:50])
    assert (features.shape, features.dtype) == ((50, 64), torch.float32)
    assert torch.allclose(extractor(law()[:7]), features[:7], atol=1e-6)
    longer = law()[:5].clone()
    assert torch.equal(extractor(longer), extractor(longer.clone()))


def test_damage_to_texts_is_put_in_order() -> None:
    """More characters that are wrong are farther away."""
    random = torch.Generator().manual_seed(0)
    texts, end = law()[:FAKES], names().info.shape[1] - 1
    places = torch.rand(texts.shape, generator=random).masked_fill(texts == end, 1.0)
    other = torch.randint(end, texts.shape, generator=random)
    fd: Callable[[Tensor], float] = lambda fakes: (  # noqa: E731
        distances.frechet(Snapshot(side(), fakes), extractor="char-lm")[0].value
    )
    found = [fd(torch.where(places < share, other, texts)) for share in (0.0, 0.02, 0.1, 0.5)]
    assert found == sorted(found)
    assert found[2] > 2 * found[0]
