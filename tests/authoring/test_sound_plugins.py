"""No sound plugin fails a check: neither unusual losses nor anything that is built in."""

from __future__ import annotations

import pytest

from ganbench.api.specs import SPEC_TYPES
from ganbench.authoring.conformance.results import CheckResult
from ganbench.authoring.conformance.runner import Session
from ganbench.authoring.conformance.table import checks_of
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue

LOSSES = (
    *("clipped", "relativistic", "hinge", "least-squares", "feature-matching"),
    *("buffered", "dragan", "unrolled", "simultaneous"),
)
QUICK = (
    ("variant", "vanilla"),
    ("model", "dirac"),
    ("dataset", "ring8"),
    ("dataset", "dirac"),
    ("dataset", "digits"),
    *(("score", name) for name in ("fd", "prdc", "dirac", "modes", "w2", "sliced-w2")),
    ("extractor", "raw"),
)
DOWNLOADED = ("clip-", "dinov2-", "inception-", "vgg16", "mobilenetv2-")
"""Extractors whose weights, and data sets whose files, other tests bring."""


def _built_in() -> list[tuple[str, str]]:
    catalogue = installed_catalogue()
    built_in = [
        (kind, name)
        for kind in SPEC_TYPES
        for name in catalogue.names(kind)
        if catalogue.plugin_of(catalogue.get(SPEC_TYPES[kind], name)).distribution == "ganbench"
    ]
    return [one for one in built_in if one not in QUICK and not one[1].startswith(DOWNLOADED)]


def _failed(session: Session, kind: str) -> list[CheckResult]:
    results = [session.result(one.id) for one in checks_of(kind)]
    return [one for one in results if one.status not in ("passed", "skipped")]


@pytest.mark.parametrize(("kind", "name"), QUICK)
def test_built_in_plugins_pass(kind: str, name: str, catalogue: Catalogue) -> None:
    session = Session(name, kind, catalogue, "cpu")
    results = {one.id: session.result(one.id) for one in checks_of(kind)}
    assert {one.status for check_id, one in results.items() if check_id != "cuda"} == {"passed"}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), _built_in())
def test_all_other_built_in_plugins_pass(kind: str, name: str, catalogue: Catalogue) -> None:
    assert not _failed(Session(name, kind, catalogue, "cpu"), kind)


@pytest.mark.parametrize(
    "name", [*LOSSES[:2], *(pytest.param(one, marks=pytest.mark.slow) for one in LOSSES[2:])]
)
def test_unusual_losses_pass(name: str, catalogue: Catalogue) -> None:
    session = Session(f"sound-{name}", "loss", catalogue, "cpu")
    results = {one.id: session.result(one.id) for one in checks_of("loss")}
    assert {one.status for check_id, one in results.items() if check_id != "cuda"} == {"passed"}, [
        one for one in results.values() if one.status != "passed"
    ]
