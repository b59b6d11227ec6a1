"""Energy distance (Székely & Rizzo 2013, doi:10.1016/j.jspi.2013.03.018) of features.

2 E|X - Y| - E|X - X'| - E|Y - Y'|, which is 0 only between equal laws, for real X and fake Y. Pairs
of a sample with itself are left out, so that its expectation under a perfect generator is exactly
0 at any number of samples; single values may then lie below 0.
"""

from __future__ import annotations

from typing import Annotated

from ganbench import Evaluation, Measurement, Parameter, ScoreSpec, hookimpl

GANBENCH_API_VERSION = 2


def compute(
    evaluation: Evaluation,
    *,
    extractor: Annotated[
        str, Parameter(help="whose features; see `ganbench list extractors`")
    ] = "__EXTRACTOR__",
) -> list[Measurement]:
    """One column; torch is imported when it is computed, not when ganbench starts."""
    from __MODULE__ import energy

    return energy.compute(evaluation, extractor=extractor)


@hookimpl
def ganbench_scores() -> list[ScoreSpec]:
    """The score."""
    return [
        ScoreSpec(
            name="__NAME__",
            description="unbiased energy distance between real and generated features",
            paper="Székely & Rizzo 2013, https://doi.org/10.1016/j.jspi.2013.03.018",
            compute=compute,
            modalities=__MODALITIES__,
        )
    ]
