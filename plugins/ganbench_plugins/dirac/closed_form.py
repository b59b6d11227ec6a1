"""The Dirac-GAN: the smallest adversarial game, solved exactly.

Mescheder et al. 2018 (arXiv:1801.04406): all data lie at 0, the generator puts all mass at theta,
the discriminator is D(x) = psi x. Both follow the gradient of a loss f(±D) with step size h, f the
logarithm of the sigmoid (slope 1/2 at 0) or the identity (Wasserstein, slope 1). The equilibrium is
theta = psi = 0, where a step acts, to first order, as a matrix: with simultaneous updates, with s
the slope and gamma the weight of an R1 penalty (gamma/2) D'(x)² on real data, as

    I + h [[0, -s], [s, -gamma]]

and with alternating ones, where theta follows the psi that has just been updated, as

    [[1, -hs], [0, 1]] [[1, 0], [hs, 1 - h gamma]]

of determinant 1 - h gamma: without a penalty they neither approach the equilibrium nor leave it, as
long as hs < 2. The signs are the paper's, whose D is high on fakes; a D that is high on data swaps
them and leaves the spectrum as it is. For the Wasserstein loss the matrices hold everywhere, not
only near the equilibrium. Losses and regularisers are tested on this game.
"""

from __future__ import annotations

import math
from typing import Final

NON_SATURATING_SLOPE: Final = 0.5
WASSERSTEIN_SLOPE: Final = 1.0

Matrix = tuple[tuple[float, float], tuple[float, float]]


def step_matrix(
    step: float, slope: float, penalty: float = 0.0, *, alternating: bool = False
) -> Matrix:
    """The matrix that one gradient step of both players applies to (theta, psi).

    Args:
        step: step size h of both players.
        slope: f'(0).
        penalty: weight gamma of the R1 penalty.
        alternating: whether the discriminator steps first, or both at once.
    """
    turn, kept = step * slope, 1.0 - step * penalty
    if alternating:
        return (1.0 - turn**2, -turn * kept), (turn, kept)
    return (1.0, -turn), (turn, kept)


def spectral_radius(
    step: float, slope: float, penalty: float = 0.0, *, alternating: bool = False
) -> float:
    """Factor per step, in the long run, of the distance from the equilibrium; < 1 converges.

    Args:
        step, slope, penalty, alternating: as in `step_matrix`.
    """
    return largest_modulus(step_matrix(step, slope, penalty, alternating=alternating))


def largest_modulus(matrix: Matrix) -> float:
    """The spectral radius of a real 2x2 matrix."""
    (a, b), (c, d) = matrix
    half_trace, determinant = (a + d) / 2, a * d - b * c
    discriminant = half_trace**2 - determinant
    if discriminant < 0:  # a conjugate pair: the game rotates
        return math.sqrt(determinant)
    return abs(half_trace) + math.sqrt(discriminant)


def critical_penalty(slope: float, step: float = 0.0) -> float:
    """The R1 weight above which the game no longer rotates but creeps: 1 for slope 1/2.

    Args:
        slope: f'(0).
        step: step size of alternating updates; with simultaneous ones it does not matter (0).
    """
    return slope * (2.0 - step * slope)


def wasserstein_growth(step: float) -> float:
    """Factor per simultaneous step of theta² + psi² under the Wasserstein loss: 1 + h², it never
    converges."""
    return 1.0 + step**2
