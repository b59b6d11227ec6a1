"""`ganbench work`: do the job in a folder. Executors and schedulers type it, and hardly people."""

from __future__ import annotations

import os
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def command(folder: Path) -> None:
    """Do the job in the run folder FOLDER, which `ganbench run` has left there as job.json.

    The job holds all that it needs, bytes of plugin files included, which are run: do the jobs of
    people whom you trust. Plugins must be of the distributions, versions and sources that the job
    names, and ganbench of the same version. Data sets named by relative paths are looked for in the
    working folder. All that is printed goes to FOLDER/log.txt.

    Exit codes: 0: the run has its record, whatever it says (also if it had one before); 75: another
    process is at work on the run; 76: a plugin here is not the one that the job names, both are
    named, and `ganbench run` starts nothing more; 143: it was asked to stop, by SIGTERM, Ctrl-C or
    `ganbench cancel`, and has kept its state, from which the same command goes on, of a cancelled
    run once `ganbench run` does; 2, 3 or 4: the job is refused, and why is said; 1: something else
    was in the way.
    """
    from ganbench.execution.worker import work

    # The run's log takes the place of stderr.
    with os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace") as terminal:
        work(folder, lambda line: print(line, file=terminal, flush=True))
