"""What is under way and is to end: found by name, and asked to keep its state and leave."""

from __future__ import annotations

from collections.abc import Sequence

from ganbench.api.errors import NothingSelected, UsageError
from ganbench.results.plans import cancel_plan, live_plans
from ganbench.results.states import RUNNING, WAITING, states
from ganbench.results.store import RunStore, find_run
from ganbench.wording import on_runs, typed


def cancel(store: RunStore, names: Sequence[str] = (), *, everything: bool = False) -> list[str]:
    """Ask for the end of plans and runs.

    Args:
        store: where they are.
        names: of plans that are under way, and ids of runs that are running or waiting for their
            turn; or beginnings of these.
        everything: all plans, and all running runs that belong to none.

    Returns:
        The names of those that were asked, in full.

    Raises:
        UsageError: a name is that of nothing under way, or begins several.
        NothingSelected: nothing is named, or nothing is under way.
        GanbenchError: the runs folder cannot be written to.
    """
    shown = typed("status", *on_runs(store.root))
    if not names and not everything:
        raise NothingSelected("nothing is named to cancel", f"name a plan or a run: {shown}")
    plans = [plan.name for plan in live_plans(store)]
    planned = {run.run_id for plan in live_plans(store) for run in plan.runs}
    status = {state["run_id"]: state["status"] for state in states(store)[0]}
    active = [run_id for run_id, one in status.items() if one in (RUNNING, WAITING)]
    if everything:
        wanted = [*plans, *(one for one in active if one not in planned)]
    else:
        for name in names:
            if (ended := status.get(name)) and name not in active:
                raise UsageError(f"run {name} is not under way: it is {ended}", shown)
        listed = f"{shown} shows what is under way"
        wanted = [find_run(name, [*plans, *active], store.root, listed) for name in names]
    if not wanted:
        raise NothingSelected(f"nothing is under way in {store.root}", shown)
    for name in dict.fromkeys(wanted):
        if name in plans:
            cancel_plan(store, name)
        else:
            store.cancel(name)
    return list(dict.fromkeys(wanted))
