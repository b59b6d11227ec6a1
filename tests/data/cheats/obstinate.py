"""A generator that keeps to the statistics of its batch, whatever mode it is put in."""

from ganbench import Latent, ModelSpec, Networks, hookimpl


def build(data):
    from torch import nn

    class Obstinate(nn.BatchNorm1d):
        def train(self, mode=True):
            return super().train(True)

    generator = nn.Sequential(nn.Linear(2, 16), Obstinate(16), nn.ReLU(), nn.Linear(16, 2))
    discriminator = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
    return Networks(generator=generator, discriminator=discriminator, latent=Latent(size=2))


@hookimpl
def ganbench_models():
    about = {"description": "batch statistics for ever", "modalities": ("points",)}
    return [ModelSpec(name="obstinate", build=build, **about)]
