"""The Dirac-GAN: the smallest adversarial game, solved exactly.

Mescheder et al. 2018 (arXiv:1801.04406): all data lie at 0, the generator puts all mass at theta,
the discriminator is D(x) = psi x. Both follow the gradient of a loss f(±D) with step size h, f the
logarithm of the sigmoid (slope 1/2 at 0) or the identity (Wasserstein, slope 1). The equilibrium is
theta = psi = 0, where simultaneous gradient steps act, to first order, as the matrix

    I + h [[0, -s], [s, -gamma]]

with s the slope and gamma the weight of an R1 penalty (gamma/2) D'(x)². The signs are the paper's,
whose D is high on fakes; a D that is high on data swaps them and leaves the spectrum as it is. For
the Wasserstein loss the matrix holds everywhere, not only near the equilibrium. Losses and
regularisers are tested on this game.
"""

from __future__ import annotations

import math
from typing import Final

NON_SATURATING_SLOPE: Final = 0.5
WASSERSTEIN_SLOPE: Final = 1.0


def step_matrix(
    step: float, slope: float, penalty: float = 0.0
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The matrix that one simultaneous gradient step applies to (theta, psi).

    Args:
        step: step size h of both players.
        slope: f'(0).
        penalty: weight gamma of the R1 penalty.
    """
    return (1.0, -step * slope), (step * slope, 1.0 - step * penalty)


def spectral_radius(step: float, slope: float, penalty: float = 0.0) -> float:
    """Factor per step, in the long run, of the distance from the equilibrium; < 1 converges."""
    (a, b), (c, d) = step_matrix(step, slope, penalty)
    half_trace, determinant = (a + d) / 2, a * d - b * c
    discriminant = half_trace**2 - determinant
    if discriminant < 0:  # a conjugate pair: the game rotates
        return math.sqrt(determinant)
    return abs(half_trace) + math.sqrt(discriminant)


def critical_penalty(slope: float) -> float:
    """The R1 weight above which the game no longer rotates but creeps: 1 for slope 1/2."""
    return 2.0 * slope


def wasserstein_growth(step: float) -> float:
    """Factor per step of theta² + psi² under the Wasserstein loss: 1 + h², it never converges."""
    return 1.0 + step**2
