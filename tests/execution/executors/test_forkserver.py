"""The server of workers is ganbench's own: the caller's other processes are as Python has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CALLER = """
import multiprocessing
import signal

from ganbench.execution.executors import forkserver

forkserver.PRELOADED = ("ganbench.execution.executors.server",)  # without torch it is there at once

if __name__ == "__main__":
    forkserver.start_process(print, "a worker is mute").join()
    own = multiprocessing.get_context("forkserver")
    speaker = own.Process(target=print, args=("the caller's own speaks",), kwargs={"flush": True})
    speaker.start()
    speaker.join()
    sleeper = own.Process(target=signal.pause)
    sleeper.start()
    sleeper.terminate()
    sleeper.join()
    print(sleeper.exitcode)
"""


def test_processes_of_the_caller_speak_and_end_when_they_are_asked_to(tmp_path: Path) -> None:
    script = tmp_path / "caller.py"
    script.write_text(CALLER)
    command = [sys.executable, str(script)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["the caller's own speaks", "-15"], done.stderr
