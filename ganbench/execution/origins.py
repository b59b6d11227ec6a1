"""Which finished runs others can go on from. Never imports torch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from ganbench.planning.runspec import RunSpec
from ganbench.results.finals import FinalNote, budget_obstacle, read_note, same_but_budget
from ganbench.results.store import RunStore

Kept = tuple[RunSpec, FinalNote]


def find_origins(
    specs: Iterable[RunSpec], store: RunStore, remark: Callable[[str], None]
) -> dict[str, str]:
    """For each run that can go on from a finished one, the id of the one that is furthest.

    Args:
        specs: what is to be run.
        store: where finished runs lie.
        remark: told of each run that begins from the start, and why.
    """
    kept: defaultdict[bytes, list[Kept]] = defaultdict(list)
    for one in _finals(store, remark):
        kept[same_but_budget(one[0])].append(one)
    origins = {}
    for spec in specs:
        alike = kept.get(same_but_budget(spec), [])
        reasons = {origin.run_id: _obstacle(origin, note, spec) for origin, note in alike}
        usable = [origin for origin, _ in alike if reasons[origin.run_id] is None]
        if usable:
            origin = max(usable, key=lambda one: one.task.budget.amount)
            origins[spec.run_id] = origin.run_id
            remark(f"{spec.run_id} goes on from {origin.run_id}")
        elif reasons:
            for run_id, reason in reasons.items():
                remark(f"{spec.run_id} begins from the start, not from {run_id}: {reason}")
        else:
            remark(
                f"{spec.run_id} begins from the start: no finished run of a smaller budget has "
                "kept its end, as with --keep-checkpoints"
            )
    return origins


def _finals(store: RunStore, remark: Callable[[str], None]) -> Iterator[Kept]:
    for run_id in store.ids():
        try:
            note = read_note(store.folder(run_id))
            spec = note and RunSpec.from_json(note.spec)
        except (ValueError, KeyError, TypeError) as error:
            remark(f"warning: {error}")
            continue
        # Of another protocol, the folder has another name than its spec has here.
        if note and spec and spec.run_id == run_id and run_id in store.finished([run_id]).records:
            yield spec, note


def _obstacle(origin: RunSpec, note: FinalNote, spec: RunSpec) -> str | None:
    if note.obstacles:
        return "; ".join(note.obstacles)
    task = spec.task
    return budget_obstacle(origin.task.budget, task.budget, task.evaluations)
