"""What a training may depend on, and what it may touch: its spec and itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganbench.api.data import Data
from ganbench.api.errors import one_line
from ganbench.authoring.conformance.cases import Case
from ganbench.authoring.conformance.comparing import first_difference, weights
from ganbench.authoring.conformance.results import Broken, NotApplicable
from ganbench.authoring.conformance.subject import Subject, advance
from ganbench.authoring.conformance.surroundings import (
    NUMPY,
    PYTHON,
    TORCH,
    random_states,
    settings,
)
from ganbench.authoring.conformance.synchronisation import HostSyncs
from ganbench.authoring.conformance.table import BY_ID
from ganbench.training.checkpoint import UnstorableState, load_checkpoint, save_checkpoint
from ganbench.training.seeds import seed_everything
from ganbench.training.state import (
    random_state,
    restore_random_state,
    restore_trainer,
    trainer_state,
)
from ganbench.training.trainer import Trainer

STEPS = 2
SEED, OTHER_SEED = 1, 2

GUARDED = {
    "dataset": (PYTHON, NUMPY, TORCH),
    "score": (PYTHON, NUMPY),
    "extractor": (PYTHON, NUMPY),
}
"""Random numbers that plugins of a kind may not even draw from; evaluations put torch's back."""


def deterministic_step(subject: Subject) -> None:
    """Weights of two trainings under one seed."""
    for case in subject.cases:
        one, other = (_trained(subject, case) for _ in range(2))
        if name := first_difference(one, other):
            raise Broken(f"{case}: {name} differs between two trainings with one seed")


def _trained(subject: Subject, case: Case) -> dict[str, Tensor]:
    trainer = subject.trainer(case, seed=SEED)
    advance(trainer, STEPS)
    return weights(trainer.networks)


def held_out(subject: Subject) -> None:
    """The same training, every data set that is made meanwhile having a poisoned held-out split."""
    for case in subject.cases:
        sound = _trained(subject, case)
        with poisoned_heldout():
            poisoned = _trained(subject, case)
        if name := first_difference(sound, poisoned):
            raise Broken(f"{case}: {name} depends on held-out samples")


@contextmanager
def poisoned_heldout() -> Iterator[None]:
    """Held-out samples become NaN, bytes their complement, in every `Data` made meanwhile.

    Whoever loads a data set, by whatever way, makes a `Data`: a plugin that does so by itself gets
    the poison as well.
    """
    make: Callable[..., None] = Data.__init__

    def poison(self: Data, **fields: Any) -> None:
        samples = fields["heldout"]
        spoilt = samples * torch.nan if samples.is_floating_point() else 255 - samples
        make(self, **{**fields, "heldout": spoilt})

    Data.__init__ = poison  # type: ignore[method-assign]
    try:
        yield
    finally:
        Data.__init__ = make  # type: ignore[method-assign]


def resume(subject: Subject) -> None:
    """Stop, write a checkpoint, build anew from another seed, read it back and go on."""
    for case in subject.cases:
        undisturbed = subject.trainer(case, seed=SEED)
        advance(undisturbed, STEPS)
        with tempfile.TemporaryDirectory() as folder:
            try:
                state = _kept(undisturbed, subject.device, Path(folder))
            except UnstorableState as error:
                raise Broken(f"{case}: {error}") from error
        advance(undisturbed, STEPS, first=STEPS)

        resumed = subject.trainer(case, seed=OTHER_SEED)
        restore_trainer(resumed, state["trainer"])
        restore_random_state(state["random"], subject.device)
        advance(resumed, STEPS, first=STEPS)
        pair = (weights(one.networks) for one in (undisturbed, resumed))
        if name := first_difference(*pair):
            raise Broken(f"{case}: {name} differs after stopping and going on")


def _kept(trainer: Trainer, device: torch.device, folder: Path) -> dict[str, Any]:
    """The state of a training as it comes back from the disk."""
    state = {"trainer": trainer_state(trainer), "random": random_state(device)}
    save_checkpoint(folder, state)
    loaded = load_checkpoint(folder, lambda _: None)
    assert loaded is not None
    return loaded


def host_sync(subject: Subject) -> None:
    """Calls that wait for the device, in steps after the first: that one may warm up."""
    cases = [case for case in subject.cases if not case.fitted]
    if not cases:
        raise NotApplicable("it is fitted at once, and may wait for that")
    for case in cases:
        trainer = subject.trainer(case)
        advance(trainer, 1)
        with HostSyncs() as found:
            advance(trainer, 2, first=1)
        if found.calls:
            raise Broken(f"{case}: a step calls {', '.join(found.calls)}")


def cuda(subject: Subject) -> None:
    """Some steps on a GPU, where there is one; synchronisation there is an error."""
    if not torch.cuda.is_available():
        raise NotApplicable("there is no CUDA device here")
    device = torch.device("cuda")
    for case in (one for one in subject.cases if not one.fitted):
        trainer = subject.trainer(case, device=device)
        advance(trainer, 1)
        torch.cuda.set_sync_debug_mode("error")
        try:
            advance(trainer, 2, first=1)
        except RuntimeError as error:
            told = f"{case}: {one_line(error)}"
            if "synchroniz" in told:
                raise Broken(told, BY_ID["host-sync"].mend) from error
            if "device" in told:
                raise Broken(told) from error
            raise  # it has nothing to do with where it runs
        finally:
            torch.cuda.set_sync_debug_mode("default")
        for name, tensor in weights(trainer.networks).items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise Broken(f"{case}: {name} is not finite on {device}")


def global_state(subject: Subject) -> None:
    """Settings before and after; random numbers before and after, under two seeds."""
    exercise = _exercise(subject)
    before, ends = settings(), []
    for seed in (SEED, OTHER_SEED):
        seed_everything(seed)
        start = random_states()
        exercise()
        after = random_states()
        ends.append(after)
        for name in GUARDED.get(subject.kind, ()):
            if after[name] != start[name]:
                raise Broken(f"it draws from, or seeds, {name}, which trainings depend on")
    for name, state in ends[0].items():
        if state == ends[1][name]:
            raise Broken(f"it seeds {name}: whatever the run's seed, they go on in the same way")
    for name, value in settings().items():
        if value != before[name]:
            raise Broken(f"it changes {name}")


def _exercise(subject: Subject) -> Callable[[], object]:
    """What the plugin does in a run, to be called twice."""
    if subject.kind == "dataset":
        from ganbench.authoring.conformance.checks.datasets import load

        return lambda: load(subject)
    if subject.kind == "score":
        from ganbench.authoring.conformance.checks.scores import exercised

        return exercised(subject)
    if subject.kind == "extractor":
        from ganbench.authoring.conformance.checks.extractors import exercised as extracted

        return extracted(subject)
    return lambda: _builds_and_steps(subject)


def _builds_and_steps(subject: Subject) -> None:
    """Without `Subject.trainer`'s seeding: what is seeded here shall show."""
    for case in subject.cases:
        trainer = subject.trainer(case, seed=None)
        advance(trainer, STEPS)
