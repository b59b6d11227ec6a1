"""A wrong plugin is named: plugin, distribution, file or line, what was expected, what was found.

One plugin of every kind stands in one distribution; each case breaks one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest
import torch

from ganbench.api.errors import PluginNotUsable
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.plan import Selection, make_plan
from ganbench.running.contracts import check_technique
from ganbench.running.run import Run

from ..conftest import Find, Install

MakeCatalogue = Callable[[str], Catalogue]

SOUND = '''
"""A plugin of every kind."""

import torch
from torch import nn

from ganbench import (
    Data, DataInfo, DatasetSpec, ExtractorSpec, Latent, LossSpec, Measurement, ModelSpec, Networks,
    Optimiser, Parameter, Recipe, ScoreSpec, Training, VariantSpec, hookimpl,
)

GANBENCH_API_VERSION = 2
ADAM = Optimiser(name="adam", lr=1e-3)
TRAINING = Training(generator=ADAM, discriminator=ADAM, batch_size=8)
POINTS = torch.linspace(-1, 1, 200).view(100, 2)
LABELS = torch.arange(100) % 4


def describe():
    return DataInfo(name="my-data", modality="points", shape=(2,), classes=4)


def data(**changed):
    parts = {"info": describe(), "train": POINTS, "heldout": POINTS + 0.001}
    labels = {"train_labels": LABELS, "heldout_labels": LABELS}
    return Data(**{**parts, **labels, **changed})


def load():
    return data()


def model(info):
    return networks()


def networks(**changed):
    parts = {"generator": nn.Linear(3, 2), "discriminator": nn.Linear(2, 1)}
    return Networks(**{**parts, "latent": Latent(size=3), **changed})


class Loss:
    def discriminator_loss(self, step):
        return step.fake_logits.mean() - step.real_logits.mean()

    def generator_loss(self, step):
        return -step.fake_logits.mean()


def loss():
    return Loss()


def recipe(info):
    return Recipe(model="my-model", loss="my-loss", training=TRAINING)


class Extractor:
    id, layer = "halves", "only"

    def __call__(self, samples):
        return samples / 2


def extractor(data, device):
    return Extractor()


def score(evaluation, extractor):
    value = float(evaluation.fake_features(extractor).mean())
    return [Measurement(key="mine", label="mine", value=value, n_fake=len(evaluation.fakes))]


PROVIDES = ()
SCORE = "my_gan:score"


@hookimpl
def ganbench_datasets():
    return [
        DatasetSpec(name="my-data", description="d", licence="none", describe=lambda: describe(),
                    load=lambda: load(), modalities=("points",))
    ]


@hookimpl
def ganbench_models():
    return [
        ModelSpec(name="my-model", description="m", build="my_gan:model", provides=PROVIDES)
    ]


@hookimpl
def ganbench_losses():
    return [LossSpec(name="my-loss", description="l", build="my_gan:loss", training=TRAINING)]


@hookimpl
def ganbench_variants():
    return [VariantSpec(name="my-variant", description="v", recipe=lambda info: recipe(info))]


@hookimpl
def ganbench_extractors():
    return [ExtractorSpec(name="my-extractor", description="e", build="my_gan:extractor")]


@hookimpl
def ganbench_scores():
    parameters = {"extractor": Parameter(default="my-extractor", help="x")}
    return [ScoreSpec(name="my-score", description="s", compute=SCORE, parameters=parameters)]
'''

SUITE = """
name = "one"

[[tasks]]
name = "mine"
dataset = "my-data"
budget = "3steps"
evaluations = 1
fakes = 16
scores = ["my-score"]
"""

CODE = " (plugin my-gan of my-plugins 1.0, my_gan.py)"
LINE = " (plugin my-gan of my-plugins 1.0, my_gan.py:{line})"
"""The line, where it is known, is the last one of the case."""

WRONG: dict[str, tuple[str, str]] = {
    "no description": (
        "def describe(): pass",
        "describe of data set my-data must return a DataInfo or a Survey, it returned None" + CODE,
    ),
    "channels that come last": (
        "def describe(): return DataInfo(name='my-data', modality='image', shape=(28, 28, 1))",
        "data set my-data describes image data wrongly: channels come first, its shape is "
        f"(channels, height, width), not (28, 28, 1){CODE}",
    ),
    "a description that fails": (
        "def describe():\n    raise KeyError('shape')",
        f"describe of data set my-data fails: KeyError: 'shape'{LINE}",
    ),
    "no data": (
        "def load(): pass",
        f"what data set my-data loads must be a Data, it is None{CODE}",
    ),
    "data that fails": (
        "def load():\n    raise OSError('no such file')",
        f"OSError: no such file{LINE}",
    ),
    "other classes than described": (
        "def load():\n"
        "    info = DataInfo(name='my-data', modality='points', shape=(2,), classes=3)\n"
        "    return data(info=info)",
        f"data set my-data describes classes 4, and loads classes 3{CODE}",
    ),
    "an array": (
        "def load(): return data(train=POINTS.numpy())",
        f"train of data set my-data must be a Tensor, it is a ndarray of shape (100, 2){CODE}",
    ),
    "double precision": (
        "def load(): return data(heldout=POINTS.double())",
        f"heldout of data set my-data must be torch.float32, it is torch.float64{CODE}",
    ),
    "another shape": (
        "def load(): return data(train=POINTS.view(50, 4))",
        "train of data set my-data must be of shape (N, 2), it is a tensor of shape (50, 4)" + CODE,
    ),
    "infinite samples": (
        "def load(): return data(train=POINTS / 0)",
        f"train of data set my-data must be finite, it has NaN or infinite values{CODE}",
    ),
    "one sample": (
        "def load(): return data(train=POINTS[:1], train_labels=LABELS[:1])",
        f"train of data set my-data must have 2 samples or more, not 1{CODE}",
    ),
    "no labels": (
        "def load(): return data(train_labels=None)",
        f"train_labels of data set my-data must be a Tensor, it is None{CODE}",
    ),
    "labels of too few samples": (
        "def load(): return data(train_labels=LABELS[1:])",
        "train_labels of data set my-data must be torch.int64 (100,), it is torch.int64 (99,)"
        + CODE,
    ),
    "labels out of range": (
        "def load(): return data(heldout_labels=LABELS + 1)",
        f"heldout_labels of data set my-data must lie in 0..3, it lies in 1..4{CODE}",
    ),
    "no networks": (
        "def model(info): return nn.Linear(3, 2)",
        f"what model my-model builds must be a Networks, it is a Linear{CODE}",
    ),
    "a model without its data": (
        "def model(): return networks()",
        "model my-model does not take its declared parameters: too many positional arguments"
        + CODE,
    ),
    "a model that fails": (
        "def model(info):\n    raise ValueError('7 is not a power of two')",
        f"ValueError: 7 is not a power of two{LINE}",
    ),
    "a generator that is no module": (
        "def model(info): return networks(generator=torch.tanh)",
        "the generator of model my-model must be a Module, it is a builtin_function_or_method"
        + CODE,
    ),
    "no law of the latent": (
        "def model(info): return networks(latent=3)",
        f"the latent of model my-model must be a Latent, it is 3{CODE}",
    ),
    "a module without a side": (
        "def model(info): return networks(extra={'head': nn.Linear(2, 1)})",
        f"extra 'head' of model my-model must be a module and its side, it is a Linear{CODE}",
    ),
    "a function as a module": (
        "def model(info): return networks(extra={'head': (torch.tanh, 'generator')})",
        "the module of extra 'head' of model my-model must be a Module, "
        f"it is a builtin_function_or_method{CODE}",
    ),
    "a module that nobody would train": (
        "def model(info): return networks(extra={'head': (nn.Linear(2, 1), 'critic')})",
        "the side of extra 'head' of model my-model must be 'generator' or 'discriminator', "
        f"it is 'critic'{CODE}",
    ),
    "samples of another shape": (
        "def model(info): return networks(generator=nn.Linear(3, 5))",
        "the generator must return samples (8, 2), it returned a tensor of shape (8, 5)" + CODE,
    ),
    "logits of another shape": (
        "def model(info): return networks(discriminator=nn.Linear(2, 7))",
        "the discriminator must return logits (8,) or (8, 1), it returned a tensor of shape (8, 7)"
        + CODE,
    ),
    "nothing to train": (
        "def model(info): return networks(generator=nn.Linear(3, 2).requires_grad_(False))",
        f"the generator has no parameter that can be trained{CODE}",
    ),
    "an extra that is not there": (
        "PROVIDES = ('code',)",
        "model my-model says that it provides 'code', and its networks have no extra module of "
        f"that name, nor its generator such a method{CODE}",
    ),
    "a layer of both networks": (
        "def model(info):\n"
        "    shared = nn.Linear(2, 2)\n"
        "    return networks(generator=nn.Sequential(nn.Linear(3, 2), shared),\n"
        "                    discriminator=nn.Sequential(shared, nn.Linear(2, 1)))",
        "generator.1.weight and discriminator.0.weight are one parameter, which both sides would "
        f"train{CODE}",
    ),
    "a sigmoid": (
        "def model(info):\n"
        "    return networks(discriminator=nn.Sequential(nn.Linear(2, 1), nn.Sigmoid()))",
        f"the discriminator ends in a sigmoid: it must return logits{CODE}",
    ),
    "samples above zero": (
        "def model(info): return networks(generator=nn.Sequential(nn.Linear(3, 2), nn.Softplus()))",
        "the generator ends in a softplus: its samples are never below 0, and real ones are" + CODE,
    ),
    "networks that fail": (
        "class Net(nn.Linear):\n    def forward(self, x):\n        raise IndexError('no layer 3')\n"
        "def model(info): return networks(generator=Net(3, 2))",
        "the generator of model my-model fails: "
        "IndexError: no layer 3 (plugin my-gan of my-plugins 1.0, my_gan.py:{before})",
    ),
    "a discriminator with further arguments": (
        "def recipe(info):\n"
        "    return Recipe(model='my-model', loss='non-saturating', training=TRAINING)\n"
        "def model(info): return networks(discriminator=Net(2, 1))\n"
        "class Net(nn.Linear):\n    def forward(self, x, scale):\n        return scale",
        "the discriminator of model my-model cannot be called with (x): TypeError: "
        "Net.forward() missing 1 required positional argument: 'scale' "
        "(plugin my-gan of my-plugins 1.0, my_gan.py:{before})",
    ),
    "a generator that wants classes": (
        "def model(info): return networks(generator=Net(3, 2))\n"
        "class Net(nn.Linear):\n    def forward(self, z, y):\n        return y",
        "the generator of model my-model cannot be called with (z): TypeError: "
        "Net.forward() missing 1 required positional argument: 'y' "
        "(plugin my-gan of my-plugins 1.0, my_gan.py:{before})",
    ),
    "a layer of another size": (
        "def model(info):\n"
        "    return networks(generator=nn.Sequential(nn.Linear(3, 8), nn.Linear(9, 2)))",
        "the generator of model my-model fails in its layer 1 (Linear): RuntimeError: mat1 and "
        f"mat2 shapes cannot be multiplied (8x8 and 9x2){CODE}",
    ),
    "a loss that calls a network with what it does not take": (
        "def bad(self, step):\n    return step.discriminator(step.fake, 3).mean()\n"
        "Loss.generator_loss = bad",
        "the discriminator of model my-model cannot be called with what it does not take: "
        "TypeError: Linear.forward() takes 2 positional arguments but 3 were given "
        "(plugin my-gan of my-plugins 1.0, my_gan.py:{before})",
    ),
    "a loss that takes logits": (
        "def bad(self, real, fake): ...\nLoss.discriminator_loss = bad",
        "discriminator_loss of loss my-loss takes (real, fake), and is called with (step)" + CODE,
    ),
    "a loss without self": (
        "def bad(step): ...\nLoss.generator_loss = bad",
        "generator_loss of loss my-loss takes (), and is called with (step)" + CODE,
    ),
    "a lazy layer": (
        "def model(info): return networks(discriminator=nn.Sequential(nn.LazyLinear(1)))",
        "layer 0 of the discriminator of model my-model is a LazyLinear, which has no weights "
        f"before it is first called{CODE}",
    ),
    "a change in place of what a gradient needs": (
        "def model(info): return networks(discriminator=Net(2, 1))\n"
        "class Net(nn.Linear):\n    def forward(self, x):\n"
        "        h = super().forward(x).sigmoid()\n        h += 1\n        return h",
        "the discriminator of model my-model changes what its own gradient needs in place "
        "(plugin my-gan of my-plugins 1.0, my_gan.py:{before})",
    ),
    "a change in place of what is given": (
        "def model(info):\n"
        "    generator = nn.Sequential(nn.Linear(3, 2), nn.Tanh())\n"
        "    return networks(discriminator=Net(2, 1), generator=generator)\n"
        "class Net(nn.Linear):\n    def forward(self, x):\n        x *= 2\n"
        "        return super().forward(x)",
        "the discriminator of model my-model changes what it is given in place "
        "(plugin my-gan of my-plugins 1.0, my_gan.py:{before})",
    ),
    "a loss without a method": (
        "def loss(): return object()",
        f"loss my-loss built an object without discriminator_loss{CODE}",
    ),
    "a loss of no number": (
        "Loss.generator_loss = lambda self, step: step.fake_logits",
        "Loss.generator_loss must return a scalar tensor with a graph, "
        f"it returned a tensor of shape (8,){CODE}",
    ),
    "a loss that fails": (
        "def bad(self, step):\n    return step.logits.mean()\nLoss.discriminator_loss = bad",
        "AttributeError: 'TrainingStep' object has no attribute 'logits' "
        "(plugin my-gan of my-plugins 1.0, my_gan.py:{before})",
    ),
    "a loss that is cut off": (
        "Loss.generator_loss = lambda self, step: -step.discriminator(step.fake.detach()).mean()",
        f"no gradient of the generator's loss reaches the generator{CODE}",
    ),
    "clipping in a loss": (
        "def clipped(self, step):\n"
        "    for weight in step.discriminator.parameters():\n"
        "        weight.data.clamp_(-0.01, 0.01)\n"
        "    return step.fake_logits.mean() - step.real_logits.mean()\n"
        "Loss.discriminator_loss = clipped",
        "discriminator_loss of loss my-loss changes discriminator.weight by itself, beside the "
        f"optimiser{CODE}",
    ),
    "no critic steps": (
        "Loss.critic_steps = lambda self, step: 0",
        f"loss my-loss asks for 0 critic steps: at least 1 is needed{CODE}",
    ),
    "no recipe": (
        "def recipe(info): pass",
        f"the recipe of my-variant must return a Recipe, it returned None{CODE}",
    ),
    "a recipe of what is not there": (
        "def recipe(info): return Recipe(model='my-modle', loss='my-loss', training=TRAINING)",
        f"the recipe of my-variant: unknown model 'my-modle'{CODE}",
    ),
    "a recipe that fails": (
        "def recipe(info):\n    return 1 / 0",
        f"the recipe of my-variant fails on my-data: ZeroDivisionError: division by zero{LINE}",
    ),
    "a bare number": (
        "def score(evaluation, extractor): return 3.0",
        f"what score my-score returns must be a list, it is 3.0{CODE}",
    ),
    "a list of numbers": (
        "def score(evaluation, extractor): return [3.0]",
        f"each result of score my-score must be a Measurement, it is 3.0{CODE}",
    ),
    "no measurement": (
        "def score(evaluation, extractor): return []",
        f"score my-score must return measurements, it returned an empty list{CODE}",
    ),
    "a tensor as a value": (
        "def score(evaluation, extractor):\n"
        "    return [Measurement(key='k', label='k', value=POINTS.mean())]",
        f"TypeError: Measurement: value must be a number, it is a Tensor of shape (){LINE}",
    ),
    "a score without its parameter": (
        "def score(evaluation): return []",
        "score my-score does not take its declared parameters: "
        f"got an unexpected keyword argument 'extractor'{CODE}",
    ),
    "a score that is not there": (
        "SCORE = 'my_gan:scroe'",
        "score my-score: my_gan:scroe cannot be imported: "
        f"AttributeError: module 'my_gan' has no attribute 'scroe'{CODE}",
    ),
    "features of another shape": (
        "Extractor.__call__ = lambda self, samples: samples.mean(dim=1)",
        "extractor my-extractor must return torch.float32 (2, d) of 2 samples, "
        f"it returned torch.float32 (2,){CODE}",
    ),
    "an extractor without an id": (
        "Extractor.id = None",
        f"the id of extractor my-extractor must be text, it is None{CODE}",
    ),
    "an extractor that fails": (
        "def extractor(data, device):\n    raise RuntimeError('no weights')",
        f"RuntimeError: no weights{LINE}",
    ),
}


def outcome(catalogue: Catalogue, folder: Path, score: str = "my-score") -> str:
    """The error of planning, or of the run; empty if there is none."""
    (folder / "suite.toml").write_text(SUITE.replace("my-score", score))
    suite = str(folder / "suite.toml")
    selection = Selection(variants=["my-variant"], suite=suite, seeds=[0], device="cpu")
    try:
        (spec,) = make_plan(selection, catalogue).runs
    except PluginNotUsable as error:
        return error.message
    (folder / "run").mkdir()
    record = Run(spec, folder / "run", catalogue, torch.device("cpu")).execute()
    return record["failure"]["message"] if record["failure"] else ""


@pytest.fixture
def catalogue_of(
    install: Install, find: Find, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> MakeCatalogue:
    """The built-in plugins and those of `my_gan.py`, with this code."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))

    def make(source: str) -> Catalogue:
        install("my-plugins", {"my_gan.py": source}, {"my-gan": "my_gan"})
        own = [
            one for one in distribution("ganbench").entry_points if one.group == ENTRY_POINT_GROUP
        ]
        catalogue = Catalogue([*own, *find()])
        assert catalogue.plugins[-1].reason == ""
        return catalogue

    return make


def test_sound_plugins_run(catalogue_of: MakeCatalogue, tmp_path: Path) -> None:
    assert outcome(catalogue_of(SOUND), tmp_path) == ""


@pytest.mark.parametrize("case", WRONG)
def test_wrong_plugins_are_named(case: str, catalogue_of: MakeCatalogue, tmp_path: Path) -> None:
    code, message = WRONG[case]
    head, hooks = SOUND.split("SCORE = ", 1)
    first, rest = hooks.split("\n", 1)
    source = f"{head}SCORE = {first}\n{code}\n{rest}"
    line = source[: source.index(code)].count("\n") + len(code.splitlines())
    found = outcome(catalogue_of(source), tmp_path)
    found = re.sub(r"\); .*", ")", found)  # what to do about it is another matter
    assert found == message.replace("{line}", str(line)).replace("{before}", str(line - 1))


def test_a_score_of_ours_that_calls_a_wrong_network_is_not_to_blame(
    catalogue_of: MakeCatalogue, tmp_path: Path
) -> None:
    wrong = SOUND.replace("nn.Linear(3, 2)", "nn.Sequential(nn.Linear(4, 2))")
    found = outcome(catalogue_of(wrong), tmp_path, score="jacobian")
    assert found.startswith("the generator of model my-model fails in its layer 0 (Linear)")
    assert found.endswith(CODE)


def test_what_is_wrong_and_what_to_do_stand_apart(
    catalogue_of: MakeCatalogue, tmp_path: Path
) -> None:
    wrong = "raise ganbench.UsageError('a.png is not 8 bits a channel', 'convert it or remove it')"
    source = SOUND.replace("def load():\n", f"def load():\n    import ganbench\n    {wrong}\n")
    found = outcome(catalogue_of(source), tmp_path)
    assert found == "a.png is not 8 bits a channel; convert it or remove it"


def test_a_method_of_a_technique_takes_what_it_is_called_with() -> None:
    class Remedy:
        def generator_loss(self, fake: object) -> None: ...

        def after_step(self) -> None: ...

    told = r"after_step of technique mine takes \(\), and is called with \(game\)"
    with pytest.raises(PluginNotUsable, match=told) as caught:
        check_technique("mine", Remedy())
    assert caught.value.hint == "write def after_step(self, game)"
