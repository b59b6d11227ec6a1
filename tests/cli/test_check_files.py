"""`ganbench check` on a local file, as a newcomer uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PLUGIN = """
{first}
from ganbench import LossSpec, Optimiser, Training, hookimpl

ADAM = Optimiser(lr=1e-3)


class Loss:
    def discriminator_loss(self, step):
        return step.fake_logits.square().mean() + (step.real_logits - 1).square().mean()

    def generator_loss(self, step):
        return (step.fake_logits - 1).square().mean()


@hookimpl
def ganbench_losses():
    training = Training(generator=ADAM, discriminator=ADAM)
    return [LossSpec(name="mine", description="mine", build=Loss, training=training)]
"""


@pytest.mark.whole
@pytest.mark.parametrize(
    ("first", "status"), [("", "passed"), ("import torch", "failed"), ("import nowhere", None)]
)
def test_a_local_file_is_imported_apart(
    ganbench_cli: Any, tmp_path: Path, first: str, status: str | None
) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN.format(first=first))
    if status is None:
        done = ganbench_cli("check", "mine", "-P", "mine.py")
        assert done.returncode == 3
        assert "nowhere" in done.stderr
        return
    done = ganbench_cli("-P", "mine.py", "check", "mine", "--json")
    results = {one["id"]: one for one in json.loads(done.stdout)}
    assert results["light-import"]["status"] == status, results["light-import"]
    assert done.returncode == (0 if status == "passed" else 4)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("raise ValueError('my bug')", "mlp+mine on points 2: ValueError: my bug"),
        ("self.build()", "object has no attribute 'build'"),
        ("__import__('json').loads('{')", "JSONDecodeError: Expecting property name"),
    ],
)
def test_an_error_is_told_with_the_line(
    ganbench_cli: Any, tmp_path: Path, line: str, told: str
) -> None:
    source = PLUGIN.format(first="")
    method = f"class Loss:\n    def __init__(self):\n        {line}\n\n"
    (tmp_path / "mine.py").write_text(source.replace("class Loss:\n", method))
    done = ganbench_cli("-P", "mine.py", "check", "mine")
    assert done.returncode == 4
    (reason,) = [one for one in done.stdout.splitlines() if one.startswith("builds ")]
    assert told in reason
    assert "(mine.py:10)" in reason
    assert "loss mine of mine.py (local file): " in done.stderr
    (waiting,) = [one for one in done.stderr.splitlines() if one.startswith("not made before ")]
    assert waiting.startswith("not made before builds passes: trained-once, coupling, needs, ")
    assert "it needs" not in done.stdout  # of what was not made, there is one line
    assert not [one for one in done.stderr.splitlines() if one.startswith("builds: ")]


def test_advice_is_that_of_the_fault_and_in_the_words_of_a_run(
    ganbench_cli: Any, tmp_path: Path
) -> None:
    wrong = PLUGIN.format(first="").replace("step.fake_logits - 1", "step.real_logits - 1")
    (tmp_path / "mine.py").write_text(wrong)
    told = "mine uses step.real in the generator's step, and its spec does not say so"
    checked = ganbench_cli("-P", "mine.py", "check", "mine")
    (row,) = [one for one in checked.stdout.splitlines() if " failed " in one]
    assert row.startswith("needs ")
    assert told in row
    assert 'needs: add "real" to its needs, unless ' in checked.stderr
    options = ("--task", "ring8", "--seeds", "0", "--budget", "5steps")
    run = ganbench_cli("-P", "mine.py", "run", "mlp+mine", *options)
    assert told in run.stdout + run.stderr


def test_parameters_that_the_code_does_not_take(ganbench_cli: Any, tmp_path: Path) -> None:
    declared = 'parameters={"gamma": Parameter(default=1.0, help="x")}, build=Loss'
    source = PLUGIN.format(first="from ganbench import Parameter").replace("build=Loss", declared)
    (tmp_path / "mine.py").write_text(source)
    done = ganbench_cli("-P", "mine.py", "check", "mine")
    told = "loss mine does not take its declared parameters: got an unexpected keyword argument"
    assert f"{told} 'gamma'" in done.stdout


MODEL = """
from ganbench import Latent, ModelSpec, Networks, Optimiser, Training, hookimpl

ADAM = Optimiser(lr=1e-3)
TRAINING = Training(generator=ADAM, discriminator=ADAM)


def build(data):
    from torch import nn

    class Judge(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(data.features, 8), {layer}, nn.Linear(8, 1))

        def forward(self, x{further}):
            h = self.layers(x.flatten(1)).sigmoid()
            {act}
            return h.logit()

    generator = nn.Sequential(nn.Linear(4, data.features), nn.Unflatten(1, data.shape))
    return Networks(generator=generator, discriminator=Judge(), latent=Latent(size=4))


@hookimpl
def ganbench_models():
    return [ModelSpec(name="mine", description="mine", build=build, modalities=("points",))]
"""

JUDGE = "the discriminator of model mine"

FAULTS = {
    "a further argument": (
        {"further": ", scale"},
        f"{JUDGE} cannot be called with (x): TypeError: build.<locals>.Judge.forward() missing 1 "
        "required positional argument: 'scale' (mine.py:16)",
    ),
    "an error in forward": (
        {"act": "raise ValueError('my bug')"},
        f"{JUDGE} fails: ValueError: my bug (mine.py:18)",
    ),
    "a layer of another size": (
        {"layer": "nn.Linear(9, 8)"},
        f"{JUDGE} fails in its layer layers.1 (Linear): RuntimeError: mat1 and mat2 shapes cannot",
    ),
    "a lazy layer": (
        {"layer": "nn.LazyLinear(8)"},
        f"layer layers.1 of {JUDGE} is a LazyLinear, which has no weights before it is first",
    ),
    "a change in place": (
        {"act": "h *= 0.5"},
        f"{JUDGE} changes what its own gradient needs in place (mine.py:18)",
    ),
}


@pytest.mark.whole
@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_in_a_network_names_it_in_check_as_in_run(
    ganbench_cli: Any, tmp_path: Path, fault: str
) -> None:
    changed, told = FAULTS[fault]
    sound = {"layer": "nn.ReLU()", "further": "", "act": "pass"}
    (tmp_path / "mine.py").write_text(MODEL.format(**sound | changed))
    checked = ganbench_cli("-P", "mine.py", "check", "mine")
    (row,) = [one for one in checked.stdout.splitlines() if " failed " in one]
    assert told in row
    options = ("--task", "ring8", "--seeds", "0", "--budget", "5steps")
    run = ganbench_cli("-P", "mine.py", "run", "mine+minimax", *options)
    assert told in " ".join((run.stdout + run.stderr).split())
