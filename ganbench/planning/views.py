"""As what networks see the samples of a data set, where techniques show them as something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ganbench.api.data import DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Value
from ganbench.api.specs import TechniqueSpec
from ganbench.catalogue.calling import call_light
from ganbench.catalogue.catalogue import Catalogue
from ganbench.modalities import modality_of


def seen_by(
    techniques: Iterable[TechniqueSpec],
    parameters: Mapping[str, Mapping[str, Value]],
    data: DataInfo,
    catalogue: Catalogue,
) -> DataInfo | str:
    """What the parts of a recipe see of data, or why there is nothing to be seen.

    Args:
        techniques: in their order; those without a view change nothing.
        parameters: of each, by its name.
        data: as they are described.
        catalogue: says whose code fails, if some does.

    Raises:
        PluginNotUsable: a technique's own code fails, or shows what is none of the modalities.
    """
    for spec in techniques:
        if spec.view is None:
            continue
        if data.modality not in spec.modalities:
            return f"its technique {spec.name} does not handle {data.modality} data"
        with catalogue.whose(spec):
            try:
                what = f"the view of technique {spec.name}"
                data = call_light(what, DataInfo, spec.view, data, **parameters[spec.name])
            except UsageError as error:
                return f"{spec.name}: {error.message}"
            modality_of(data).check_info(data)
    return data
