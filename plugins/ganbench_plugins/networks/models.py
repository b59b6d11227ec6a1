"""The architectures that ganbench carries, as plugins. Their code is imported when one is built."""

from ganbench import DataInfo, ModelSpec, Parameter, hookimpl
from ganbench_plugins.networks.sizes import (
    dcgan_levels,
    fitting,
    plain_conv_levels,
    r3gan_levels,
    resnet_levels,
    sngan_levels,
)

GANBENCH_API_VERSION = 2

_NORMS = ("none", "batch", "layer")
_LAWS = ("normal", "uniform")


def _width(help_text: str) -> Parameter:
    return Parameter(kind=int, minimum=1, maximum=8192, help=help_text)


def _plain(side: str) -> dict[str, Parameter]:
    """What one of the plain convolutional networks is made of."""
    return {
        f"{side}_depth": Parameter(
            default=4, minimum=1, maximum=100, help="3x3 convolutions, at least one at each size"
        ),
        f"{side}_width": Parameter(
            default=32, minimum=1, maximum=8192, help="channels next to the image"
        ),
        f"{side}_activation": Parameter(
            default="relu",
            choices=_NONLINEARITIES,
            help="of hidden layers; softplus is softplus(2x+2)/2-1",
        ),
    }


def _fits_projection(data: DataInfo) -> bool:
    return data.modality != "image" or fitting(sngan_levels)(data)


def _fits_acgan(data: DataInfo) -> bool:
    return data.modality != "image" or fitting(dcgan_levels)(data)


def _has_batch_norm(*, discriminator_norm: str, **_: object) -> bool:
    return discriminator_norm == "batch"


# Layer norm is the replacement that Gulrajani et al. 2017 name for a critic with a penalty.
_LAYER_NORM = {"discriminator_norm": "layer"}


_NONLINEARITIES = ("relu", "leaky-relu", "softplus", "tanh")

_LATENT = {
    "latent": Parameter(default=128, minimum=1, help="size of the latent"),
    "latent_law": Parameter(default="normal", choices=_LAWS, help="N(0, 1) or U(-1, 1)"),
}


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    """Multilayer perceptrons, DCGAN's and WGAN-GP's convolutional networks."""
    return [
        ModelSpec(
            name="mlp",
            description="multilayer perceptrons for any sample, flattened",
            paper="Goodfellow et al. 2014, Generative Adversarial Nets, arXiv:1406.2661",
            build="ganbench_plugins.networks.mlp:build",
            coupled=_has_batch_norm,
            uncoupled=_LAYER_NORM,
            parameters={
                "width": Parameter(default=128, minimum=1, help="units of each hidden layer"),
                "depth": Parameter(default=3, minimum=1, help="number of hidden layers"),
                "generator_units": Parameter(
                    kind=str, help="the generator's hidden layers, as 256-128; auto: depth x width"
                ),
                "discriminator_units": Parameter(
                    kind=str, help="the discriminator's hidden layers; auto: depth x width"
                ),
                "generator_norm": Parameter(
                    default="none", choices=_NORMS, help="after each hidden layer of the generator"
                ),
                "discriminator_norm": Parameter(
                    default="none",
                    choices=_NORMS,
                    help="after each hidden layer of the discriminator but the first",
                ),
                "leak": Parameter(
                    default=0.0, minimum=0, maximum=1, help="negative slope in the discriminator"
                ),
                "init_std": Parameter(
                    kind=float, minimum=0, help="weights ~ N(0, std); auto: torch's own start"
                ),
                "activation": Parameter(
                    default="relu",
                    choices=("relu", "tanh"),
                    help="of all hidden layers; tanh has no leak",
                ),
                "orthogonal_gain": Parameter(
                    kind=float, minimum=0, help="orthogonal weights with that gain, biases 0"
                ),
                **_LATENT,
            },
        ),
        ModelSpec(
            name="pacgan",
            description="batch-normalised generator and maxout discriminator, for points",
            paper="Lin et al. 2018, PacGAN: The power of two samples in GANs, arXiv:1712.04086",
            build="ganbench_plugins.networks.pacgan:build",
            modalities=("points",),
            parameters={
                "width": Parameter(
                    default=400, minimum=2, help="generator's units; the discriminator has half"
                ),
                "latent": Parameter(default=2, minimum=1, help="size of the latent"),
            },
        ),
        ModelSpec(
            name="dcgan",
            description="strided 5x5 convolutions with batch norm, from 8 to 128 px",
            paper="Radford et al. 2016, Deep Convolutional GAN, arXiv:1511.06434",
            build="ganbench_plugins.networks.dcgan:build",
            coupled=_has_batch_norm,
            uncoupled=_LAYER_NORM,
            modalities=("image",),
            supports=fitting(dcgan_levels),
            parameters={
                "width": _width("channels next to the image; auto: 128 from 64 px on, else less"),
                "generator_norm": Parameter(
                    default="batch", choices=_NORMS, help="after each hidden generator layer"
                ),
                "discriminator_norm": Parameter(
                    default="batch",
                    choices=_NORMS,
                    help="after each discriminator layer but the first",
                ),
                **_LATENT,
                "latent": Parameter(default=100, minimum=1, help="size of the latent"),
                "latent_law": Parameter(default="uniform", choices=_LAWS, help="law of the latent"),
            },
        ),
        ModelSpec(
            name="plain-conv",
            description="3x3 convolutions of any depth, width, norm and nonlinearity, to 32 px",
            paper="Gulrajani et al. 2017, Improved Training of Wasserstein GANs, table 1, "
            "arXiv:1704.00028",
            build="ganbench_plugins.networks.plain_conv:build",
            coupled=_has_batch_norm,
            uncoupled=_LAYER_NORM,
            modalities=("image",),
            supports=fitting(plain_conv_levels),
            parameters={
                **_plain("generator"),
                "generator_norm": Parameter(
                    default="batch", choices=_NORMS, help="after each hidden generator layer"
                ),
                **_plain("discriminator"),
                "discriminator_norm": Parameter(
                    default="batch",
                    choices=_NORMS,
                    help="after each discriminator layer but the first",
                ),
                "latent": _LATENT["latent"],
            },
        ),
        ModelSpec(
            name="resnet",
            description="WGAN-GP's residual networks, from 8 to 128 px",
            paper="Gulrajani et al. 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028",
            build="ganbench_plugins.networks.resnet:build",
            modalities=("image",),
            supports=fitting(resnet_levels),
            parameters={
                "width": _width("channels of every block; auto: 128 from 28 px on, less below"),
                "discriminator_norm": Parameter(
                    default="none", choices=("none", "layer"), help="before each critic convolution"
                ),
                **_LATENT,
            },
        ),
        ModelSpec(
            name="sngan",
            description="SNGAN's residual networks, from 8 to 128 px; add sn for its constraint",
            paper="Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, "
            "arXiv:1802.05957",
            build="ganbench_plugins.networks.sngan:build",
            modalities=("image",),
            supports=fitting(sngan_levels),
            parameters={
                "width": _width("discriminator's channels next to the image; auto: by size"),
                "latent": _LATENT["latent"],
            },
        ),
        ModelSpec(
            name="sagan",
            description="SNGAN's networks with self-attention and a normalised generator; add sn",
            paper="Zhang et al. 2019, Self-Attention Generative Adversarial Networks, "
            "arXiv:1805.08318",
            build="ganbench_plugins.networks.sagan:build",
            modalities=("image",),
            supports=fitting(sngan_levels),
            parameters={
                "width": _width("discriminator's channels next to the image; auto: by size"),
                "latent": _LATENT["latent"],
            },
        ),
        ModelSpec(
            name="cgan",
            description="perceptrons that are told the class beside latent and sample",
            paper="Mirza & Osindero 2014, Conditional Generative Adversarial Nets, arXiv:1411.1784",
            build="ganbench_plugins.networks.cgan:build",
            conditional=True,
            parameters={
                "width": Parameter(default=128, minimum=1, help="units of each hidden layer"),
                "depth": Parameter(default=3, minimum=1, help="number of hidden layers"),
                "leak": Parameter(
                    default=0.0, minimum=0, maximum=1, help="negative slope in the discriminator"
                ),
                "latent": _LATENT["latent"],
            },
        ),
        ModelSpec(
            name="acgan",
            description="a generator that is told the class, and a classifier that has to find it",
            paper="Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs, "
            "arXiv:1610.09585",
            build="ganbench_plugins.networks.acgan:build",
            supports=_fits_acgan,
            provides=("classifier",),
            asks=("classifier",),
            conditional=True,
            coupled=_has_batch_norm,
            uncoupled=_LAYER_NORM,
            parameters={
                "width": _width("channels next to the image, or hidden units; auto: by size"),
                "discriminator_norm": Parameter(
                    default="batch",
                    choices=_NORMS,
                    help="after each discriminator layer but the first",
                ),
                "latent": Parameter(default=100, minimum=1, help="size of the latent"),
            },
        ),
        ModelSpec(
            name="projection",
            description="norms by class, and a class's embedding projected on features; add sn",
            paper="Miyato & Koyama 2018, cGANs with Projection Discriminator, arXiv:1802.05637",
            build="ganbench_plugins.networks.projection:build",
            supports=_fits_projection,
            conditional=True,
            parameters={
                "width": _width("discriminator's channels next to the image, or hidden units"),
                "latent": _LATENT["latent"],
            },
        ),
        ModelSpec(
            name="r3gan",
            description="R3GAN's residual blocks without normalisation, from 8 to 128 px",
            paper="Huang et al. 2024, The GAN is dead; long live the GAN!, arXiv:2501.05441",
            build="ganbench_plugins.networks.r3gan:build",
            modalities=("image",),
            supports=fitting(r3gan_levels),
            parameters={
                "width": _width("channels of every block; auto: 64 from 28 px on, less below"),
                "latent": Parameter(default=64, minimum=1, help="size of the latent"),
            },
        ),
        ModelSpec(
            name="biggan",
            description="residual networks steered by one embedding of the class; add sn",
            paper="Brock et al. 2019, Large Scale GAN Training for High Fidelity Natural Image "
            "Synthesis, arXiv:1809.11096",
            build="ganbench_plugins.networks.biggan:build",
            modalities=("image",),
            supports=fitting(sngan_levels),
            conditional=True,
            parameters={"width": _width("discriminator's channels next to the image")},
        ),
        ModelSpec(
            name="stylegan2",
            description="a mapping network and modulated convolutions, from 8 to 128 px",
            paper="Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN, "
            "arXiv:1912.04958",
            build="ganbench_plugins.networks.stylegan2:build",
            modalities=("image",),
            supports=fitting(r3gan_levels),
            parameters={
                "width": _width("channels next to the image; auto: 16 from 28 px on, 8 below"),
                "latent": Parameter(default=64, minimum=1, help="size of the latent and of styles"),
            },
        ),
    ]
