"""Generators whose fault is known: what each score sees of it, and what it is blind to."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganbench_plugins.scores.kernels.diversity import real_diversity, vendi_ratio
from ganbench_plugins.scores.kernels.frechet import (
    frechet_distance,
    gaussian_statistics,
    noise_floor,
)
from ganbench_plugins.scores.kernels.neighbours import (
    copy_rate,
    neighbour_scores,
    normalised_coverage,
    originals,
    real_neighbours,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "scores.md"
N, MODES, D = 1000, 20, 32
SPREAD = 0.35


class Mixture:
    """Twenty equally likely Gaussian modes, a handful of spreads apart, in 32 dimensions."""

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.centres = self.normal(MODES, D)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator)

    def modes(self, weights: Tensor) -> Tensor:
        return torch.multinomial(weights, N, replacement=True, generator=self.generator)

    def around(self, modes: Tensor, spread: float = SPREAD) -> Tensor:
        return self.centres[modes] + spread * self.normal(len(modes), D)

    def real(self) -> Tensor:
        return self.around(self.modes(torch.ones(MODES)))


def fakes(kind: str, mixture: Mixture, train: Tensor, heldout: Tensor) -> Tensor:
    even = torch.ones(MODES)
    match kind:
        case "null":
            return mixture.real()
        case "dropped":  # half of the modes are never drawn
            return mixture.around(mixture.modes((torch.arange(MODES) < MODES // 2).float()))
        case "reweighted":  # every mode is there, ten of them nine times as often
            return mixture.around(mixture.modes(torch.where(torch.arange(MODES) < 10, 9.0, 1.0)))
        case "shrunk":  # collapse within the modes
            return mixture.around(mixture.modes(even), SPREAD / 2)
        case "duplicates":  # 200 different samples, five times each
            return mixture.real()[: N // 5].repeat(5, 1)
        case "points":  # one point per mode
            return mixture.centres[mixture.modes(even)]
        case "collapsed":
            return mixture.centres[:1].repeat(N, 1)
        case "copies":
            return train[torch.randperm(N, generator=mixture.generator)]
        case "leaked":
            return heldout[torch.randperm(N, generator=mixture.generator)]
        case "both":  # half of each
            return torch.cat([train[: N // 2], heldout[: N // 2]])
        case "noise":  # as wide as the data, without their structure
            return 1.06 * mixture.normal(N, D)
    raise ValueError(kind)


@dataclass(frozen=True)
class Panel:
    excess: float  # Fréchet distance over its noise floor
    precision: float
    recall: float
    density: float
    coverage: float  # normalised
    vendi: float
    near_duplicates: float
    near_train: float
    near_held_out: float


KINDS = {
    "null": "perfect generator",
    "dropped": "half of the modes dropped",
    "reweighted": "half of the modes nine times as likely",
    "shrunk": "modes shrunk to half their width",
    "duplicates": "200 samples, five times each",
    "points": "one point per mode",
    "collapsed": "one point",
    "copies": "copies of the train set",
    "leaked": "copies of the held-out set",
    "both": "copies, half of each",
    "noise": "noise as wide as the data",
}
"""What each fault is called in docs/scores.md."""


@pytest.fixture(scope="module")
def panels() -> dict[str, Panel]:
    mixture = Mixture(seed=1)
    train, real = mixture.real(), mixture.real()
    gauss, near, diverse = gaussian_statistics(real), real_neighbours(real), real_diversity(real)
    copies, leaks = originals(train, real), originals(real, train)
    floor = noise_floor(gauss, N, N)
    found = {}
    for kind in KINDS:
        fake = fakes(kind, mixture, train, real)
        scores = neighbour_scores(near, fake)
        found[kind] = Panel(
            excess=frechet_distance(gauss, fake) / floor,
            precision=scores.precision,
            recall=scores.recall,
            density=scores.density,
            coverage=normalised_coverage(scores.coverage, N, N),
            vendi=vendi_ratio(diverse, fake),
            near_duplicates=scores.near_duplicates,
            near_train=copy_rate(copies, fake),
            near_held_out=copy_rate(leaks, fake),
        )
    return found


def test_a_perfect_generator_is_at_every_null(panels: dict[str, Panel]) -> None:
    null = panels["null"]
    assert null.excess < 2
    assert null.precision == pytest.approx(null.recall, abs=0.1)
    assert null.density == pytest.approx(1, abs=0.1)
    assert null.coverage > 0.95
    assert null.vendi == pytest.approx(1, abs=0.05)
    assert null.near_duplicates < 0.03
    assert null.near_train < 0.03
    assert null.near_held_out < 0.03


def test_dropped_modes_lower_recall_coverage_and_vendi(panels: dict[str, Panel]) -> None:
    null, dropped = panels["null"], panels["dropped"]
    assert dropped.recall < 0.6 * null.recall
    assert dropped.coverage < 0.6
    assert dropped.vendi < 0.75
    assert dropped.excess > 10
    # What is drawn is flawless, and precision says so.
    assert dropped.precision == pytest.approx(null.precision, abs=0.06)
    assert dropped.near_train < 0.03


def test_recall_does_not_see_reweighted_modes(panels: dict[str, Panel]) -> None:
    null, reweighted = panels["null"], panels["reweighted"]
    assert reweighted.recall > 0.9 * null.recall
    assert reweighted.coverage < 0.9
    assert reweighted.vendi < 0.9
    assert reweighted.excess > 5


@pytest.mark.parametrize("kind", ["shrunk", "points"])
def test_coverage_does_not_see_collapse_within_modes(panels: dict[str, Panel], kind: str) -> None:
    collapsed = panels[kind]
    assert collapsed.coverage > 0.95
    assert collapsed.precision > 0.95
    assert collapsed.recall < 0.05
    assert collapsed.density > 5
    assert collapsed.vendi < 0.9


@pytest.mark.parametrize("kind", ["shrunk", "points"])
def test_both_near_rates_high_is_collapse(panels: dict[str, Panel], kind: str) -> None:
    assert panels[kind].near_duplicates > 0.95
    assert panels[kind].near_train > 0.3


def test_near_duplicates_alone_high_is_repetition(panels: dict[str, Panel]) -> None:
    repeated = panels["duplicates"]
    assert repeated.near_duplicates == 1
    assert repeated.near_train < 0.03
    assert repeated.recall == 0  # every ball around a fake has shrunk to nothing
    assert repeated.coverage < 0.75
    assert repeated.vendi > 0.95  # 200 samples spread over the directions like 1,000


def test_near_train_alone_high_is_copying(panels: dict[str, Panel]) -> None:
    null, copies = panels["null"], panels["copies"]
    assert copies.near_train == 1
    assert copies.near_duplicates < 0.03
    # Nothing else can tell copies of the training set from a perfect generator.
    assert copies.excess < 2
    assert copies.precision == pytest.approx(null.precision, abs=0.1)
    assert copies.recall == pytest.approx(null.recall, abs=0.1)
    assert copies.density == pytest.approx(1, abs=0.1)
    assert copies.coverage > 0.95
    assert copies.vendi == pytest.approx(1, abs=0.05)


def test_near_held_out_alone_high_is_a_leak(panels: dict[str, Panel]) -> None:
    leaked, both = panels["leaked"], panels["both"]
    assert leaked.near_held_out == 1
    assert leaked.near_train < 0.03
    assert leaked.near_duplicates < 0.03
    assert leaked.excess < 1e-6
    for rate in (both.near_held_out, both.near_train):
        assert rate == pytest.approx(0.5, abs=0.03)


def test_noise_fools_recall_and_raises_vendi(panels: dict[str, Panel]) -> None:
    null, noise = panels["null"], panels["noise"]
    assert noise.recall > 0.5 * null.recall
    assert noise.vendi > 1.3
    assert noise.precision < 0.05
    assert noise.density < 0.05
    assert noise.coverage < 0.05
    assert noise.excess > 10


def test_total_collapse_stays_finite(panels: dict[str, Panel]) -> None:
    collapsed = panels["collapsed"]
    assert collapsed.recall == 0
    assert collapsed.near_duplicates == 1
    assert collapsed.vendi < 0.1  # one sample's worth of the real set's effective number
    assert 30 < collapsed.excess < math.inf


def test_the_documents_show_this_table(panels: dict[str, Panel]) -> None:
    _, _, rest = DOCUMENT.read_text("utf-8").partition("<!-- known failures -->\n")
    _, _, *lines = rest.partition("\n\n")[0].splitlines()
    shown = {}
    for line in lines:
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        shown[name] = [float(cell) for cell in cells]
    computed = {KINDS[kind]: list(astuple(panel)) for kind, panel in panels.items()}
    assert list(shown) == list(computed)
    for name, values in computed.items():
        # Two decimals are shown; other machines may differ in a sample or two at a threshold.
        assert shown[name] == pytest.approx(values, rel=0.02, abs=0.012), name


def test_the_distance_alone_cannot_tell_the_faults_apart(panels: dict[str, Panel]) -> None:
    # It is above its floor for collapse within modes and for repetition alike, and by as much.
    shrunk, repeated = panels["shrunk"].excess, panels["duplicates"].excess
    assert min(shrunk, repeated) > 1.5
    assert 0.5 < shrunk / repeated < 2
