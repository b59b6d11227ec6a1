"""Feature matching as the generator's whole loss (Salimans et al. 2016, arXiv:1606.03498, §3.1)."""

from ganbench import LossSpec, Optimiser, Training, hookimpl


class FeatureMatching:
    def discriminator_loss(self, step):
        from torch.nn.functional import softplus

        return softplus(-step.real_logits).mean() + softplus(step.fake_logits).mean()

    def generator_loss(self, step):
        real, fake = step.real_features.detach().mean(dim=0), step.fake_features.mean(dim=0)
        return (real - fake).square().sum()


@hookimpl
def ganbench_losses():
    adam = Optimiser(lr=3e-4, betas=(0.5, 0.999))
    return [
        LossSpec(
            name="mean-matching",
            description="the generator matches mean features, and nothing else",
            paper="Salimans et al. 2016, Improved Techniques for Training GANs, arXiv:1606.03498",
            build=FeatureMatching,
            training=Training(generator=adam, discriminator=adam),
            needs=("real", "features"),
        )
    ]
