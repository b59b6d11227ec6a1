"""Losses that misbehave at their third discriminator step, each in its own way.

Tests steer them by marks and gates (`ganbench_gates`), never by time.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import sys
import threading
import time
from typing import Any

from ganbench_gates import POLL_SECONDS, Gates, forever

from ganbench import LossSpec, Optimiser, Recipe, Training, VariantSpec, hookimpl

TRAINING = Training(generator=Optimiser(lr=1e-3), discriminator=Optimiser(lr=1e-3), batch_size=8)
GATES = Gates.of_environment()


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
        forever()


class Segfault(Hazard):
    def act(self, loss: Any) -> Any:
        os.kill(os.getpid(), signal.SIGSEGV)
        forever()


class Hang(Hazard):
    def act(self, loss: Any) -> Any:
        GATES.stay()


class Orphans(Hazard):
    """Starts a child that outlives it, then hangs."""

    def act(self, loss: Any) -> Any:
        import subprocess

        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        print(f"child {child.pid}", flush=True)
        GATES.stay()


class Memory(Hazard):
    def act(self, loss: Any) -> Any:
        import torch

        self.hoard = torch.ones(2**30)
        return loss


class Hoard(Hazard):
    """Fills memory outside torch, in a child process."""

    def act(self, loss: Any) -> Any:
        import subprocess

        script = "import signal; hoard = b'x' * 3_000_000_000; signal.pause()"
        subprocess.Popen([sys.executable, "-c", script])
        forever()


class CudaMemory(Hazard):
    """What torch raises when a GPU is full."""

    def act(self, loss: Any) -> Any:
        import torch

        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


class Flood(Hazard):
    """Prints without end."""

    def act(self, loss: Any) -> Any:
        print("the first line", flush=True)
        while True:
            os.write(1, b"a line of a flood\n" * 10_000)


class Disk(Hazard):
    """Fills the disk of its run's folder, if that is a small one, made for it."""

    def act(self, loss: Any) -> Any:
        folder = pathlib.Path("/proc/self/fd/1").readlink().parent
        size = os.statvfs(folder)
        assert size.f_blocks * size.f_frsize < 2**24
        ballast = (folder.parent / "ballast").open("wb", buffering=0)
        with ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(4096))
        return loss


class Thread(Hazard):
    """Leaves a thread running that no exit of Python would get past."""

    def act(self, loss: Any) -> Any:
        threading.Thread(target=forever, daemon=False).start()
        return loss


class Closed(Hazard):
    """Closes its output, in Python and below."""

    def act(self, loss: Any) -> Any:
        sys.stdout.close()
        sys.stderr.close()
        os.close(1)
        os.close(2)
        return loss


class Children(Hazard):
    """Leaves 40 processes running: some in its group, some out of it, some orphaned already."""

    def act(self, loss: Any) -> Any:
        self.leave_running()
        return loss

    def leave_running(self) -> None:
        mark = f"child-of-{os.getpid()}"
        for number in range(40):
            child = os.fork()
            if child == 0:
                if number % 2:
                    os.setsid()
                if number % 4 == 3 and os.fork():
                    os._exit(0)
                GATES.tell(mark)
                forever()
        while len(GATES.told(mark)) < 40:
            time.sleep(POLL_SECONDS)


class ChildrenKilled(Children):
    """The same, and then it vanishes."""

    def act(self, loss: Any) -> Any:
        self.leave_running()
        os.kill(os.getpid(), signal.SIGKILL)
        forever()


class ChildrenHang(Children):
    """The same, and then it hangs."""

    def act(self, loss: Any) -> Any:
        self.leave_running()
        GATES.stay()


class Folder(Hazard):
    """Goes to a folder that it then removes."""

    def act(self, loss: Any) -> Any:
        import tempfile

        gone = tempfile.mkdtemp()
        os.chdir(gone)
        pathlib.Path(gone).rmdir()
        return loss


class OwnFolder(Hazard):
    """Removes the folder of its run."""

    def act(self, loss: Any) -> Any:
        import shutil

        shutil.rmtree(pathlib.Path("/proc/self/fd/1").readlink().parent)
        return loss


class Garbage(Hazard):
    """Writes nonsense where its record will be."""

    def act(self, loss: Any) -> Any:
        folder = pathlib.Path("/proc/self/fd/1").readlink().parent
        (folder / "record.json").write_text('{"status": "ok"}')
        return loss


class Patched(Hazard):
    """Replaces functions of torch."""

    def act(self, loss: Any) -> Any:
        import torch

        def broken(*arguments: Any, **named: Any) -> Any:
            raise RuntimeError("torch is broken")

        torch.manual_seed = torch.save = torch.isfinite = torch.OutOfMemoryError = broken
        torch.Tensor.backward = torch.Tensor.item = broken
        return loss


class Handlers(Hazard):
    """Ignores that it is asked to stop, and hangs."""

    def act(self, loss: Any) -> Any:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        GATES.tell("hanging")
        forever()


class Interrupt(Hazard):
    def act(self, loss: Any) -> Any:
        raise KeyboardInterrupt


class Recursion(Hazard):
    def act(self, loss: Any) -> Any:
        return self.act(loss)


class Descriptors(Hazard):
    """Opens files until there are none left to be had."""

    def act(self, loss: Any) -> Any:
        self.open = []
        while True:
            self.open.append(os.open(os.devnull, os.O_RDONLY))


class Stdin(Hazard):
    def act(self, loss: Any) -> Any:
        print("read:", repr(sys.stdin.read()))
        return loss


class Nan(Hazard):
    def act(self, loss: Any) -> Any:
        return loss * float("nan")


class Gated(Hazard):
    """Sound; before its Nth step it comes to the gate `step-N`.

    It may have a checkpoint whenever one is asked for, as if checkpoints cost nothing: runs of a
    second would otherwise have none.
    """

    def __init__(self) -> None:
        from ganbench.running import keeper

        super().__init__()
        keeper.COST_SHARE = float("inf")

    def discriminator_loss(self, step: Any) -> Any:
        GATES.come_to(f"step-{self.steps + 1}")
        return super().discriminator_loss(step)

    def act(self, loss: Any) -> Any:
        return loss


class Flaky(Gated):
    """Vanishes at its 20th step, in its first try only."""

    def discriminator_loss(self, step: Any) -> Any:
        if self.steps + 1 == 20 and not GATES.told("vanished"):
            GATES.tell("vanished")
            os.kill(os.getpid(), signal.SIGKILL)
            forever()
        return super().discriminator_loss(step)


HAZARDS: dict[str, type[Hazard]] = {
    "raise": Raise,
    "sys-exit": SysExit,
    "hard-exit": HardExit,
    "kill": Kill,
    "segfault": Segfault,
    "hang": Hang,
    "orphans": Orphans,
    "memory": Memory,
    "hoard": Hoard,
    "cuda-memory": CudaMemory,
    "flood": Flood,
    "disk": Disk,
    "thread": Thread,
    "closed": Closed,
    "children": Children,
    "children-killed": ChildrenKilled,
    "children-hang": ChildrenHang,
    "folder": Folder,
    "own-folder": OwnFolder,
    "garbage": Garbage,
    "patched": Patched,
    "handlers": Handlers,
    "interrupt": Interrupt,
    "recursion": Recursion,
    "descriptors": Descriptors,
    "stdin": Stdin,
    "nan": Nan,
    "gated": Gated,
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
