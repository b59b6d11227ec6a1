"""What people read about a plugin."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ganbench.api.specs import DatasetSpec, ScoreSpec, Spec
from ganbench.authoring.conformance.results import Broken
from ganbench.authoring.conformance.subject import Subject

_PLACEHOLDER = re.compile(r"\b(TODO|FIXME|TBD|XXX)\b")
_SOURCE = re.compile(r"\b(1[89]|20)\d\d\b|https?://")
"""A year, or an address: "Authors year, title, arXiv id"."""


def complete(subject: Subject) -> None:
    """Texts are there, and none is a placeholder."""
    for spec in subject.specs:
        faults = list(_faults(spec))
        if faults:
            raise Broken(f"{spec.kind} {spec.name}: {'; '.join(faults)}")


def _faults(spec: Spec) -> Iterator[str]:
    texts = {"description": spec.description, "paper": spec.paper}
    texts |= {f"help of parameter {name}": one.help for name, one in spec.parameters.items()}
    texts |= {f"deviation {i + 1}": one for i, one in enumerate(getattr(spec, "deviations", ()))}
    texts |= {"blind": spec.blind} if isinstance(spec, ScoreSpec) else {}
    for what, text in texts.items():
        if not text.strip() and what not in ("paper", "blind"):
            yield f"the {what} is empty"
        if "\n" in text:
            yield f"the {what} has more than one line"
        if _PLACEHOLDER.search(text):
            yield f"the {what} is a placeholder"
    if spec.paper and not _SOURCE.search(spec.paper):
        yield f"paper {spec.paper!r} has neither a year nor an address"
    for name, parameter in spec.parameters.items():
        low, high = parameter.minimum, parameter.maximum
        if low is not None and high is not None and low > high:
            yield f"parameter {name} has a minimum above its maximum"
    # What lies behind an argument, such as a user's folder, has a licence of its own.
    if isinstance(spec, DatasetSpec) and not spec.argument and not spec.licence.strip():
        yield "the licence is empty"
