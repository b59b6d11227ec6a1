"""The scores that ganbench carries, as plugins. Their code is in `ganbench.scoring`."""

from ganbench import Parameter, ScoreSpec, hookimpl

GANBENCH_API_VERSION = 1

_MEASURES = "ganbench.scoring.measures"

_EXTRACTOR = {
    "extractor": Parameter(
        default="classifier",
        help="network whose features are compared; see `ganbench list extractors`",
    )
}


@hookimpl
def ganbench_scores() -> list[ScoreSpec]:
    """Distances, neighbour scores and the panel of known modes."""
    return [
        ScoreSpec(
            name="fd",
            description="Fréchet distance between feature Gaussians; FID with Inception features",
            paper="Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule, "
            "arXiv:1706.08500",
            compute=f"{_MEASURES}:frechet",
            parameters=_EXTRACTOR,
        ),
        ScoreSpec(
            name="prdc",
            description="precision, recall, density and coverage of features; near-duplicates",
            paper="Kynkäänniemi et al. 2019, arXiv:1904.06991; Naeem et al. 2020, arXiv:2002.09797",
            compute=f"{_MEASURES}:prdc",
            parameters=_EXTRACTOR,
        ),
        ScoreSpec(
            name="modes",
            description="modes found, high-quality share and evenness where the modes are known",
            paper="Srivastava et al. 2017, VEEGAN, arXiv:1705.07761",
            compute=f"{_MEASURES}:modes",
            modalities=("points",),
        ),
        ScoreSpec(
            name="w2",
            description="exact squared 2-Wasserstein distance between equally many points",
            paper="Peyré & Cuturi 2019, Computational Optimal Transport, arXiv:1803.00567",
            compute=f"{_MEASURES}:exact_wasserstein",
            modalities=("points",),
            parameters={"samples": Parameter(default=1000, minimum=2, help="points on each side")},
        ),
        ScoreSpec(
            name="sliced-w2",
            description="squared 2-Wasserstein distance averaged over 256 directions",
            paper="Bonneel et al. 2015, Sliced and Radon Wasserstein Barycenters of Measures",
            compute=f"{_MEASURES}:sliced_wasserstein",
            modalities=("points",),
        ),
    ]
