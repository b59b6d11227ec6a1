"""Whether what a task names handles its data; and what does, where it does not."""

from __future__ import annotations

from typing import Literal

from ganbench.api.data import DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.specs import DatasetSpec, ExtractorSpec, ScoreSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.references import parse_reference

Part = Literal["extractor", "judge"]
"""What a score looks through: whose features it compares, and who tells it the classes."""


def require_modality(spec: DatasetSpec | ScoreSpec, data: DataInfo, catalogue: Catalogue) -> None:
    """Make sure that a data set makes, or a score handles, data of that kind.

    Raises:
        UsageError: it does not; with the scores that do.
    """
    if data.modality in spec.modalities:
        return
    if isinstance(spec, DatasetSpec):  # it says that it makes other data than it does
        raise UsageError(_refusal(spec, data))
    able = [way for name in catalogue.names(spec.kind) for way in _ways(name, data, catalogue)]
    raise UsageError(_refusal(spec, data), _known(data, able))


def require_part(
    part: Part, spec: ExtractorSpec, score: str, data: DataInfo, catalogue: Catalogue
) -> None:
    """Make sure that an extractor can be that part of a score.

    Args:
        part: of the score.
        spec: the extractor's.
        score: as it was typed, which a default extractor was not.
        data: what it is for.
        catalogue: knows what else there is.

    Raises:
        UsageError: it does not handle such data, or is a judge that tells no classes; with
            the extractors that could take its place.
    """
    name = parse_reference(score).name
    hint = _known(data, [f"{name}[{part}={one}]" for one in _able(part, data, catalogue)])
    if data.modality not in spec.modalities:
        takes = "takes it" if part == "extractor" else "takes it as its judge"
        raise UsageError(f"{_refusal(spec, data)}, and the score {score} {takes}", hint)
    if part == "judge" and not spec.classifies:
        raise UsageError(
            f"the judge of score {score} must be a classifier, and {spec.name} only extracts "
            "features",
            hint,
        )


def _refusal(spec: DatasetSpec | ScoreSpec | ExtractorSpec, data: DataInfo) -> str:
    return f"the {spec.kind} {spec.name} does not handle {data.modality} data such as {data.name}"


def _known(data: DataInfo, able: list[str]) -> str | None:
    return f"known for {data.modality} data: {', '.join(able)}" if able else None


def _ways(name: str, data: DataInfo, catalogue: Catalogue) -> list[str]:
    """How to type a score for such data, with its parts where their defaults do not do."""
    spec = catalogue.get(ScoreSpec, name)
    if data.modality not in spec.modalities:
        return []
    settings = list[str]()
    parts: tuple[Part, ...] = ("extractor", "judge")
    for part in parts:
        able = _able(part, data, catalogue)
        if part in spec.parameters and spec.parameters[part].default not in able:
            if not able:
                return []
            settings.append(f"{part}={able[0]}")
    return [f"{name}[{','.join(settings)}]" if settings else name]


def _able(part: Part, data: DataInfo, catalogue: Catalogue) -> list[str]:
    """The extractors that can be that part of a score on such data."""
    specs = (catalogue.get(ExtractorSpec, name) for name in catalogue.names(ExtractorSpec.kind))
    return [
        spec.name
        for spec in specs
        if data.modality in spec.modalities and (part == "extractor" or spec.classifies)
    ]
