"""The scores that ganbench carries, as plugins."""

from dataclasses import replace

from ganbench import Parameter, ScoreSpec, hookimpl
from ganbench_plugins.scores import requirements

GANBENCH_API_VERSION = 2

_MEASURES = "ganbench_plugins.scores"

_EXTRACTOR = {
    "extractor": Parameter(
        default="classifier",
        help="network whose features are compared; see `ganbench list extractors`",
    )
}


def _samples(default: int, what: str) -> dict[str, Parameter]:
    return {"samples": Parameter(default=default, minimum=10, help=what)}


@hookimpl
def ganbench_scores() -> list[ScoreSpec]:
    """Distances, neighbour scores, the panel of known modes, and what looks into the networks."""
    return [
        ScoreSpec(
            name="fd",
            description="Fréchet distance between feature Gaussians; FID with Inception features",
            blind="all but two moments of the features, which a Gaussian may have too",
            paper="Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule, "
            "arXiv:1706.08500",
            compute=f"{_MEASURES}.distances:frechet",
            check=requirements.frechet,
            parameters=_EXTRACTOR,
        ),
        ScoreSpec(
            name="kid",
            description="kernel distance (unbiased squared MMD, cubic kernel) of all samples",
            blind="whatever its cubic kernel does not weigh; the longest features rule it",
            paper="Bińkowski et al. 2018, Demystifying MMD GANs, arXiv:1801.01401",
            compute=f"{_MEASURES}.distances:kernel",
            check=requirements.kernel,
            parameters=_EXTRACTOR,
        ),
        ScoreSpec(
            name="prdc",
            description="precision, recall, density and coverage of features; near-duplicates",
            blind="modes drawn more often (recall), collapse within modes (coverage)",
            paper="Kynkäänniemi et al. 2019, arXiv:1904.06991; Naeem et al. 2020, arXiv:2002.09797",
            compute=f"{_MEASURES}.collapse:prdc",
            check=requirements.prdc,
            parameters=_EXTRACTOR,
        ),
        ScoreSpec(
            name="class-recall",
            description="coverage of the frequent, the medium and the rare classes of training",
            blind="how often a class is hit, and noise near its samples",
            paper="Naeem et al. 2020, arXiv:2002.09797, class by class",
            compute=f"{_MEASURES}.tail:class_recall",
            check=requirements.class_recall,
            parameters={
                **_EXTRACTOR,
                "each": Parameter(default=False, help="one column for each class as well"),
            },
        ),
        ScoreSpec(
            name="class-distance",
            description="distance of each class from its own real samples, kernel or Fréchet",
            blind="fakes beyond a class's share, and classes that the judge mistakes on both sides",
            paper="Miyato & Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637 "
            "(intra FID); Bińkowski et al. 2018, arXiv:1801.01401",
            compute=f"{_MEASURES}.class_distance:class_distance",
            modalities=("image", "audio", "text", "pair"),  # those for which there are judges
            check=requirements.class_distance,
            parameters={
                **_EXTRACTOR,
                "judge": Parameter(
                    default="classifier",
                    help="classifier that tells the class where nobody was asked for one",
                ),
                "distance": Parameter(
                    default="kid",
                    choices=("kid", "fd"),
                    help="kernel distance, or Fréchet of 96 features at most",
                ),
                "each": Parameter(default=False, help="one column for each class as well"),
            },
        ),
        ScoreSpec(
            name="vendi",
            description="effective number of different fakes over that of as many real samples",
            blind="repetition, and noise, which raises it",
            paper="Friedman & Dieng 2023, The Vendi Score, arXiv:2210.02410",
            compute=f"{_MEASURES}.collapse:vendi",
            parameters=_EXTRACTOR,
        ),
        ScoreSpec(
            name="near-train",
            description="share of fakes that lie as near to a training sample as copies do",
            blind="copies that an extractor sees as other samples",
            compute=f"{_MEASURES}.collapse:near_train",
            draw=f"{_MEASURES}.drawings:neighbours",
            check=requirements.near_train,
            parameters=_EXTRACTOR,
        ),
        ScoreSpec(
            name="near-held-out",
            description="share of fakes that lie as near to a held-out sample as copies do",
            blind="copies that an extractor sees as other samples",
            compute=f"{_MEASURES}.collapse:near_held_out",
            check=requirements.near_held_out,
            parameters=_EXTRACTOR,
        ),
        ScoreSpec(
            name="ndb",
            description="Jensen-Shannon divergence over k-means cells of the training data",
            blind="whatever stays within a cell",
            paper="Richardson & Weiss 2018, On GANs and GMMs, arXiv:1805.12462",
            compute=f"{_MEASURES}.collapse:bins",
            check=requirements.bins,
            parameters={
                **_EXTRACTOR,
                "bins": Parameter(default=100, minimum=2, maximum=10_000, help="cells of k-means"),
            },
        ),
        ScoreSpec(
            name="classes",
            description="classes found, and how evenly they are hit, seen by a frozen classifier",
            blind="noise, which has classes too, and collapse within a class",
            paper="Lin et al. 2018, PacGAN, arXiv:1712.04086",
            compute=f"{_MEASURES}.modes:classes",
            modalities=("image", "audio"),
            parameters=_EXTRACTOR,
        ),
        ScoreSpec(
            name="agreement",
            description="share of pairs whose halves are of one class, beside that by chance",
            blind="collapse onto one class, and halves that are good for nothing but their class",
            compute=f"{_MEASURES}.agreement:agreement",
            modalities=("pair",),
            parameters={"extractor": replace(_EXTRACTOR["extractor"], default="halves")},
        ),
        ScoreSpec(
            name="loudness",
            description="share of clips that are as loud as the middle 98 % of real ones",
            blind="all but how loud a clip is",
            compute=f"{_MEASURES}.sound:loudness",
            modalities=("audio",),
        ),
        ScoreSpec(
            name="recognised",
            description="share of clips whose class a classifier and neighbours agree on",
            blind="collapse onto one class, which chance would recognise as well",
            compute=f"{_MEASURES}.sound:recognised",
            check=requirements.recognised,
            modalities=("audio",),
            parameters={"extractor": replace(_EXTRACTOR["extractor"], default="audio-classifier")},
        ),
        ScoreSpec(
            name="intended-class",
            description="share of a conditional generator's fakes that are of the class asked for",
            blind="everything but the class: one good sample of each class suffices",
            paper="Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs, "
            "arXiv:1610.09585",
            compute=f"{_MEASURES}.intended:intended",
            modalities=("image",),
            parameters=_EXTRACTOR,
            conditional=True,
        ),
        ScoreSpec(
            name="sources",
            description="share and coverage of each source of a mixture, and the share of neither",
            blind="what is wrong within a source",
            paper="Naeem et al. 2020, arXiv:2002.09797, source by source",
            compute=f"{_MEASURES}.sources:sources",
            check=requirements.sources,
            parameters={"extractor": Parameter(default="raw", help=_EXTRACTOR["extractor"].help)},
        ),
        ScoreSpec(
            name="modes",
            description="modes found, high-quality share and evenness where the modes are known",
            blind="collapse within a mode",
            paper="Srivastava et al. 2017, VEEGAN, arXiv:1705.07761",
            compute=f"{_MEASURES}.modes:modes",
            modalities=("points",),
        ),
        ScoreSpec(
            name="w2",
            description="exact squared 2-Wasserstein distance between equally many points",
            blind="in many dimensions most things; at 1,000 points the width of narrow modes",
            paper="Peyré & Cuturi 2019, Computational Optimal Transport, arXiv:1803.00567",
            compute=f"{_MEASURES}.distances:exact_wasserstein",
            check=requirements.exact_wasserstein,
            modalities=("points",),
            parameters={"samples": Parameter(default=1000, minimum=2, help="points on each side")},
        ),
        ScoreSpec(
            name="sliced-w2",
            description="squared 2-Wasserstein distance averaged over 256 directions",
            blind="what no line sees; at 2,500 points modes five times too wide",
            paper="Bonneel et al. 2015, Sliced and Radon Wasserstein Barycenters of Measures",
            compute=f"{_MEASURES}.distances:sliced_wasserstein",
            check=requirements.sliced_wasserstein,
            modalities=("points",),
        ),
        ScoreSpec(
            name="jacobian",
            description="how a generator's Jacobian is conditioned; its effective local dimension",
            blind="where samples lie: a linear map of noise is conditioned best",
            paper="Odena et al. 2018, Is Generator Conditioning Causally Related to GAN "
            "Performance?, arXiv:1802.08768",
            compute=f"{_MEASURES}.interpretability:jacobian",
            modalities=("points", "image", "audio"),
            parameters=_samples(64, "latents"),
        ),
        ScoreSpec(
            name="discriminator",
            description="whether the discriminator overfits, and tells held-out samples from fakes",
            blind="whose fault it is: AUC .5 may be a weak discriminator",
            paper="Karras et al. 2020, Training GANs with Limited Data, arXiv:2006.06676, eq. 1",
            compute=f"{_MEASURES}.interpretability:discriminator",
            draw=f"{_MEASURES}.drawings:opinions",
            parameters=_samples(2000, "samples of each kind, at most"),
        ),
        ScoreSpec(
            name="path-length",
            description="how far features move along a path through latents, and how jumpily",
            blind="quality: samples that are all alike move least; modes apart need jumps",
            paper="Karras et al. 2019, Style-Based Generator, arXiv:1812.04948, §4.1",
            compute=f"{_MEASURES}.interpretability:path_length",
            draw=f"{_MEASURES}.drawings:interpolations",
            modalities=("points", "image"),
            parameters={**_EXTRACTOR, **_samples(500, "pairs of latents")},
        ),
        ScoreSpec(
            name="separability",
            description="how much of a sample's class a linear probe reads from its latent",
            blind="classes that are never generated, and all that is no class",
            paper="Karras et al. 2019, Style-Based Generator, arXiv:1812.04948, §4.2",
            compute=f"{_MEASURES}.interpretability:separability",
            draw=f"{_MEASURES}.drawings:directions",
            modalities=("points", "image"),
            parameters={**_EXTRACTOR, **_samples(2000, "latents")},
        ),
    ]
