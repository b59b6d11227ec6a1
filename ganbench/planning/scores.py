"""From a task's score references to the plugins that compute them."""

from __future__ import annotations

from ganbench.api.data import DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.specs import ExtractorSpec, ScoreSpec, Spec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.references import parse_reference
from ganbench.planning.suite import Task


def choose_scores(task: Task, data: DataInfo, catalogue: Catalogue) -> list[Spec]:
    """The scores that a task names, and the extractors whose features they compare.

    Raises:
        UsageError, PluginNotUsable: a reference names nothing usable, a parameter does not fit, or
            the score or its extractor cannot work on this data.
    """
    used: list[Spec] = []
    for text in (*task.scores, *task.final_scores):
        score, parameters = _choose(ScoreSpec, text, catalogue)
        used.append(score)
        if extractor := parameters.get("extractor"):
            used.append(_choose(ExtractorSpec, str(extractor), catalogue)[0])
    for spec in used:
        if data.modality not in spec.modalities:
            raise UsageError(
                f"task {task.name}: the {spec.kind} {spec.name} does not handle {data.modality} "
                f"data such as {data.name}"
            )
    return used


def _choose(
    spec_type: type[Spec], text: str, catalogue: Catalogue
) -> tuple[Spec, dict[str, Value]]:
    reference = parse_reference(text)
    reference.refuse_argument()
    spec = catalogue.get(spec_type, reference.name)
    return spec, resolve_parameters(spec.name, spec.parameters, reference.settings)
