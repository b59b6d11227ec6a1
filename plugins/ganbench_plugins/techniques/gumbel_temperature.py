"""A Gumbel-softmax temperature that falls over the budget (Jang et al. 2017, arXiv:1611.01144).

Soft samples have gradients and are no texts; hard ones are texts and have none. The temperature
goes from the one to the other geometrically, by the fraction of the budget that is spent, so that
equal budgets end equally hard whatever a step costs (RelGAN: the inverse temperature rises
exponentially, by steps).
"""

from __future__ import annotations

from typing import Annotated, Any

from ganbench import Game, Parameter, TechniqueSpec, hookimpl

GANBENCH_API_VERSION = 2


class GumbelTemperature:
    """tau = start (end / start)^t, t the share of the budget that is spent.

    Args:
        start: at the beginning.
        end: when the budget is spent.
    """

    def __init__(
        self,
        start: Annotated[float, Parameter(minimum=1e-3, help="temperature at the start")] = 1.0,
        end: Annotated[float, Parameter(minimum=1e-3, help="temperature at the end")] = 0.2,
    ) -> None:
        self.start, self.end = start, end

    def before_step(self, game: Game) -> None:
        """start (end / start)^progress."""
        generator: Any = game.networks.generator
        generator.anneal(self.start * (self.end / self.start) ** game.progress)


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    """The temperature."""
    return [
        TechniqueSpec(
            name="gumbel-temperature",
            description="a Gumbel-softmax temperature that falls with the budget that is spent",
            paper="Jang et al. 2017, Categorical Reparameterization with Gumbel-Softmax, "
            "arXiv:1611.01144",
            build=GumbelTemperature,
            needs=("anneal",),
            argument="end",
            modalities=("text",),
            deviations=(
                "it falls geometrically with the budget to .2, not with the steps to a least value",
            ),
        )
    ]
