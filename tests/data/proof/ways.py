"""Ways of training that a recipe can ask for, a variant each; all of them train perceptrons.

`careful`: AdamW under a warm-up and half a cosine, its gradients clipped, two time scales, an
average by its half-life. `hasty`: an optimiser from elsewhere, two generator steps to each
discriminator step. `asked`: a loss with a parameter of its own, and a module with an optimiser of
its own.
"""

from ganbench import (
    Extra,
    Latent,
    LossSpec,
    ModelSpec,
    Networks,
    Optimiser,
    Recipe,
    Training,
    VariantSpec,
    hookimpl,
    schedules,
)

ADAM = Optimiser(lr=1e-3, betas=(0.5, 0.999))


def careful(data):
    slow = Optimiser(name="adamw", lr=1e-3, betas=(0.5, 0.99), weight_decay=0.01, clip_norm=0.1)
    fast = Optimiser(name="adamw", lr=4e-3, betas=(0.5, 0.99), weight_decay=0.01, clip_norm=0.1)
    training = Training(
        generator=slow,
        discriminator=fast,
        batch_size=32,
        schedule=schedules.warmup(0.25, schedules.cosine),
        ema_half_life=320.0,
    )
    return Recipe(model="mlp", loss="non-saturating", training=training)


def hasty(data):
    nadam = Optimiser(name="torch.optim:NAdam", lr=1e-3, options={"momentum_decay": 0.01})
    training = Training(generator=nadam, discriminator=nadam, batch_size=32, critic_every=2)
    return Recipe(model="mlp", loss="non-saturating", training=training)


def asked(data):
    training = Training(generator=ADAM, discriminator=ADAM, batch_size=32)
    return Recipe(model="with-critic", loss="tempered", training=training)


def with_critic(data):
    from torch import nn

    def perceptron(inputs, outputs):
        return nn.Sequential(nn.Flatten(), nn.Linear(inputs, 32), nn.ReLU(), nn.Linear(32, outputs))

    critic = perceptron(data.features, 1)
    return Networks(
        generator=nn.Sequential(perceptron(2, data.features), nn.Unflatten(1, data.shape)),
        discriminator=perceptron(data.features, 1),
        latent=Latent(size=2),
        extra={"critic": Extra(critic, "discriminator", Optimiser(name="sgd", lr=0.1))},
    )


class Tempered:
    """Logits are multiplied by a learnt temperature; a second opinion is a critic's."""

    trained_with = "discriminator"

    def __init__(self):
        import torch

        self.temperature = torch.nn.Parameter(torch.ones(()))

    def discriminator_loss(self, step):
        from torch.nn.functional import softplus

        critic = step.extra["critic"]
        second = (critic(step.fake) - critic(step.real)).mean()
        return second + sum(
            softplus(sign * self.temperature * logits).mean()
            for sign, logits in ((-1, step.real_logits), (1, step.fake_logits))
        )

    def generator_loss(self, step):
        from torch.nn.functional import softplus

        return softplus(-self.temperature * step.fake_logits).mean()


@hookimpl
def ganbench_models():
    about = {"description": "perceptrons, and a critic beside them", "modalities": ("points",)}
    return [ModelSpec(name="with-critic", build=with_critic, provides=("critic",), **about)]


@hookimpl
def ganbench_losses():
    training = Training(generator=ADAM, discriminator=ADAM)
    about = {"description": "a learnt temperature", "needs": ("critic",)}
    return [LossSpec(name="tempered", build=Tempered, training=training, **about)]


@hookimpl
def ganbench_variants():
    about = {"description": "a way of training", "modalities": ("points",)}
    return [
        VariantSpec(name="careful", recipe=careful, **about),
        VariantSpec(name="hasty", recipe=hasty, **about),
        VariantSpec(name="asked", recipe=asked, **about),
    ]
