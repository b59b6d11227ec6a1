"""Losses that misbehave at their third discriminator step, each in its own way."""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import time
from typing import Any

from ganbench import LossSpec, Optimiser, Recipe, Training, VariantSpec, hookimpl

TRAINING = Training(generator=Optimiser(lr=1e-3), discriminator=Optimiser(lr=1e-3), batch_size=8)


class Hazard:
    """A plain Wasserstein loss that calls `act` at the third discriminator step."""

    def __init__(self) -> None:
        self.steps = 0

    def discriminator_loss(self, step: Any) -> Any:
        self.steps += 1
        loss = step.fake_logits.mean() - step.real_logits.mean()
        return self.act(loss) if self.steps == 3 else loss

    def generator_loss(self, step: Any) -> Any:
        return -step.fake_logits.mean()

    def act(self, loss: Any) -> Any:
        raise NotImplementedError


class Raise(Hazard):
    def act(self, loss: Any) -> Any:
        raise ValueError("a bug in the loss")


class SysExit(Hazard):
    def act(self, loss: Any) -> Any:
        sys.exit(7)


class HardExit(Hazard):
    def act(self, loss: Any) -> Any:
        print("about to leave", flush=True)
        os._exit(3)


class Kill(Hazard):
    def act(self, loss: Any) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)


class Segfault(Hazard):
    def act(self, loss: Any) -> Any:
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(60)


class Hang(Hazard):
    def act(self, loss: Any) -> Any:
        while True:
            time.sleep(0.01)


class Orphans(Hazard):
    """Starts a child that outlives it, then hangs."""

    def act(self, loss: Any) -> Any:
        import subprocess

        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(f"child {child.pid}", flush=True)
        time.sleep(600)


class Memory(Hazard):
    def act(self, loss: Any) -> Any:
        import torch

        self.hoard = torch.ones(2**30)
        return loss


class Nan(Hazard):
    def act(self, loss: Any) -> Any:
        return loss * float("nan")


class Flaky(Hazard):
    """Vanishes at its 400th step, but only as long as there is no file ``$HAZARD_MARK``."""

    def discriminator_loss(self, step: Any) -> Any:
        mark = pathlib.Path(os.environ["HAZARD_MARK"])
        if self.steps == 400 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)
        return super().discriminator_loss(step)

    def act(self, loss: Any) -> Any:
        return loss


HAZARDS: dict[str, type[Hazard]] = {
    "raise": Raise,
    "sys-exit": SysExit,
    "hard-exit": HardExit,
    "kill": Kill,
    "segfault": Segfault,
    "hang": Hang,
    "orphans": Orphans,
    "memory": Memory,
    "nan": Nan,
    "flaky": Flaky,
}


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    return [
        LossSpec(name=f"hazard-{name}", description=f"{name} hazard", build=one, training=TRAINING)
        for name, one in HAZARDS.items()
    ]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    def variant(name: str) -> VariantSpec:
        return VariantSpec(
            name=f"hazard-{name}",
            description=f"{name} hazard",
            recipe=lambda data: Recipe(model="mlp", loss=f"hazard-{name}", training=TRAINING),
        )

    return [variant(name) for name in HAZARDS]
