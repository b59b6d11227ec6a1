"""Shows that the tests depend on no machine's speed: they pass on a slow, a fast and a busy one.

    python tests/any_speed.py                               # the default tests, four times as long
    python tests/any_speed.py tests/execution tests/cli     # some of them
    python tests/any_speed.py --only crowded -- -x -k kill  # on one machine; options of pytest

`crowded`: pinned to one core, beside a loop that never rests. Everything takes two to four times
as long, and what runs at the same time takes turns.

`fast`: on a machine ten times as fast. No machine is, so its clocks are: `data/speed` makes every
clock of every Python process, ganbench's as well, run at a tenth of its speed, and every wait last
ten times as long. A run that trains for two seconds has then trained for 0.2 s by the clock of the
test that waits for it, by ganbench's own limits, paces and times of grace, and by every `sleep`.
Nothing else is changed: the same steps give the same bits. To leave out nine of ten steps, or to
make networks smaller, would be no faster machine but other runs.

`slow`: on a machine a tenth as fast, in the same way.

Exits with 1 if the tests fail on one of them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
SPEED = ROOT / "tests" / "data" / "speed"
SPEEDS = {"fast": 10.0, "slow": 0.1}
MARKED = "not slow and not perf and not faults and not fuzz and not cluster"
"""The default tests, and whole commands."""
MACHINES = ("crowded", *SPEEDS)


@contextlib.contextmanager
def busy(core: int) -> Iterator[None]:
    """A core that has something else to do as well."""
    loop = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    os.sched_setaffinity(loop.pid, {core})
    try:
        yield
    finally:
        loop.kill()
        loop.wait()


def pytest_on(machine: str, arguments: Sequence[str]) -> int:
    """The exit code of the tests on one of the `MACHINES`."""
    command = [sys.executable, "-m", "pytest", "-m", MARKED, *arguments]
    env = {"OMP_NUM_THREADS": "1", **os.environ}
    cores = os.sched_getaffinity(0)
    if machine in SPEEDS:
        path = os.pathsep.join([str(SPEED), *filter(None, [env.get("PYTHONPATH")])])
        env |= {"PYTHONPATH": path, "GANBENCH_TEST_SPEED": str(SPEEDS[machine])}
        return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
    core = min(cores)
    with busy(core):
        os.sched_setaffinity(0, {core})
        try:
            return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
        finally:
            os.sched_setaffinity(0, cores)


def main() -> int:
    """Run the tests on the machines that are asked for, and tell how they went."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=MACHINES, action="append", help="one machine")
    parser.add_argument("arguments", nargs="*", help="of pytest: paths, and options after --")
    chosen = parser.parse_args()
    told = []
    for machine in chosen.only or MACHINES:
        print(f"\n== on a {machine} machine (load {os.getloadavg()[0]:.1f})", flush=True)
        began = time.monotonic()
        code = pytest_on(machine, chosen.arguments)
        told.append((machine, code, time.monotonic() - began))
    print()
    for machine, code, seconds in told:
        print(f"{machine:8} {'passed' if code == 0 else f'failed ({code})':11} {seconds:6.0f} s")
    return int(any(code for _, code, _ in told))


if __name__ == "__main__":
    sys.exit(main())
