"""Rules of play on the Dirac-GAN, solved exactly: what they make of a game that plain steps lose.

Near the equilibrium the game is linear and turns: with z = theta + i psi, the vector field of plain
descent is v(z) = i s z (up to the sign of psi), so that a simultaneous step of size h multiplies z
by 1 - ia, a = hs (`closed_form`). Every rule is a linear recurrence in z, or in theta and psi where
one steps before the other, and its spectral radius, the factor of the distance from the equilibrium
for each generator step in the long run, is the largest modulus of the recurrence's roots. Below 1
the rule converges. For the Wasserstein loss (s = 1) all holds everywhere, for others near the
equilibrium. Penalties on slopes are in `closed_form`: R1 and R2 are the same here and add up, and
that of Roth et al. (`js`), which weighs real samples by (1 - D)² and fakes by D², a quarter each
where D = 1/2, is R1 of half its gamma.
"""

from __future__ import annotations

import cmath
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def simultaneous(turn: float) -> float:
    """Plain steps at once: z -> (1 - ia) z, of modulus sqrt(1 + a²) > 1.

    Args:
        turn: a = hs, the step size times the loss's slope at 0.
    """
    return math.hypot(1.0, turn)


def extragradient(turn: float) -> float:
    """The field at z - ia z: z -> z - ia (1 - ia) z = (1 - a² - ia) z, sqrt(1 - a² + a⁴).

    Args:
        turn: as in `simultaneous`. Below 1 the rule converges.
    """
    return math.sqrt(1.0 - turn**2 + turn**4)


def optimistic(turn: float) -> float:
    """Twice the field less the last one: z'' = z' - 2ia z' + ia z; x² = (1 - 2ia) x + ia.

    Args:
        turn: as in `simultaneous`.
    """
    return _largest(_square_roots(1 - 2j * turn, 1j * turn))


def consensus(step: float, slope: float, gamma: float) -> float:
    """|v|² = s² |z|², so that gamma/2 |v|² pulls by gamma s² z: z -> (1 - h gamma s² - ia) z.

    Args:
        step: step size h of both players.
        slope: s.
        gamma: weight of gamma/2 |v|².
    """
    return math.hypot(1.0 - step * gamma * slope**2, step * slope)


def momentum(turn: float, beta: float) -> float:
    """Velocities v = b v + gradient, the generator after the discriminator.

    As psi' - psi = b (psi - psi_before) - a theta, with x the shift by one step
    (x - 1)(x - b) psi = -a x theta. The generator sees the new psi: (x - 1)(x - b) theta =
    a x² psi. Together (x - 1)² (x - b)² + a² x³ = 0 (Gidel et al. 2019, theorem 5).

    Args:
        turn: as in `simultaneous`.
        beta: b; below 0 it converges, with small steps.
    """
    import numpy as np

    quadratic = np.array([1.0, -1.0 - beta, beta])
    quartic = np.polymul(quadratic, quadratic) + np.array([0.0, turn**2, 0.0, 0.0, 0.0])
    return _largest(np.roots(quartic).tolist())


def two_time_scales(turn: float, ratio: float) -> float:
    """The discriminator steps by r h: theta' = theta + a psi, psi' = psi - r a theta; of modulus
    sqrt(1 + r a²): no ratio of rates makes plain steps converge.

    Args:
        turn: as in `simultaneous`, of the generator's step h.
        ratio: r.
    """
    return math.sqrt(1.0 + ratio * turn**2)


def unrolled(turn: float, k: int) -> float:
    """The generator descends against psi_k = psi - k a theta, and through it: its gradient is
    -s (psi - 2 k a theta), no longer -s psi. So theta' = (1 - 2 k a²) theta + a psi, psi' = psi -
    a theta; x² = (2 - 2 k a²) x - 1 + (2k - 1) a², of modulus sqrt(1 - (2k - 1) a²) while it turns.

    Args:
        turn: as in `simultaneous`.
        k: steps that are foreseen.
    """
    trace, determinant = 2.0 - 2 * k * turn**2, 1.0 - (2 * k - 1) * turn**2
    return _largest(_square_roots(trace, -determinant))


def lookahead(turn: float, k: int, share: float = 0.5, *, alternating: bool = False) -> float:
    """k plain steps, and back by 1 - c of the way: x^k becomes 1 - c + c x^k, once in k steps.

    x are the roots of a plain step: 1 ± ia; alternating, of x² = (2 - a²) x - 1, on the unit
    circle while a < 2. More steps are not better: it converges where x^k points away from 1.

    Args:
        turn: as in `simultaneous`.
        k: steps from one of slow weights to the next.
        share: c, of the way.
        alternating: whether the generator steps after the discriminator.
    """
    plain = _square_roots(2 - turn**2, -1.0) if alternating else (1 - 1j * turn, 1 + 1j * turn)
    period = _largest(1 - share + share * root**k for root in plain)
    return math.pow(period, 1 / k)


def _square_roots(b: complex, c: complex) -> tuple[complex, complex]:
    """The roots of x² = b x + c."""
    half = cmath.sqrt(b * b / 4 + c)
    return b / 2 + half, b / 2 - half


def _largest(roots: Iterable[complex]) -> float:
    return max(abs(root) for root in roots)
