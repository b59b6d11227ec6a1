"""What the fork server does before anything else. Imported by it, and by nothing else."""

from __future__ import annotations

import atexit
import os
import signal
import warnings

from ganbench.execution.executors.processes import adopt_orphans

# Processes that a run has started, and that its death has orphaned, become the server's: so they
# can be found and ended even if they have left the run's process group. Their ends are unexpected.
adopt_orphans()
warnings.filterwarnings("ignore", message="forkserver: waitpid returned unexpected pid")

# `ganbench run | cat` must end when the command does, and not when the server has left.
_null = os.open(os.devnull, os.O_RDWR)
for _descriptor in (0, 1, 2):
    os.dup2(_null, _descriptor)
os.close(_null)

# A batch system asks all processes of a job to stop: the worker keeps its state, for which its
# server has to be there. That ends with its parent.
signal.signal(signal.SIGTERM, signal.SIG_IGN)

# Nothing in it needs tidying up, and taking torch apart takes seconds.
atexit.register(os._exit, 0)
