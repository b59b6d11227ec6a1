"""Whether the code that is here is the code that a run was planned with. Never imports torch."""

from __future__ import annotations

from collections.abc import Mapping

from ganbench.api.errors import OtherCode, UsageError
from ganbench.api.specs import SPEC_TYPES
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.plan import pin_of
from ganbench.planning.runspec import RunSpec


def require_same_code(spec: RunSpec, catalogue: Catalogue) -> None:
    """Hold every plugin that takes part in a run to the distribution, version and source it had.

    Raises:
        OtherCode: one is not here, or is another; both are named.
    """
    for pin in spec.pins:
        try:
            here = pin_of(catalogue.get(SPEC_TYPES[pin["kind"]], pin["name"]), catalogue)
        except UsageError:
            raise OtherCode(
                f"the {pin['kind']} {pin['name']!r} of this run is that of {_code(pin)}, "
                "and is not here",
                _way_out(pin),
            ) from None
        if here != pin:
            raise OtherCode(
                f"the {pin['kind']} {pin['name']!r} of this run is that of {_code(pin)}, "
                f"here it is that of {_code(here)}",
                _way_out(pin),
            )


def _way_out(pin: Mapping[str, str]) -> str:
    if not pin["distribution"]:
        return f"load the run's own {pin['plugin']}, as it was then: -P FILE"
    return f"install the run's: pip install {pin['distribution']}=={pin['version']}"


def _code(pin: Mapping[str, str]) -> str:
    distribution = f"{pin['distribution']} {pin['version']}".strip() or "local code"
    return f"{distribution} (source {pin['source_hash'][:19] or 'unknown'})"
