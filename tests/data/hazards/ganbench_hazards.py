"""Losses that misbehave at their third discriminator step, each in its own way."""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import threading
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


class Hoard(Hazard):
    """Fills memory outside torch, in a child process."""

    def act(self, loss: Any) -> Any:
        import subprocess

        script = "import time; hoard = b'x' * 3_000_000_000; time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", script])
        time.sleep(600)


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


class Thread(Hazard):
    """Leaves a thread running that no exit of Python would get past."""

    def act(self, loss: Any) -> Any:
        threading.Thread(target=time.sleep, args=(600,), daemon=False).start()
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
        for number in range(40):
            child = os.fork()
            if child == 0:
                if number % 2:
                    os.setsid()
                if number % 4 == 3 and os.fork():
                    os._exit(0)
                with pathlib.Path(os.environ["HAZARD_MARK"]).open("a") as mark:
                    mark.write(f"{os.getpid()}\n")
                time.sleep(600)
                os._exit(0)
        while len(pathlib.Path(os.environ["HAZARD_MARK"]).read_text().splitlines()) % 40:
            time.sleep(0.01)


class ChildrenKilled(Children):
    """The same, and then it vanishes."""

    def act(self, loss: Any) -> Any:
        self.leave_running()
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)


class ChildrenHang(Children):
    """The same, and then it hangs."""

    def act(self, loss: Any) -> Any:
        self.leave_running()
        time.sleep(600)


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
        time.sleep(600)


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


class Flaky(Hazard):
    """Vanishes at its 2,000th step, but only as long as there is no file ``$HAZARD_MARK``."""

    def discriminator_loss(self, step: Any) -> Any:
        mark = pathlib.Path(os.environ["HAZARD_MARK"])
        if self.steps == 2000 and not mark.exists():
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
    "hoard": Hoard,
    "cuda-memory": CudaMemory,
    "flood": Flood,
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
