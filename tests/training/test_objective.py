"""A loss and techniques folded into sums: which terms act, what they need, and their names."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganbench import PluginNotUsable, UsageError
from ganbench.training.objective import Objective, Part, not_a_loss
from ganbench.training.step import Batch, TrainingStep

from .small import points, random_data


class Sum:
    """Terms of a constant size on either side."""

    def __init__(self, d: float = 0.0, g: float = 0.0) -> None:
        self.d, self.g = d, g

    def discriminator_loss(self, step: Any) -> Tensor:
        return step.fake.sum() * 0 + self.d

    def generator_loss(self, step: Any) -> Tensor:
        return step.fake.sum() * 0 + self.g


class Critics:
    """A term for the discriminator alone."""

    def __init__(self, size: float, every: int = 1) -> None:
        self.size, self.every = size, every

    def discriminator_loss(self, step: Any) -> Tensor:
        return step.fake.sum() * 0 + self.size


class Generators:
    def __init__(self, size: float, every: int = 1) -> None:
        self.size, self.every = size, every

    def generator_loss(self, step: Any) -> Tensor:
        return step.fake.sum() * 0 + self.size


class Opponent:
    def opponent(self, game: Any, step: Any) -> Any: ...


class Play:
    def play(self, game: Any) -> None: ...


def technique(does: Any, name: str = "technique", needs: set[str] | None = None) -> Part:
    return Part(name, does, frozenset(needs or ()), "technique")


def step(number: int = 0) -> TrainingStep:
    fake = torch.zeros(2, 2, requires_grad=True)
    return TrainingStep(
        nn.Identity(), nn.Identity(), {}, Batch(latent=fake, fake=fake), number=number
    )


def test_each_side_minimises_the_sum_of_its_terms() -> None:
    objective = Objective(
        Part("loss", Sum(1, 10)),
        [technique(Critics(2)), technique(Generators(20)), technique(Sum(4, 40))],
    )
    assert objective.total("discriminator", step()).item() == 1 + 2 + 4
    assert objective.total("generator", step()).item() == 10 + 20 + 40


@pytest.mark.parametrize("number", range(7))
def test_lazy_terms_act_at_their_steps_the_first_included(number: int) -> None:
    lazy = technique(Critics(2, every=3), "lazy")
    lazier = technique(Critics(4, every=2), "lazier")
    objective = Objective(Part("loss", Sum(1, 1)), [lazy, lazier])
    acting = [one for one, every in (("lazy", 3), ("lazier", 2)) if number % every == 0]
    expected = 1 + 2 * ("lazy" in acting) + 4 * ("lazier" in acting)
    assert objective.total("discriminator", step(number)).item() == expected
    assert objective.total("generator", step(number)).item() == 1
    name = "+".join(["discriminator", *acting])
    assert objective.combination("discriminator", number) == name
    assert objective.combination("generator", number) == "generator"
    assert objective.combination("play", number) == name.replace("discriminator", "play")


def test_a_loss_is_never_lazy() -> None:
    loss = Sum(1, 1)
    loss.every = 5  # type: ignore[attr-defined]
    objective = Objective(Part("loss", loss))
    assert objective.total("discriminator", step(3)).item() == 1
    assert objective.combination("discriminator", 3) == "discriminator"


def test_needs_are_those_of_whom_acts() -> None:
    parts = [
        technique(Critics(1, every=2), "d", {"real_slopes"}),
        technique(Generators(1, every=3), "g", {"features"}),
    ]
    objective = Objective(Part("loss", Sum(), frozenset({"real"})), parts)
    assert objective.needs("discriminator", 0) == {"real", "real_slopes"}
    assert objective.needs("discriminator", 1) == {"real"}
    assert objective.needs("generator", 0) == {"real", "features"}
    assert objective.needs("generator", 1) == {"real"}


def test_who_looks_ahead_needs_what_discriminators_need_in_generator_steps() -> None:
    steep, seeing = (
        technique(Critics(1), "r", {"real_slopes"}),
        technique(Generators(1), "f", {"features"}),
    )
    opponent = technique(Opponent(), "o", {"real"})
    objective = Objective(Part("loss", Sum()), [steep, seeing, opponent])
    assert objective.needs("generator", 0) == {"real_slopes", "features", "real"}
    assert objective.needs("discriminator", 0) == {"real_slopes"}


def test_who_plays_a_round_needs_all_in_either_step() -> None:
    steep, seeing = (
        technique(Critics(1), "r", {"real_slopes"}),
        technique(Generators(1), "f", {"features"}),
    )
    objective = Objective(Part("loss", Sum()), [steep, seeing, technique(Play())])
    for side in ("generator", "discriminator"):
        assert objective.needs(side, 0) == {"real_slopes", "features"}


@pytest.mark.parametrize(("kind", "method"), [(Opponent, "opponent"), (Play, "play")])
def test_one_may_play_and_one_may_bring_an_opponent(kind: type, method: str) -> None:
    with pytest.raises(UsageError, match=f"a and b both define {method}"):
        Objective(Part("loss", Sum()), [technique(kind(), "a"), technique(kind(), "b")])


class Watching:
    """Keeps who it was asked by, and for whom."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def discriminator_loss(self, step: Any) -> Tensor:
        self.seen.append((step.asks.name, step.role))
        return step.fake.sum()

    def generator_loss(self, step: Any) -> Tensor:
        self.seen.append((step.asks.name, step.role))
        return step.fake.sum()


def test_a_step_knows_who_asks_and_whose_loss_it_is_for() -> None:
    loss, other = Watching(), Watching()
    objective = Objective(Part("loss", loss), [technique(other, "other")])
    of_generator = step()
    of_generator.role = "generator"
    objective.total("discriminator", of_generator)
    assert (loss.seen, other.seen) == ([("loss", "discriminator")], [("other", "discriminator")])
    assert (of_generator.asks, of_generator.role) == (None, "generator")


class Wrong:
    def __init__(self, value: Any) -> None:
        self.value = value

    def discriminator_loss(self, step: Any) -> Any:
        return self.value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "None"),
        (torch.zeros(3, requires_grad=True), r"a tensor of shape \(3,\)"),
        (torch.zeros(()), "a tensor without a graph"),
    ],
)
def test_whoever_returns_no_loss_is_named(value: Any, told: str) -> None:
    parts = [technique(Critics(1), "right"), technique(Wrong(value), "wrong")]
    fault = Objective(Part("loss", Sum()), parts).blame("discriminator", step())
    assert isinstance(fault, PluginNotUsable)
    assert fault.kind == "technique"
    with pytest.raises(PluginNotUsable, match=f"Wrong.discriminator_loss must return .* {told}"):
        raise fault
    assert Objective(Part("loss", Sum()), parts[:1]).blame("discriminator", step()) is None


def test_what_is_a_loss() -> None:
    assert not_a_loss(torch.zeros(1, 1, requires_grad=True)) is None
    assert not_a_loss(3.0) is not None


class Learning(nn.Module):
    trained_with = "generator"

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        self.fixed = nn.Parameter(torch.ones(2), requires_grad=False)
        self.register_buffer("mean", torch.zeros(()))

    def generator_loss(self, step: Any) -> Tensor:
        return step.fake.sum()


class Holding(Generators):
    """Keeps a parameter and a module in plain attributes."""

    trained_with = "discriminator"

    def __init__(self) -> None:
        super().__init__(1.0)
        self.scale = nn.Parameter(torch.ones(()))
        self.head = nn.Linear(2, 1)
        self.table = torch.ones(3)


def test_parameters_of_the_parts_go_to_the_side_that_they_name() -> None:
    learning, holding = Learning(), Holding()
    objective = Objective(Part("loss", Sum()), [technique(learning), technique(holding)])
    found = objective.parameters()
    assert [id(one) for one in found["generator"]] == [id(learning.weight)]
    assert {id(one) for one in found["discriminator"]} == {
        id(one) for one in (holding.scale, *holding.head.parameters())
    }


@pytest.mark.parametrize("kind", ["loss", "technique"])
def test_parameters_that_nobody_trains_are_refused(kind: str) -> None:
    learning = Learning()
    learning.trained_with = "nobody"
    lost = Part("mine", learning, kind=kind)
    parts = (Part("loss", Sum()), [lost]) if kind == "technique" else (lost, [])
    with pytest.raises(PluginNotUsable) as caught:
        Objective(*parts).parameters()
    assert caught.value.message == f"{kind} mine has 1 trainable parameters that nobody trains"
    assert 'trained_with = "generator" or "discriminator"' in (caught.value.hint or "")


class Acting:
    def after_step(self, game: Any) -> None: ...

    def critic_steps(self, number: int) -> int:
        return 1


def test_methods_are_found_in_order() -> None:
    first, last = technique(Acting(), "first"), technique(Acting(), "last")
    objective = Objective(Part("loss", Sum()), [first, technique(Critics(1)), last])
    assert [part.name for part, _ in objective.methods("after_step")] == ["first", "last"]
    assert objective.methods("before_update") == []


class Weights:
    def __init__(self, *weights: float) -> None:
        self.found = torch.tensor(weights)

    def weights(self, data: Any) -> Tensor:
        return self.found


def test_weights_of_several_parts_multiply() -> None:
    data = random_data(points(2), 3)
    assert Objective(Part("loss", Sum())).weights(data) is None
    both = Objective(
        Part("loss", Sum()), [technique(Weights(1, 2, 3)), technique(Weights(0, 1, 2))]
    )
    found = both.weights(data)
    assert found is not None
    assert found.tolist() == [0, 2, 6]


@pytest.mark.parametrize("wrong", [(1, 2), (1, 2, -1), (1, 2, float("nan")), (0, 0, 0)])
def test_what_are_no_weights_is_refused(wrong: tuple[float, ...]) -> None:
    data = random_data(points(2), 3)
    with pytest.raises(PluginNotUsable, match=r"weights of technique mine must be \(3,\)"):
        Objective(Part("loss", Sum()), [technique(Weights(*wrong), "mine")]).weights(data)
