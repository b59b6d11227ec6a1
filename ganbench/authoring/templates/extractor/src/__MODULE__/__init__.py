"""Random features of the arc-cosine kernel (Cho & Saul 2009, Kernel Methods for Deep Learning).

A layer of rectified units with Gaussian weights that nobody trains: the inner product of two
samples' features is, in expectation, |x| |y| (sin t + (pi - t) cos t) / pi, where t is the angle
between the samples as networks see them. Means and covariances of such features tell more of a law
than those of the samples do, for any kind of data and without a download.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import Data, Extractor, ExtractorSpec, Parameter, hookimpl

if TYPE_CHECKING:
    import torch

GANBENCH_API_VERSION = 2


def build(
    data: Data,
    device: torch.device,
    *,
    width: Annotated[int, Parameter(minimum=1, help="number of features")] = 64,
) -> Extractor:
    """The frozen layer; torch is imported when it is built, not when ganbench starts."""
    from __MODULE__ import features

    return features.RandomFeatures(data.info, device, width)


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """The features, for any score that compares some: `fd[extractor=NAME]`."""
    return [
        ExtractorSpec(
            name="__NAME__",
            description="rectified units with random weights, which nobody trains",
            paper="Cho & Saul 2009, Kernel Methods for Deep Learning, NeurIPS 22",
            build=build,
            modalities=__MODALITIES__,
        )
    ]
