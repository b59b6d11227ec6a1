"""Minibatch standard deviation (Karras et al. 2018, arXiv:1710.10196), and a model that hides it.

A channel with the standard deviation over groups of four samples shows a discriminator how much
they differ: samples of a batch influence each other's logits. The technique says so. The model
does not, and has to be found out.
"""

from dataclasses import replace

from ganbench import Latent, ModelSpec, Networks, TechniqueSpec, hookimpl

PAPER = "Karras et al. 2018, Progressive Growing of GANs, arXiv:1710.10196"
GROUP = 4


def spread(samples):
    """(B,) standard deviation over a sample's group of four, averaged over coordinates."""
    groups = samples.flatten(1).view(-1, GROUP, samples[0].numel())
    deviation = (groups.var(dim=1, correction=0) + 1e-8).sqrt().mean(dim=1)
    return deviation.repeat_interleave(GROUP)


class MinibatchStddev:
    def networks(self, networks):
        import torch

        from ganbench import Wrapped

        class Beside(Wrapped):
            def __init__(self, wrapped):
                super().__init__(wrapped)
                self.gain = torch.nn.Parameter(torch.zeros(()))

            def forward(self, samples, *labels):
                logits = super().forward(samples, *labels)
                return logits.view(-1) + self.gain * spread(samples)

        return replace(networks, discriminator=Beside(networks.discriminator))


def build(data):
    from torch import nn

    networks = Networks(
        generator=nn.Sequential(nn.Linear(2, data.features), nn.Unflatten(1, data.shape)),
        discriminator=nn.Sequential(nn.Flatten(), nn.Linear(data.features, 1)),
        latent=Latent(size=2),
    )
    return MinibatchStddev().networks(networks)


@hookimpl
def ganbench_models():
    about = {"description": "a spread over groups of four beside a line", "paper": PAPER}
    return [ModelSpec(name="secretive", build=build, modalities=("points",), **about)]


@hookimpl
def ganbench_techniques():
    return [
        TechniqueSpec(
            name="stddev",
            description="the discriminator sees how much four samples differ",
            paper=PAPER,
            build=MinibatchStddev,
            coupled=True,
        )
    ]
