"""What the documents promise is there."""

from __future__ import annotations

import math
import re
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec import Struct
from torch import nn

from ganbench import Data, DataInfo, Latent, Measurement, Networks
from ganbench.api.errors import UsageError
from ganbench.api.specs import ScoreSpec, import_builder
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.catalogue.plugin import State
from ganbench.cli.defaults import option_of
from ganbench.cli.main import VERBS
from ganbench.cli.settings import KEYS, variable
from ganbench.planning.suite import (
    SuiteTable,
    Task,
    TaskTable,
    VariantTable,
    embedded_suites,
    parse_suite,
)
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.datasets.columns import make_table
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.mixed import draw
from ganbench_plugins.datasets.pairs import load_names as load_pairs
from ganbench_plugins.datasets.points import load_ring
from ganbench_plugins.datasets.text import unicode_names
from ganbench_plugins.dirac import game as dirac
from ganbench_plugins.extractors.audio_classifier import build_classifier as build_audio_classifier
from ganbench_plugins.extractors.classifier import build as build_classifier
from ganbench_plugins.extractors.halves import build as build_halves

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text("utf-8")


def test_ci_runs_the_test_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    (extract,) = re.findall(r"^command=\$\((.*)\)$", script, re.MULTILINE)
    found = subprocess.run(["bash", "-c", extract], cwd=ROOT, capture_output=True, text=True)
    (command,) = re.findall(r"<!-- test command -->\n```bash\n(.*)\n```", README)
    assert found.stdout.strip() == command
    assert command.endswith("tox")


def test_the_readme_opens_with_the_two_commands() -> None:
    assert README.index("<!-- run command -->") < README.index("<!-- test command -->") < 1000


def test_the_table_of_the_readme_is_that_of_the_published_leaderboard(
    ganbench_cli: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    (table,) = re.findall(r"<!-- starter ranking -->\n```text\n(.*?)```", README, re.DOTALL)
    printed = ganbench_cli("table", "--runs", str(ROOT / "results" / "starter"))
    assert table.strip() in printed.stdout


def test_the_suite_of_the_readme_is_valid() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    suite = parse_suite(text, "README.md")
    assert suite.tasks[0].dataset == "images:photos[side=32]"


def test_links_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_files_that_documents_name_are_there() -> None:
    """Named in code, from the root, from the package or from the built-in plugins."""
    named = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.py|(?:ganbench|plugins|tests|docs)/[\w./-]+)`")
    homes = (ROOT, ROOT / "ganbench", ROOT / "plugins" / "ganbench_plugins")
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for path in named.findall(document.read_text("utf-8")):
            assert any((home / path).exists() for home in homes), f"{document.name}: {path}"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb: str) -> None:
    text = README + CONFIGURATION + (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"ganbench {verb}" in text or f"`{verb}`" in text


def _documented_columns() -> dict[str, list[str]]:
    """Label -> score, range, arrow and null, from docs/scores.md."""
    text = (ROOT / "docs" / "scores.md").read_text("utf-8")
    _, _, table = text.partition("<!-- columns -->\n")
    rows = [line.strip("|").split("|") for line in table.partition("\n\n")[0].splitlines()[2:]]
    return {
        label.strip(" `"): [cell.strip(" `") for cell in cells]
        for labels, *cells in rows
        for label in labels.split(",")
    }


def _range(one: Measurement) -> str:
    match one.lowest, one.highest:
        case None, None:
            return "unbounded"
        case None, _:
            return "up to"
        case 0, None:
            return "0 and up"
        case 0, 1:
            return "0 to 1"
    return "0 to "


def _dirac() -> Snapshot:
    """A trained Dirac-GAN, of which one more step can be rehearsed: of Wasserstein's game."""

    def rehearse(networks: Networks, data: Data, step: int) -> None:
        theta = networks.generator.get_parameter("bias")
        (psi,) = networks.discriminator.parameters()
        before = theta.item(), psi.item()
        with torch.no_grad():
            theta.fill_(before[0] + 0.1 * before[1])
            psi.fill_(before[1] - 0.1 * before[0])

    return Snapshot(
        RealSide(dirac.load(), "heldout", torch.device("cpu"), lambda name: None),
        torch.full((8, 1), 1e-3),
        steps=10,
        logits=lambda x, labels: 1e-3 * x.view(-1),
        training=dirac.training(step=0.1, updates="simultaneous"),
        rehearse=rehearse,
    )


def _few(data: Data, count: int) -> Data:
    """As many held-out samples, which are enough for every score, and twice as many others."""
    train, heldout = data.train[: 2 * count], data.heldout[:count]
    return Data(info=data.info, train=train, heldout=heldout, modes=data.modes)


def _measured(score: ScoreSpec, sides: dict[str, RealSide]) -> list[Measurement]:
    (modality,) = [one for one in sides if one in score.modalities][-1:]
    side = sides[modality]
    count = len(side.real)
    asked = side.data.train_labels if score.name == "intended-class" else None
    shape = side.data.info.shape
    generator = nn.Sequential(nn.Linear(4, math.prod(shape)), nn.Tanh(), nn.Unflatten(1, shape))
    snapshot = Snapshot(
        side,
        side.data.train[:count],
        None if asked is None else asked[:count],
        generator=generator,
        latents=(Latent(size=4),),
        logits=lambda samples, labels: samples.flatten(1).sum(1),
    )
    if score.name == "dirac":
        snapshot = _dirac()
    parameters = {name: one.default for name, one in score.parameters.items()}
    measured: list[Measurement] = import_builder(score.compute)(snapshot, **parameters)
    return measured


def _sounds() -> Data:
    """Noise of many levels, faint or loud."""
    drawn = torch.randn(200, 1, 64, generator=torch.Generator().manual_seed(0))
    clips = (drawn * torch.linspace(100, 5000, 200)[:, None, None]).short()
    info = DataInfo(name="noise", modality="audio", shape=(1, 64), rate=8_000, classes=2)
    loud = (torch.arange(200) >= 100).long()
    return Data(
        info=info, train=clips, heldout=clips, train_labels=loud, heldout_labels=loud.clone()
    )


def test_every_column_is_documented_with_range_and_direction() -> None:
    catalogue, cpu = installed_catalogue(), torch.device("cpu")
    # Of several, a score is measured on the last that it handles.
    data = {
        "audio": _sounds(),
        "text": _few(unicode_names().data(), 300),
        "tabular": make_table("mixed", draw(600, seed=1), modes=0).data(),
        "pair": load_pairs(),
        "points": _few(load_ring(), 1000),
        "image": load_digits(),
    }

    builds: dict[str, Callable[..., Any]] = {
        "pair": partial(build_halves, of="both"),
        "audio": build_audio_classifier,
    }

    def side(modality: str, one: Data) -> RealSide:
        build = builds.get(modality, build_classifier)
        return RealSide(one, "heldout", cpu, lambda name: build(one, cpu))

    sides = {modality: side(modality, one) for modality, one in data.items()}
    documented, arrows = _documented_columns(), {"lower": "↓", "higher": "↑", "target": "→"}
    for name in catalogue.names(ScoreSpec.kind):
        for one in _measured(catalogue.get(ScoreSpec, name), sides):
            label = re.sub(r"\[.*\]", "[…]", one.label)
            label, of_a_class = re.subn(r" of \d+$", " of k", label)
            found = documented[label] if of_a_class else documented.pop(label)
            score, bounds, arrow, null = found
            assert (score, arrow) == (name, arrows[one.direction]), label
            assert bounds.startswith(_range(one)), label
            assert null, label
            if re.fullmatch(r"[0-9.]+", null):
                assert one.null == float(null), label
    # with FID's own network; of every class; by the other distance
    assert sorted(documented) == [
        "FID", "KID", "class FD[…]", "class FD[…] of k", "class KID[…] of k", "coverage of k",
        "head class FD[…]", "medium class FD[…]", "share of k", "tail class FD[…]",
    ]  # fmt: skip


def test_every_score_and_suite_is_documented() -> None:
    scores = (ROOT / "docs" / "scores.md").read_text("utf-8")
    for name in installed_catalogue().names(ScoreSpec.kind):
        assert f"`{name}`" in scores, name
    for name in embedded_suites():
        assert f"`{name}`" in README, name


def _table(marker: str) -> list[list[str]]:
    """Cells of the table behind a marker in docs/configuration.md, without their quotes."""
    _, _, rest = CONFIGURATION.partition(f"<!-- {marker} -->\n")
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize(
    ("marker", "keys"),
    [("suite keys", SuiteTable), ("variant keys", VariantTable), ("task keys", TaskTable)],
)
def test_every_key_of_a_suite_is_documented(marker: str, keys: type[Struct]) -> None:
    rows = _table(marker)
    assert sorted(row[0] for row in rows) == sorted(keys.__struct_encode_fields__)
    for key, _, default in rows:
        if marker == "task keys" and default not in ("required", "none"):
            field = Task.__dataclass_fields__[key]
            assert str(field.default) == default, key


def test_the_required_keys_of_a_suite_are_those_documented() -> None:
    (text,) = re.findall(r"<!-- suite example -->\n```toml\n(.*?)```", CONFIGURATION, re.DOTALL)
    suite = parse_suite(text, "docs/configuration.md")
    assert len(suite.variants) == 1 + 4 + 2
    assert len(suite.tasks) == 2
    for marker, heading in (("suite keys", ""), ("task keys", "[[tasks]]\n")):
        for key, _, default in _table(marker):
            start = text.index(heading)
            without = re.sub(rf"(?m)^{key} = .*\n", "", text[start:], count=1)
            if key == "tasks":
                without = text.partition("[[tasks]]")[0]
            if default == "required":
                with pytest.raises(UsageError, match=f"{key}.* (is missing|at least one)"):
                    parse_suite(text[:start] + without if key != "tasks" else without, "it")
            else:
                assert parse_suite(text[:start] + without, "it")


def test_every_setting_is_documented() -> None:
    rows = {row[0]: row[1:] for row in _table("settings")}
    assert list(rows) == list(KEYS)
    for key, (name, default, own, _) in rows.items():
        assert name == variable(key)
        assert own == ("yes" if KEYS[key].portable else "no"), key
        known = option_of(key).to_info_dict()["default"]
        if known is not None and known != ():
            assert default == str(known), key


def test_every_state_of_a_plugin_is_documented() -> None:
    for state in State:
        assert f"| `{state}` |" in CONFIGURATION
