"""Rules of play on the bilinear game: every weight at every step, and the exact spectral radius.

Data lie at 0, samples at theta, D(x) = psi x, and the Wasserstein loss makes of it the game of
theta psi: theta descends -psi, psi descends theta. In double precision a step of a rule is a matrix
to twelve digits. With z = theta + i psi, plain simultaneous descent is z -> (1 - ih) z.
"""

from __future__ import annotations

import cmath
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganbench import Data, DataInfo, GanbenchError, Latent, Networks, Optimiser, TechniqueSpec
from ganbench.api.specs import import_builder
from ganbench.planning.budget import Budget
from ganbench.training.clock import BudgetClock
from ganbench.training.flops import StepFlops
from ganbench.training.loop import Eager, train
from ganbench.training.objective import Part
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer
from ganbench_plugins.variants.wgan_gp import Wasserstein

from ...proof.proofs import catalogue_with, execute, spec_of
from ...training.small import small_networks, small_trainer

STEP = 0.1
START = (0.3, -0.4)


def technique(name: str, **parameters: Any) -> Part:
    spec = catalogue_with().get(TechniqueSpec, name)
    assert spec.build is not None
    built = import_builder(spec.build)(**parameters)
    return Part(name, built, frozenset(spec.needs), "technique")


class Theta(nn.Module):
    def __init__(self, theta: float) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([theta], dtype=torch.float64))

    def forward(self, latent: Tensor) -> Tensor:
        return self.theta.expand(len(latent), 1)


class Psi(nn.Module):
    def __init__(self, psi: float) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(psi, dtype=torch.float64))

    def forward(self, samples: Tensor) -> Tensor:
        return self.psi * samples


def bilinear(*techniques: Part, step: float = STEP, updates: str = "alternating") -> Trainer:
    sgd = Optimiser(name="sgd", lr=step)
    zeros = torch.zeros(8, 1, dtype=torch.float64)
    info = DataInfo(name="zeros", modality="points", shape=(1,))
    return small_trainer(
        Wasserstein(),
        Networks(generator=Theta(START[0]), discriminator=Psi(START[1]), latent=Latent(size=1)),
        Data(info=info, train=zeros, heldout=zeros),
        techniques=techniques,
        generator=sgd,
        discriminator=sgd,
        batch_size=2,
        updates=updates,
    )


def orbit(trainer: Trainer, steps: int) -> list[complex]:
    """theta + i psi at the start and after each step."""
    engine = Eager(trainer)

    def now() -> complex:
        both = (trainer.networks.generator, trainer.networks.discriminator)
        return complex(*(next(one.parameters()).item() for one in both))

    seen = [now()]
    for number in range(steps):
        engine.step(number, number / steps)
        seen.append(now())
    return seen


def factors(seen: list[complex], last: int) -> list[float]:
    """By what the distance to the equilibrium is multiplied, in each of the last steps."""
    return [abs(two) / abs(one) for one, two in zip(seen[-last - 1 :], seen[-last:], strict=False)]


def test_simultaneous_descent_spirals_out() -> None:
    seen = orbit(bilinear(updates="simultaneous"), 200)
    assert factors(seen, 200) == pytest.approx([math.sqrt(1 + STEP**2)] * 200, rel=1e-13)
    assert factors(seen, 1)[0] == pytest.approx(1.00499, abs=5e-6)


@pytest.mark.parametrize("step", [0.1, 0.5])
def test_extragradient(step: float) -> None:
    """z -> (1 - ih - h^2) z: the gradient at (1 - ih) z."""
    seen = orbit(bilinear(technique("extragradient"), step=step), 200)
    for number, z in enumerate(seen):
        exact = complex(*START) * (1 - 1j * step - step**2) ** number
        assert abs(z - exact) <= 1e-13
    radius = math.sqrt(1 - step**2 + step**4)
    assert factors(seen, 200) == pytest.approx([radius] * 200, rel=1e-12)
    if step == STEP:
        assert radius == pytest.approx(0.995038, abs=5e-7)


def test_optimistic_descent() -> None:
    """z_(t+1) = (1 - 2ih) z_t + ih z_(t-1), after one step of plain descent."""
    seen = orbit(bilinear(technique("ogda"), updates="simultaneous"), 200)
    exact = [complex(*START), complex(*START) * (1 - 1j * STEP)]
    while len(exact) < len(seen):
        exact.append((1 - 2j * STEP) * exact[-1] + 1j * STEP * exact[-2])
    assert max(abs(one - two) for one, two in zip(seen, exact, strict=True)) < 1e-13
    half = (1 - 2j * STEP) / 2
    radius = max(abs(half + sign * cmath.sqrt(half**2 + 1j * STEP)) for sign in (-1, 1))
    assert radius == pytest.approx(0.994936, abs=5e-7)
    assert factors(seen, 100) == pytest.approx([radius] * 100, rel=1e-12)


@pytest.mark.parametrize(("gamma", "radius"), [(1.0, 0.905539), (10.0, 0.1), (0.0, 1.004988)])
def test_consensus(gamma: float, radius: float) -> None:
    """|v|^2 is |z|^2: z -> (1 - h gamma - ih) z."""
    seen = orbit(bilinear(technique("consensus", gamma=gamma)), 12)
    for number, z in enumerate(seen):
        exact = complex(*START) * (1 - STEP * gamma - 1j * STEP) ** number
        assert abs(z - exact) <= 1e-13
    assert factors(seen, 1)[0] == pytest.approx(radius, abs=5e-7)


def test_consensus_without_a_weight_is_simultaneous_descent() -> None:
    ours = orbit(bilinear(technique("consensus", gamma=0.0)), 20)
    plain = orbit(bilinear(updates="simultaneous"), 20)
    assert ours == pytest.approx(plain, rel=1e-14)


def lookahead_radius(fast: complex, k: int) -> float:
    return float(abs(0.5 + 0.5 * fast**k) ** (1 / k))


@pytest.mark.parametrize(
    ("k", "updates", "radius"),
    [
        (5, "simultaneous", 0.996237),
        (5, "alternating", 0.993698),
        (50, "simultaneous", 0.998173),
        (50, "alternating", 0.995591),
    ],
)
def test_lookahead(k: int, updates: str, radius: float) -> None:
    """After each k steps the weights are half of those before and half of those after them."""
    seen = orbit(bilinear(technique("lookahead", k=k), updates=updates), 4 * k)
    fast = np.eye(2) + STEP * np.array([[0.0, 1.0], [-1.0, 0.0]])
    if updates == "alternating":  # theta follows the psi that has just stepped
        fast = np.array([[1.0, STEP], [0.0, 1.0]]) @ np.array([[1.0, 0.0], [-STEP, 1.0]])
    state = slow = np.array(START)
    for number, z in enumerate(seen[1:], start=1):
        state = fast @ state
        if number % k == 0:
            state = slow = (slow + state) / 2
        assert (z.real, z.imag) == pytest.approx(tuple(state), abs=1e-13)
    period = (np.eye(2) + np.linalg.matrix_power(fast, k)) / 2
    exact = max(abs(np.linalg.eigvals(period))) ** (1 / k)
    assert exact == pytest.approx(radius, abs=6e-7)


def test_negative_momentum() -> None:
    """psi: v = b v + theta, psi -= h v; then theta: u = b u - psi, theta -= h u."""
    b = -0.5
    seen = orbit(bilinear(technique("momentum", beta=b)), 400)
    first = np.eye(4)  # theta, psi, u, v
    first[3], first[1] = [1.0, 0, 0, b], [-STEP, 1.0, 0, -STEP * b]
    second = np.eye(4)
    second[2], second[0] = [0, -1.0, b, 0], [1.0, STEP, -STEP * b, 0]
    matrix = second @ first
    state = np.array([*START, 0.0, 0.0])
    for z in seen[1:]:
        state = matrix @ state
        assert (z.real, z.imag) == pytest.approx((state[0], state[1]), abs=1e-12)
    radius = max(abs(np.linalg.eigvals(matrix)))
    assert radius == pytest.approx(0.998518, abs=5e-7)
    assert (abs(seen[400]) / abs(seen[0])) ** (1 / 400) == pytest.approx(radius, abs=2e-4)


def test_alternating_descent_stays_on_its_ellipse() -> None:
    seen = orbit(bilinear(), 400)
    exact = np.array([[1.0, STEP], [0.0, 1.0]]) @ np.array([[1.0, 0.0], [-STEP, 1.0]])
    assert max(abs(np.linalg.eigvals(exact))) == pytest.approx(1.0, abs=1e-15)
    invariant = [abs(z) ** 2 + STEP * z.real * z.imag * -1 for z in seen]
    assert invariant == pytest.approx([invariant[0]] * len(seen), rel=1e-12)


@pytest.mark.parametrize("name", ["lookahead", "momentum"])
def test_neutral_settings_leave_the_bits(name: str) -> None:
    neutral = {"lookahead": {"share": 1.0}, "momentum": {"beta": 0.0}}[name]
    assert orbit(bilinear(technique(name, **neutral)), 30) == orbit(bilinear(), 30)


# The same as runs of the Dirac-GAN, in single precision and near the equilibrium.


@pytest.mark.parametrize(
    ("variant", "radius", "told"),
    [
        ("wasserstein+extragradient", math.sqrt(1 - 0.1**2 + 0.1**4), True),
        ("non-saturating+extragradient", math.sqrt(1 - 0.05**2 + 0.05**4), True),
        ("wasserstein+consensus:1", 0.905538513813742, True),
        ("non-saturating+consensus:1", math.hypot(1 - 0.1 * 0.25, 0.05), True),
        ("wasserstein+ogda", 0.994936, False),
        ("wasserstein+lookahead:5", 0.996237, False),
    ],
)
def test_runs_of_the_dirac_suite(variant: str, radius: float, told: bool, tmp_path: Path) -> None:
    catalogue = catalogue_with()
    name = f"dirac+{variant}[model.step=0.1]"
    spec = spec_of(name, catalogue, suite="dirac", task="dirac", steps=200)
    record, _ = execute(spec, catalogue, tmp_path)
    assert (record["status"], record["failure"]) == ("ok", None)
    scores = record["points"][-1]["scores"]
    near = 1e-6 if told else 2e-4  # what is remembered has not settled at the start
    assert scores["dirac/growth"] == pytest.approx(math.log(radius), abs=near)
    assert ("dirac/linear_growth" in scores) == told
    if told:
        assert scores["dirac/linear_growth"] == pytest.approx(math.log(radius), abs=5e-6)


# What they cost, and that they go on.


def flops(*techniques: Part, folder: Path, steps: int = 3) -> tuple[BudgetClock, Trainer]:
    trainer = small_trainer(Wasserstein(), techniques=techniques)
    clock = BudgetClock(Budget("steps", steps), torch.device("cpu"), marks=1)
    folder.mkdir()
    train(Eager(trainer), clock, Telemetry(folder / "history.jsonl"), lambda: None)
    return clock, trainer


def test_extragradient_is_charged_for_both_of_its_steps(tmp_path: Path) -> None:
    plain, _ = flops(folder=tmp_path / "plain")
    twice, trainer = flops(technique("extragradient"), folder=tmp_path / "twice")
    assert twice.flops == 2 * plain.flops > 0
    assert twice.images == 2 * plain.images == 3 * 2 * 16
    assert trainer.costs.known("play") == (32, 2 * plain.flops / 3)


@pytest.mark.parametrize("name", ["ogda", "lookahead", "momentum"])
def test_rules_without_gradients_of_their_own_cost_nothing(name: str, tmp_path: Path) -> None:
    plain, _ = flops(folder=tmp_path / "plain")
    ruled, _ = flops(technique(name), folder=tmp_path / "ruled")
    assert (ruled.flops, ruled.images) == (plain.flops, plain.images)


def test_consensus_is_charged_for_its_second_derivatives(tmp_path: Path) -> None:
    clock, _ = flops(technique("consensus"), folder=tmp_path / "run")
    networks = small_networks()
    G, D = networks.generator, networks.discriminator
    with StepFlops() as counter:
        fake, real = G(torch.randn(16, 2)), torch.randn(16, 2)
        logits = D(fake).mean()
        d = torch.autograd.grad(logits - D(real).mean(), list(D.parameters()), create_graph=True)
        g = torch.autograd.grad(-logits, list(G.parameters()), create_graph=True)
        size = sum(one.square().sum() for one in (*d, *g))
        both = [*D.parameters(), *G.parameters()]
        torch.autograd.grad(size, both, materialize_grads=True)
    assert clock.flops == 3 * counter.total > 0
    assert clock.images == 3 * 16


@pytest.mark.whole
@pytest.mark.parametrize(
    "variant", ["vanilla+ogda", "vanilla+lookahead:4", "vanilla+momentum", "vanilla+extragradient"]
)
def test_a_run_that_is_stopped_goes_on_to_the_same_bits(variant: str, tmp_path: Path) -> None:
    catalogue = catalogue_with()
    spec = spec_of(variant, catalogue, steps=20)
    straight, _ = execute(spec, catalogue, tmp_path / "straight")
    broken, _ = execute(spec, catalogue, tmp_path / "broken", stops=(1, 6, 15))
    assert broken["resumed"] == 3
    assert (straight["status"], straight["failure"]) == ("ok", None)
    assert straight["generator_sha256"] == broken["generator_sha256"]
    histories = [(tmp_path / name / "history.jsonl").read_text() for name in ("straight", "broken")]
    assert histories[0] == histories[1]


def test_two_rules_of_play_are_refused() -> None:
    with pytest.raises(GanbenchError) as caught:
        spec_of("vanilla+extragradient+ogda", catalogue_with())
    assert "extragradient and ogda are both rules of play: one is the most" in str(caught.value)
