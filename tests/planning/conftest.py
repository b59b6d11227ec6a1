"""The built-in catalogue, and catalogues with a few specs made up for a test."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, distribution
from types import ModuleType

import pytest

from ganbench import hookimpl
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.api.specs import Spec
from ganbench.catalogue.catalogue import Catalogue

MakeCatalogue = Callable[..., Catalogue]


@pytest.fixture(scope="session")
def built_ins() -> list[EntryPoint]:
    """Entry points of ganbench itself, whatever else is installed."""
    found = distribution("ganbench").entry_points
    return [one for one in found if one.group == ENTRY_POINT_GROUP]


@pytest.fixture(scope="session")
def catalogue(built_ins: list[EntryPoint]) -> Catalogue:
    """What ganbench itself provides."""
    return Catalogue(built_ins)


@pytest.fixture
def catalogue_with(built_ins: list[EntryPoint], monkeypatch: pytest.MonkeyPatch) -> MakeCatalogue:
    """The built-ins and a plugin `made-up` that provides these specs."""

    def make(*specs: Spec) -> Catalogue:
        module = ModuleType("made_up_plugin")

        def provide(kind: str) -> Callable[[], list[Spec]]:
            return lambda: [spec for spec in specs if spec.kind == kind]

        for hook, kind in (
            ("ganbench_models", "model"),
            ("ganbench_losses", "loss"),
            ("ganbench_variants", "variant"),
            ("ganbench_datasets", "dataset"),
            ("ganbench_scores", "score"),
            ("ganbench_extractors", "extractor"),
        ):
            setattr(module, hook, hookimpl(provide(kind)))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        made_up = EntryPoint("made-up", module.__name__, ENTRY_POINT_GROUP)
        catalogue = Catalogue([*built_ins, made_up])
        assert catalogue.plugins[-1].reason == ""
        return catalogue

    return make
