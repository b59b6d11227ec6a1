"""Counted floating-point operations against closed forms, double backward included."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ganbench import Latent, Networks
from ganbench.training.flops import CORRECTED, StepFlops
from ganbench.training.loop import Eager
from ganbench_plugins.variants.vanilla import NonSaturating
from ganbench_plugins.variants.wgan_gp import WassersteinGradientPenalty

from .small import small_trainer

# A multiplication with its addition is two operations.
B, IN, WIDTH = 16, 2, 8
FIRST, SECOND = 2 * B * IN * WIDTH, 2 * B * WIDTH
"""Forward through the two layers IN -> WIDTH -> 1 or, for the generator, 2 -> WIDTH -> IN."""
GENERATOR = (2 * B * 2 * WIDTH, 2 * B * WIDTH * IN)


def test_a_perceptron_by_hand() -> None:
    trainer = small_trainer(NonSaturating(), batch_size=B)
    with StepFlops() as counter:
        Eager(trainer).discriminator_step()
    # Real and fake: forward, then both weights' gradients and the hidden layer's.
    discriminator = 2 * (FIRST + SECOND + FIRST + 2 * SECOND)
    assert counter.total == sum(GENERATOR) + discriminator

    with StepFlops() as counter:
        Eager(trainer).generator_step()
    # Through the discriminator no weight's gradient is needed, but its input's is.
    through = FIRST + SECOND + SECOND + FIRST
    generator = GENERATOR[0] + GENERATOR[1] + GENERATOR[0] + 2 * GENERATOR[1]
    assert counter.total == generator + through


def test_a_penalty_by_hand_with_its_double_backward() -> None:
    trainer = small_trainer(
        WassersteinGradientPenalty(penalty=10.0), batch_size=B, needs=["interpolated_slopes"]
    )
    with StepFlops() as counter:
        Eager(trainer).discriminator_step()
    wasserstein = sum(GENERATOR) + 2 * (FIRST + SECOND + FIRST + 2 * SECOND)
    inner = FIRST + SECOND + SECOND + FIRST  # logits and their gradient with respect to the input
    # That gradient is W1' (mask . W2'): back to W1, to what W1' is applied to, and to W2. The
    # mask's own derivative, zero, goes back through the first layer to W1 and to the input.
    outer = 2 * FIRST + SECOND + 2 * FIRST
    assert counter.total == wasserstein + inner + outer


def convolution(batch: int, fan_in: int, fan_out: int, kernel: int, pixels: int) -> int:
    return 2 * batch * fan_in * fan_out * kernel**2 * pixels


def test_a_convolution_by_hand() -> None:
    critic = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.Flatten())
    x = torch.randn(B, 1, 8, 8)
    forward = convolution(B, 1, 4, 3, 64)
    with StepFlops() as counter:
        critic(x).sum().backward()
    assert counter.total == 2 * forward  # the weight's gradient; the input needs none

    x.requires_grad_()
    with StepFlops() as counter:
        (gradient,) = torch.autograd.grad(critic(x).square().sum(), x, create_graph=True)
    assert counter.total == 2 * forward
    with StepFlops() as counter:
        gradient.square().sum().backward(inputs=list(critic.parameters()))
    # The gradient is C'(2 C x): back through C' to its weight and its argument, then through C.
    assert counter.total == 3 * forward


@pytest.mark.parametrize("groups", [2, 8], ids=["grouped", "depthwise"])
@pytest.mark.parametrize("kind", [nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d])
def test_a_convolution_in_groups_by_hand(kind: type[nn.Module], groups: int) -> None:
    """Each of the two gradients costs what the convolution does, and so does each of theirs."""
    layer = kind(8, 8, 3, padding=1, groups=groups, bias=False)
    places = 6 if kind is nn.Conv1d else 36
    kernel = 3 if kind is nn.Conv1d else 9
    x = torch.randn(B, 8, *[6] * (1 if kind is nn.Conv1d else 2), requires_grad=True)
    forward = 2 * B * places * kernel * 8 * 8 // groups
    with StepFlops() as counter:
        layer(x).sum().backward()
    assert counter.total == 3 * forward
    (gradient,) = torch.autograd.grad(layer(x).square().sum(), x, create_graph=True)
    with StepFlops() as counter:
        gradient.square().sum().backward(inputs=list(layer.parameters()))
    assert counter.total == 3 * forward  # as of one group, above


def test_attention_by_hand() -> None:
    """Of CPUs torch's counter knows no formula: what is attended to would be free there."""
    query = torch.randn(2, 3, 5, 4, requires_grad=True)
    key, value = (torch.randn(2, 3, 7, size, requires_grad=True) for size in (4, 4))
    with StepFlops() as counter:
        found = nn.functional.scaled_dot_product_attention(query, key, value)
    product = 2 * (2 * 3) * 5 * 7 * 4
    assert counter.total == 2 * product
    with StepFlops() as counter:
        found.sum().backward()
    assert counter.total == 5 * product  # the scores again, and two products for either gradient


def test_attention_to_values_of_another_width_by_hand() -> None:
    """Scores are products over the 4 of a query, and what is attended to has 6: no kernel that this
    machine chooses need know that, so the formulas are asked."""
    query, key, value, out = [2, 3, 5, 4], [2, 3, 7, 4], [2, 3, 7, 6], [2, 3, 5, 6]
    each = 2 * (2 * 3) * 5 * 7
    aten = torch.ops.aten
    forward = CORRECTED[aten._scaled_dot_product_flash_attention_for_cpu]
    backward = CORRECTED[aten._scaled_dot_product_flash_attention_for_cpu_backward]
    assert forward(query, key, value) == each * (4 + 6)
    assert backward(out, query, key, value) == each * (4 + 2 * 6 + 2 * 4)


@pytest.mark.parametrize(
    ("layer", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)], ids=["lstm", "gru", "rnn"]
)
@pytest.mark.parametrize("directions", [1, 2])
def test_recurrent_layers_by_hand(
    layer: type[nn.LSTM | nn.GRU | nn.RNN], gates: int, directions: int
) -> None:
    """Of the fused kernel of LSTMs torch knows no formula: they would be free."""
    recurrent = layer(6, 8, num_layers=2, bidirectional=directions == 2)
    x = torch.randn(5, 3, 6, requires_grad=True)
    with StepFlops() as counter:
        found, _ = recurrent(x)
    each = 2 * 5 * 3 * gates * 8 * directions
    forward = each * (6 + 8) + each * (8 * directions + 8)
    assert counter.total == forward
    with StepFlops() as counter:
        found.sum().backward()
    # A kernel of single steps spares the gradient of the first, constant state.
    assert 1.7 * forward < counter.total <= 2 * forward


def test_recurrent_layers_of_a_gpu_by_shapes() -> None:
    """It gets all weights of all layers as a list, biases among them."""
    weights = [[32, 6], [32, 8], [32], [32], [32, 8], [32, 8], [32], [32]]
    products = 2 * 5 * 3 * 32 * (6 + 8 + 8 + 8)
    forward = CORRECTED[torch.ops.aten._cudnn_rnn]
    backward = CORRECTED[torch.ops.aten._cudnn_rnn_backward]
    assert forward([5, 3, 6], weights, 4, None, [2, 3, 8], out_shape=None) == products
    assert forward([15, 6], weights, 4, None, [2, 3, 8], out_shape=None) == products
    assert backward([5, 3, 6], weights, 4, [99], out_shape=None) == 2 * products


def test_it_leaves_the_numbers_alone() -> None:
    plain, counted = (small_trainer(NonSaturating()) for _ in range(2))
    for _ in range(3):
        Eager(plain).discriminator_step()
        Eager(plain).generator_step()
        with StepFlops():
            Eager(counted).discriminator_step()
            Eager(counted).generator_step()
    for side in ("generator", "discriminator"):
        assert all(map(torch.equal, plain.trained[side], counted.trained[side]))


def test_nothing_is_counted_outside() -> None:
    layer, x = nn.Linear(3, 5, bias=False), torch.randn(7, 3)
    layer(x)
    with StepFlops() as counter:
        layer(x)
    layer(x)
    assert counter.total == 2 * 7 * 3 * 5


@pytest.mark.parametrize("share", [1, 3])
def test_a_module_used_several_times_counts_each_time(share: int) -> None:
    layer = nn.Linear(4, 4, bias=False)
    networks = Networks(
        generator=nn.Sequential(*[layer] * share), discriminator=layer, latent=Latent(size=4)
    )
    with StepFlops() as counter:
        networks.generator(torch.randn(2, 4))
    assert counter.total == share * 2 * 2 * 4 * 4


class _ManyKinds(nn.Module):
    """Operations of one kernel, and some that are made of others."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1)
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)
        self.pair = nn.Bilinear(8, 8, 2)

    def forward(self, x: Tensor) -> Tensor:
        found = self.down(x)
        rows = found.flatten(2).transpose(1, 2)
        rows, _ = self.attend(rows, rows, rows)
        mixed = torch.einsum("bnc,bmc->bnm", rows, rows)
        parts: list[Tensor] = [self.up(found), mixed, self.pair(rows, rows)]
        return torch.stack([one.sum() for one in parts]).sum()


@pytest.mark.parametrize("derived", [True, False], ids=["backward", "inference mode"])
def test_as_many_as_torch_counts(derived: bool) -> None:
    module, x = _ManyKinds(), torch.randn(2, 3, 8, 8)
    counters = StepFlops(), FlopCounterMode(display=False)
    for counter in counters:
        with torch.inference_mode(not derived), counter:
            value = module(x)
            if derived:
                value.backward()
    ours, theirs = counters
    assert ours.total == theirs.get_total_flops() > 0
