"""No sound plugin fails a check: neither unusual losses nor anything that is built in."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.api.specs import SPEC_TYPES
from ganbench.authoring.conformance.results import CheckResult
from ganbench.authoring.conformance.runner import Inspection
from ganbench.authoring.conformance.table import checks_of
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue
from ganbench.catalogue.plugin_files import PluginFile

PROOF = Path(__file__).parents[1] / "data" / "proof"

UNUSUAL = (
    *(("loss", one) for one in ("relativistic", "hinge", "least-squares")),
    *(("loss", one) for one in ("mean-matching", "buffered", "dragan", "unrolled")),
    *(("loss", one) for one in ("temperate", "simultaneous", "looking-ahead")),
    ("model", "batch-norm"),
    *(("technique", one) for one in ("slow", "lazy", "multiplier")),
)
QUICK = (
    ("variant", "vanilla"),
    ("model", "dirac"),
    ("dataset", "ring8"),
    ("dataset", "dirac"),
    ("dataset", "digits"),
    *(("score", name) for name in ("fd", "prdc", "dirac", "modes")),
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


def _failed(inspection: Inspection, kind: str) -> list[CheckResult]:
    results = [inspection.result(one.id) for one in checks_of(kind)]
    return [one for one in results if one.status not in ("passed", "skipped")]


@pytest.mark.parametrize(("kind", "name"), QUICK)
def test_built_in_plugins_pass(kind: str, name: str, catalogue: Catalogue) -> None:
    inspection = Inspection(name, kind, catalogue, "cpu")
    results = {one.id: inspection.result(one.id) for one in checks_of(kind)}
    assert {one.status for check_id, one in results.items() if check_id != "cuda"} == {"passed"}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), _built_in())
def test_all_other_built_in_plugins_pass(kind: str, name: str, catalogue: Catalogue) -> None:
    assert not _failed(Inspection(name, kind, catalogue, "cpu"), kind)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), UNUSUAL)
def test_unusual_plugins_pass(kind: str, name: str, catalogue: Catalogue) -> None:
    assert not _failed(Inspection(f"sound-{name}", kind, catalogue, "cpu"), kind)


PAPERS = (
    ("loss", "ali", "ali"),
    ("model", "ali-mlp", "ali"),
    ("model", "acgan-mlp", "acgan"),
    ("loss", "acgan", "acgan"),
    ("model", "projection-mlp", "projection"),
    ("score", "intended", "projection"),
    ("model", "infogan-mlp", "infogan"),
    ("technique", "info", "infogan"),
    ("technique", "stddev", "minibatch_stddev"),
    ("loss", "tempered", "ways"),
    ("variant", "careful", "ways"),
)
"""What papers propose, each in a local file: kind, name and file."""


@pytest.mark.parametrize(
    ("kind", "name", "file"),
    [*PAPERS[:2], *(pytest.param(*one, marks=pytest.mark.slow) for one in PAPERS[2:])],
)
def test_what_papers_propose_passes(kind: str, name: str, file: str) -> None:
    files = [PluginFile.read(PROOF / f"{file}.py")]
    catalogue = Catalogue(entry_points(group=ENTRY_POINT_GROUP), files=files)
    assert not _failed(Inspection(name, kind, catalogue, "cpu"), kind)


NOISY = """
from ganbench import Latent, ModelSpec, Networks, hookimpl

GANBENCH_API_VERSION = 2


def build(data):
    import torch
    from torch import nn

    class Noisy(nn.Linear):
        def forward(self, z):
            return super().forward(z) + 0.1 * torch.randn_like(z)

    n = data.features
    discriminator = nn.Sequential(nn.Linear(n, 8), nn.ReLU(), nn.Linear(8, 1))
    return Networks(generator=Noisy(n, n), discriminator=discriminator, latent=Latent(size=n))


@hookimpl
def ganbench_models():
    return [ModelSpec(name="noisy", description="noise", build=build, modalities=("points",))]
"""


def test_noise_in_a_generator_is_no_state_that_is_lost(tmp_path: Path) -> None:
    """As StyleGAN draws it, when samples are evaluated as well."""
    (tmp_path / "noisy.py").write_text(NOISY)
    files = [PluginFile.read(tmp_path / "noisy.py")]
    catalogue = Catalogue(entry_points(group=ENTRY_POINT_GROUP), files=files)
    assert not _failed(Inspection("noisy", "model", catalogue, "cpu"), "model")


SPACED = """
from ganbench import Data, DataInfo, DatasetSpec, Parameter, hookimpl
GANBENCH_API_VERSION = 2

def describe(**_):
    return DataInfo(name="two", modality="points", shape=(2,))

def load(sep):
    import torch
    noise = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    data = noise + sep * (torch.arange(400) % 2)[:, None]
    return Data(info=describe(), train=data[:300], heldout=data[300:])

@hookimpl
def ganbench_datasets():
    return [DatasetSpec(name="two", description="two", licence="mine", argument="sep",
                        modalities=("points",), describe=describe, load=load, paper="none, 2026",
                        parameters={"sep": Parameter(default=2.0, help="apart")})]
"""


def test_data_that_can_be_loaded_without_their_argument_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text(SPACED)
    files = [PluginFile.read(str(tmp_path / "two.py"))]
    catalogue = Catalogue(entry_points(group=ENTRY_POINT_GROUP), files=files)
    inspection = Inspection("two", "dataset", catalogue, "cpu")
    results = {one.id: inspection.result(one.id) for one in checks_of("dataset")}
    assert {one.status for one in results.values()} == {"passed"}, results


@pytest.mark.whole
@pytest.mark.parametrize("name", ["jacobian", "path-length", "separability", "discriminator"])
def test_scores_that_look_into_networks_are_tried_on_some(name: str, catalogue: Catalogue) -> None:
    inspection = Inspection(name, "score", catalogue, "cpu")
    assert {inspection.result(one.id).status for one in checks_of("score")} == {"passed"}


@pytest.mark.whole
def test_nothing_is_skipped_of_an_unusual_loss(catalogue: Catalogue) -> None:
    inspection = Inspection("sound-clipped", "loss", catalogue, "cpu")
    results = {one.id: inspection.result(one.id) for one in checks_of("loss")}
    assert {one.status for check_id, one in results.items() if check_id != "cuda"} == {"passed"}
