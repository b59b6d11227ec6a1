"""Light specs of the losses of `ganbench_sound`."""

from __future__ import annotations

from ganbench import LossSpec, Optimiser, Training, hookimpl

ADAM = Optimiser(lr=1e-3)
PLAIN = Training(generator=ADAM, discriminator=ADAM, batch_size=16)
AT_ONCE = Training(generator=ADAM, discriminator=ADAM, batch_size=16, updates="simultaneous")

LOSSES = {
    "hinge": "Hinge",
    "least-squares": "LeastSquares",
    "clipped": "Clipped",
    "relativistic": "Relativistic",
    "feature-matching": "FeatureMatching",
    "buffered": "Buffered",
    "dragan": "Dragan",
    "unrolled": "Unrolled",
    "simultaneous": "LeastSquares",
}


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    return [
        LossSpec(
            name=f"sound-{name}",
            description=name,
            build=f"ganbench_sound:{build}",
            training=AT_ONCE if name == "simultaneous" else PLAIN,
            per_sample=name in ("relativistic", "dragan"),
        )
        for name, build in LOSSES.items()
    ]
