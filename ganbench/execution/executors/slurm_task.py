"""What the Slurm executor runs on nodes: one element of an array of jobs.

`python -m ganbench.execution.executors.slurm_task FOLDER NAME`: the folder is that in which the
executor keeps its files. How the job has ended is told there, since Slurm may not remember it.
"""

from __future__ import annotations

import math
import os
import signal
import sys
from pathlib import Path

import msgspec

from ganbench.api.executors import Ending
from ganbench.execution.executors.order import Order, Refusal, do_job
from ganbench.storage.writing import write_file


class Batch(msgspec.Struct, frozen=True):
    """The file of an array: what its elements do.

    Args:
        order: how.
        folders: of the runs, in the order of the elements.
    """

    order: Order
    folders: list[str]


class Told(msgspec.Struct, frozen=True):
    """The file of an element that has ended: its ending, or why its node could not do it."""

    ending: Ending | None
    refusal: Refusal | None


def told_file(spool: Path, element: str) -> Path:
    """Where an element, ``JOB_INDEX`` as Slurm calls it, tells how it has ended."""
    return spool / f"{element}.json"


def output_file(spool: Path, element: str) -> Path:
    """What an element has printed before its run opened a log of its own."""
    return spool / f"{element}.out"


def main(spool: Path, name: str) -> None:
    """Do the job of this element.

    Args:
        spool: the executor's folder.
        name: of the array's file there.
    """
    index = os.environ["SLURM_ARRAY_TASK_ID"]
    told = told_file(spool, f"{os.environ['SLURM_ARRAY_JOB_ID']}_{index}")
    told.unlink(missing_ok=True)  # of a try that Slurm has taken back
    asked: list[int] = []
    # Slurm, or who has asked it, knows when patience is at an end, and kills then.
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    batch = msgspec.json.decode((spool / name).read_bytes(), type=Batch)
    found = do_job(
        batch.order, Path(batch.folders[int(index)]), lambda: math.inf if asked else None
    )
    ending, refusal = (found, None) if isinstance(found, Ending) else (None, found)
    try:
        write_file(told, msgspec.json.encode(Told(ending, refusal)), durable=False)
    except OSError:  # then Slurm has to tell it
        sys.exit(1 if ending is None else ending.exit_code)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
