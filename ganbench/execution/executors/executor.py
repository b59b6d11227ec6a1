"""Choosing an executor by name, and leaving none of its jobs behind. Never imports torch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ganbench.api.checked import typed
from ganbench.api.errors import GanbenchError, PluginNotUsable, UsageError, type_and_line
from ganbench.api.executors import Executor, Resources
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.specs import ExecutorSpec, import_builder
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.references import parse_reference

GRACE_SECONDS = 4.0
"""For jobs that are asked to stop: the command is to have left within five seconds."""


def choose_executor(text: str, catalogue: Catalogue) -> tuple[ExecutorSpec, dict[str, Value]]:
    """The executor that ``NAME``, ``NAME:ADDRESS`` or ``NAME[key=value]`` names; its parameters.

    Raises:
        UsageError, PluginNotUsable: it names nothing usable, or a parameter does not fit.
    """
    reference = parse_reference(text)
    spec = catalogue.get(ExecutorSpec, reference.name)
    settings = dict(reference.settings)
    if reference.argument is not None:
        if not spec.argument:
            raise UsageError(f"executor {spec.name} takes nothing behind a colon: {text!r}")
        settings[spec.argument] = reference.argument
    return spec, resolve_parameters(spec.name, spec.parameters, settings)


@contextlib.contextmanager
def open_executor(text: str, resources: Resources, catalogue: Catalogue) -> Iterator[Executor]:
    """An executor for the time of a block: when that ends, however it ends, no job is left.

    Args:
        text: as of `choose_executor`.
        resources: what its jobs are given.
        catalogue: where the name is looked up.

    Raises:
        UsageError, PluginNotUsable: as of `choose_executor`; or it cannot be built.
        GanbenchError: it refuses to work here.
    """
    executor = _built(*choose_executor(text, catalogue), resources, catalogue)
    try:
        yield executor
    finally:
        try:
            executor.stop(GRACE_SECONDS)
        except BaseException:  # a second Ctrl-C, most likely: there is no more patience
            executor.stop(0.0)
            raise


def _built(
    spec: ExecutorSpec, parameters: dict[str, Value], resources: Resources, catalogue: Catalogue
) -> Executor:
    with catalogue.whose(spec):
        try:
            executor: Executor = import_builder(spec.build)(resources, **parameters)
            slots = executor.slots
        except GanbenchError:
            raise
        except Exception as error:
            raise PluginNotUsable(
                f"executor {spec.name} cannot be built: {type_and_line(error)}"
            ) from error
        if not (isinstance(slots, int) and slots > 0):
            raise PluginNotUsable(
                f"executor {spec.name} must have a positive number of slots, it has {slots!r}"
                f" ({typed(slots)})"
            )
    return executor
