"""Light specs of the losses, models and techniques of `ganbench_sound`."""

from __future__ import annotations

from ganbench import LossSpec, ModelSpec, Optimiser, TechniqueSpec, Training, hookimpl

GANBENCH_API_VERSION = 2

ADAM = Optimiser(lr=1e-3)
PLAIN = Training(generator=ADAM, discriminator=ADAM, batch_size=16)
AT_ONCE = Training(generator=ADAM, discriminator=ADAM, batch_size=16, updates="simultaneous")
SGD = Optimiser(name="sgd", lr=0.05)
DESCENT = Training(generator=SGD, discriminator=SGD, batch_size=64, updates="simultaneous")

LOSSES = {
    "hinge": "Hinge",
    "least-squares": "LeastSquares",
    "clipped": "Clipped",
    "relativistic": "Relativistic",
    "mean-matching": "FeatureMatching",
    "buffered": "Buffered",
    "temperate": "Temperate",
    "dragan": "Dragan",
    "unrolled": "Unrolled",
    "simultaneous": "LeastSquares",
    "looking-ahead": "LookingAhead",
}
NEEDS = {
    "relativistic": ("real", "real_slopes", "fake_slopes"),
    "mean-matching": ("real", "features"),
    "dragan": ("slopes",),
}
TRAININGS = {"simultaneous": AT_ONCE, "looking-ahead": DESCENT}


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    return [
        LossSpec(
            name=f"sound-{name}",
            description=name,
            build=f"ganbench_sound:{build}",
            training=TRAININGS.get(name, PLAIN),
            needs=NEEDS.get(name, ()),
        )
        for name, build in LOSSES.items()
    ]


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="sound-batch-norm",
            description="batch norm everywhere, and a head that shares its trunk",
            build="ganbench_sound:batch_norm",
            modalities=("points",),
            provides=("head",),
            coupled=lambda: True,
        )
    ]


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    return [
        TechniqueSpec(
            name="sound-lazy",
            description="a penalty at every third step",
            build="ganbench_sound:Lazy",
            needs=("real_slopes",),
        ),
        TechniqueSpec(
            name="sound-multiplier",
            description="a weight that is learned",
            build="ganbench_sound:Multiplier",
        ),
        TechniqueSpec(
            name="sound-slow",
            description="an opponent that follows slowly",
            build="ganbench_sound:Slow",
        ),
    ]
