"""Every check there is: its id, what it asks and why, and how to mend what fails.

The ids are promises to plugin authors, who name them in their tests. docs/checks.md is made from
this table. Checks are named as `module:function`, so that listing them imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_CHECKS = "ganbench.authoring.conformance.checks"

TRAINED = ("variant", "model", "loss", "technique")
BUILT = ("variant", "model", "technique")
IN_RUNS = (*TRAINED, "dataset", "score", "extractor")
ALL = (*IN_RUNS, "executor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule that plugins of some kinds must keep.

    Args:
        id: stable name.
        kinds: which plugins it is asked of.
        asks: the rule, in one sentence.
        why: what goes wrong where it is broken.
        mend: what to do then.
        run: ``module:function`` of the package `checks`; the function takes a `Subject` and raises
            `Broken` or `NotApplicable`.
        needs: checks that must pass before this one means anything, where they are asked.
    """

    id: str
    kinds: tuple[str, ...]
    asks: str
    why: str
    mend: str
    run: str
    needs: tuple[str, ...] = ()

    @property
    def function(self) -> str:
        """``module:function`` to import."""
        return f"{_CHECKS}.{self.run}"


CHECKS: tuple[Check, ...] = (
    Check(
        id="light-import",
        kinds=ALL,
        asks="Importing the plugin, its recipe and its description imports no torch.",
        why="Every command imports every plugin; torch costs seconds.",
        mend="move `import torch` into the functions that use it, or name builders as "
        '"module:function"; for types, import under `if TYPE_CHECKING:`',
        run="light:imports_no_torch",
    ),
    Check(
        id="metadata",
        kinds=ALL,
        asks="Description, licence of data and help of every parameter are there; a source can be "
        "found.",
        why="`ganbench info NAME` and leaderboards show them; nobody can judge numbers of unknown "
        "origin.",
        mend="fill in the fields of the spec; `ganbench info wgan-gp` shows those of a built-in",
        run="metadata:complete",
    ),
    Check(
        id="builds",
        kinds=TRAINED,
        asks="It can be built for every shape and every choice of a parameter that it declares.",
        why="A plan of many runs would fail late, one run at a time.",
        mend="narrow `modalities`, add `supports=` to the model, or build for that shape; "
        "parameters and their choices must be those that the code takes",
        run="building:builds",
    ),
    Check(
        id="trained-once",
        kinds=TRAINED,
        asks="Every trainable parameter, a loss's own included, is trained by one side.",
        why="A parameter that no side trains never changes; one that both train obeys neither.",
        mend='set `trained_with = "generator"` or `"discriminator"` in a loss or technique that '
        "has parameters, or make them buffers; give each network layers of its own",
        run="declared:trained_once",
        needs=("builds",),
    ),
    Check(
        id="outputs",
        kinds=BUILT,
        asks="Samples and logits have the right shape, type and range, and are finite.",
        why="Evaluation turns samples into bytes and logits into statistics as they are.",
        mend="generators return float32 (B, *shape) in the data's range (end in "
        "`ganbench.output_layer(data)`, a tanh for images); discriminators return float32 logits "
        "(B,) or (B, 1) without a sigmoid",
        run="building:outputs",
        needs=("builds",),
    ),
    Check(
        id="coupling",
        kinds=TRAINED,
        asks="Samples of a batch influence each other's logits where its spec says so, and nowhere "
        "under a penalty of slopes.",
        why="A slope at a single sample means nothing where its neighbours move its logit.",
        mend="declare it: in a model `coupled` is a function of its parameters, in a technique "
        "True or False; layer norm couples nothing, batch norm does",
        run="declared:coupling",
        needs=("trained-once", "outputs"),
    ),
    Check(
        id="needs",
        kinds=("loss", "technique"),
        asks="Its `needs` list exactly what it uses of a step or of the model.",
        why="By this list plans refuse combinations, and steps compute what losses use.",
        mend="list in `needs` what it takes from a step; `ganbench info needs` shows the words",
        run="declared:needs",
        needs=("coupling",),
    ),
    Check(
        id="seeded-build",
        kinds=TRAINED,
        asks="Two builds with one seed have the same weights.",
        why="A run is a function of its seed: otherwise nobody can repeat it.",
        mend="draw initial weights from torch's global generator, which the run has seeded; keep "
        "nothing between builds",
        run="building:seeded_build",
        needs=("coupling",),
    ),
    Check(
        id="state-dict",
        kinds=BUILT,
        asks="A `state_dict` loaded into a fresh build gives the same generator and discriminator.",
        why="The best generator and published checkpoints are kept that way.",
        mend="register every tensor that matters as a parameter or a buffer",
        run="building:state_dict",
        needs=("seeded-build", "steps", "evaluation-untouched"),
    ),
    Check(
        id="batch-sizes",
        kinds=TRAINED,
        asks="It works with batches of one sample and with an odd last batch.",
        why="When fakes are sampled, the last batch may have any size.",
        mend="do not squeeze or reshape the batch dimension away, nor assume a size; with one "
        "sample there is no spread to divide by (training with batch norm is exempt)",
        run="building:batch_sizes",
        needs=("steps",),
    ),
    Check(
        id="steps",
        kinds=TRAINED,
        asks="Training steps run; losses are finite scalars, and weights stay finite.",
        why="All checks of training look at these steps.",
        mend="return one scalar tensor with a graph from both losses: the mean over the batch",
        run="steps:steps",
        needs=("coupling", "needs"),
    ),
    Check(
        id="generator-gradients",
        kinds=TRAINED,
        asks="The generator's loss gives every parameter of the generator's side a gradient.",
        why="A layer that never learns is a bug, or wasted budget.",
        mend="look for `detach`, `no_grad`, `.data` or an unused layer on the way from the loss to "
        "the parameter; freeze what is meant to stay with `requires_grad_(False)`",
        run="steps:generator_gradients",
        needs=("steps",),
    ),
    Check(
        id="discriminator-gradients",
        kinds=TRAINED,
        asks="The discriminator's loss gives every parameter of its side a gradient.",
        why="A layer that never learns is a bug, or wasted budget.",
        mend="look for `detach`, `no_grad`, `.data` or an unused layer on the way from the loss to "
        "the parameter; freeze what is meant to stay with `requires_grad_(False)`",
        run="steps:discriminator_gradients",
        needs=("steps",),
    ),
    Check(
        id="separate-sides",
        kinds=TRAINED,
        asks="A step of one side leaves no gradient in the other side's parameters.",
        why="With simultaneous updates such a gradient would be applied.",
        mend="do not call `backward` in a loss: return the loss, or use `torch.autograd.grad`",
        run="steps:separate_sides",
        needs=("steps",),
    ),
    Check(
        id="generator-sign",
        kinds=TRAINED,
        asks="Generator steps against a fixed discriminator raise its mean logit of fakes.",
        why="A loss of the wrong sign trains without an error, and looks like a bad model.",
        mend="the generator's optimiser minimises: -D(G(z)) for a Wasserstein loss, "
        "softplus(-D(G(z))) for the non-saturating one",
        run="sign:generator_sign",
        needs=("steps", "discriminator-sign", "generator-gradients"),
    ),
    Check(
        id="discriminator-sign",
        kinds=TRAINED,
        asks="Discriminator steps raise the mean logit of real samples over that of fakes.",
        why="Logits are high for real samples everywhere in ganbench: in telemetry and in scores.",
        mend="the discriminator's optimiser minimises: D(G(z)) - D(x) for a Wasserstein loss",
        run="sign:discriminator_sign",
        needs=("steps",),
    ),
    Check(
        id="deterministic-step",
        kinds=TRAINED,
        asks="Two trainings with one seed end with the same bits.",
        why="A run is a function of its spec: otherwise it cannot be verified.",
        mend="draw random numbers from torch's global generator; depend on no clock, no counter "
        "that outlives a run, no order of a set",
        run="isolation:deterministic_step",
        needs=("steps", "seeded-build"),
    ),
    Check(
        id="global-state",
        kinds=IN_RUNS,
        asks="It seeds no global random generator and changes no global setting.",
        why="All runs would share one seed, or depend on what else was run in the process.",
        mend="use a generator of your own (`torch.Generator`, `numpy.random.RandomState`); change "
        "settings only within a context manager",
        run="isolation:global_state",
        needs=("steps", "dataset-samples", "score-columns", "extractor-features"),
    ),
    Check(
        id="resume",
        kinds=TRAINED,
        asks="Training that is stopped and resumed from a checkpoint ends with the same bits.",
        why="Preempted runs would silently differ from undisturbed ones.",
        mend="keep state in tensors, buffers or plain attributes, or give the loss `state_dict` "
        "and `load_state_dict`, an nn.Module `get_extra_state` and `set_extra_state`",
        run="isolation:resume",
        needs=("deterministic-step",),
    ),
    Check(
        id="host-sync",
        kinds=TRAINED,
        asks="A training step never waits for the device.",
        why="On a GPU each `.item()` empties its queue: the same budget buys fewer steps.",
        mend="keep numbers in tensors: no `.item()`, `.cpu()`, `.tolist()`, `float(tensor)`, "
        "`if tensor:` or indexing with a mask; use `torch.where`",
        run="isolation:host_sync",
        needs=("steps",),
    ),
    Check(
        id="held-out",
        kinds=TRAINED,
        asks="The held-out samples have no influence on what is trained.",
        why="Scores on samples that were trained on say nothing.",
        mend="take samples from `step.real` alone; never load a data set in a model or a loss",
        run="isolation:held_out",
        needs=("deterministic-step",),
    ),
    Check(
        id="budget",
        kinds=TRAINED,
        asks="Budgets are kept: no training, data or work beside what is counted.",
        why="Equal budgets are what makes numbers comparable.",
        mend="let optimisers do all updates; ask for more discriminator steps with `critic_steps`; "
        "say with `every` which terms act now and then, and do all other work in every step alike",
        run="budget:honoured",
        needs=("steps", "generator-gradients"),
    ),
    Check(
        id="cuda",
        kinds=TRAINED,
        asks="It trains on a GPU, without waiting for it.",
        why="Tensors that a loss makes on the CPU work there only.",
        mend="make tensors with `device=` of their neighbours (`torch.rand_like`, `x.new_zeros`); "
        "register constants as buffers",
        run="isolation:cuda",
        needs=("steps",),
    ),
    Check(
        id="neutral",
        kinds=("technique",),
        asks="With its neutral settings, training has the bits that it has without it.",
        why="A remedy is compared with training without it: nothing else may differ.",
        mend="do nothing at a weight of 0: no other samples, no other order of layers; or remove "
        "settings that change something from `neutral`",
        run="techniques:neutral",
        needs=("deterministic-step",),
    ),
    Check(
        id="evaluation-untouched",
        kinds=("technique",),
        asks="In eval mode samples and logits are a function of the weights alone.",
        why="What is judged is the generator, not what helped it to learn.",
        mend="act in train mode only (`self.training`); count and draw nothing in eval mode",
        run="techniques:evaluation_untouched",
        needs=("steps",),
    ),
    Check(
        id="dataset-description",
        kinds=("dataset",),
        asks="`describe` gives shape, modality and all the rest correctly; the spec declares the "
        "modality.",
        why="Plans are made from it, without loading anything.",
        mend="return the same DataInfo from `describe` and in `Data.info`, with a modality that "
        "the spec declares",
        run="datasets:description",
    ),
    Check(
        id="dataset-samples",
        kinds=("dataset",),
        asks="Samples are finite, on the CPU, of the announced shape, and as their modality is "
        "stored; images and sounds use their range.",
        why="The feed and the evaluation take them as they are.",
        mend="both splits alike: images uint8 (N, C, H, W) in 0..255, sounds int16 (N, C, S), "
        "texts int64 (N, L) tokens, points, tables and pairs float32; see `Data`",
        run="datasets:samples",
    ),
    Check(
        id="dataset-labels",
        kinds=("dataset",),
        asks="Labels, classes and known modes agree with each other and with the samples.",
        why="Conditional losses, classifiers and mode counts are built on them.",
        mend="labels are int64 (N,) in 0..classes-1 for both splits, every class is in the train "
        "split, and samples lie within a few sigma of a mode",
        run="datasets:labels",
        needs=("dataset-samples",),
    ),
    Check(
        id="dataset-repeatable",
        kinds=("dataset",),
        asks="Loading twice gives the same samples in the same splits, whatever the random state.",
        why="What is held out must depend on nothing but the data set's own parameters.",
        mend="split and draw with a generator of a fixed seed",
        run="datasets:repeatable",
        needs=("dataset-samples",),
    ),
    Check(
        id="dataset-disjoint",
        kinds=("dataset",),
        asks="Held-out samples are not among the training samples.",
        why="Scores against samples that were trained on reward copying.",
        mend="remove duplicates before splitting; split by source, not by row",
        run="datasets:disjoint",
        needs=("dataset-samples",),
    ),
    Check(
        id="score-columns",
        kinds=("score",),
        asks="Every measurement has a key, a label, counts, and a direction that can be read.",
        why="Tables never mix columns of different keys, and print what they hold.",
        mend="fill in the fields of Measurement; the same columns for any fakes; `target` needs "
        "`null`",
        run="scores:columns",
    ),
    Check(
        id="score-values",
        kinds=("score",),
        asks="Scores of real, random and collapsed samples are finite and in their range.",
        why="Scores are there to reveal collapsed generators, which must get a number.",
        mend="handle constant samples and singular covariances; declare `lowest` and `highest` as "
        "they are",
        run="scores:values",
        needs=("score-columns",),
    ),
    Check(
        id="score-repeatable",
        kinds=("score",),
        asks="The same samples get the same score, whatever the random state.",
        why="Otherwise rows of a table differ by luck.",
        mend="draw from a generator of a fixed seed",
        run="scores:repeatable",
        needs=("score-columns",),
    ),
    Check(
        id="score-pure",
        kinds=("score",),
        asks="It changes neither the fakes nor the data.",
        why="All scores of an evaluation share them.",
        mend="no in-place operations on what the evaluation hands out: `clone` first",
        run="scores:pure",
        needs=("score-columns",),
    ),
    Check(
        id="extractor-features",
        kinds=("extractor",),
        asks="Features are finite float32 (N, d) without a graph, with an id and a layer; d is as "
        "in the spec.",
        why="Scores take them as they are; columns are named after the id; plans go by the spec.",
        mend="compute under `torch.no_grad()` in eval mode, return float32; set `id` and `layer`",
        run="extractors:features",
    ),
    Check(
        id="extractor-repeatable",
        kinds=("extractor",),
        asks="A second build has the same id and gives the same features.",
        why="Distances of two runs are compared under one id.",
        mend="load or train the weights deterministically, and hash them into the id",
        run="extractors:repeatable",
        needs=("extractor-features",),
    ),
    Check(
        id="extractor-frozen",
        kinds=("extractor",),
        asks="Features do not depend on which samples were seen before.",
        why="Batch norm in train mode moves with every batch.",
        mend="call `.eval()`, and keep no state",
        run="extractors:frozen",
        needs=("extractor-features",),
    ),
    Check(
        id="extractor-batches",
        kinds=("extractor",),
        asks="A sample's features do not depend on the samples beside it.",
        why="Numbers would depend on the sample count.",
        mend="normalise with fixed statistics, not with those of the batch",
        run="extractors:batches",
        needs=("extractor-features", "extractor-frozen"),
    ),
)

BY_ID = {one.id: one for one in CHECKS}


def checks_of(kind: str) -> tuple[Check, ...]:
    """The checks that are asked of plugins of a kind, in the order in which they are made."""
    return tuple(one for one in CHECKS if kind in one.kinds)


def needed(check: Check, kind: str) -> tuple[str, ...]:
    """The checks of that kind that must pass before this one."""
    return tuple(need for need in check.needs if kind in BY_ID[need].kinds)


def page(checks: Iterable[Check] = CHECKS) -> str:
    """The table of docs/checks.md."""
    lines = [
        "| id | asked of | what it asks | why | how to mend it |",
        "|---|---|---|---|---|",
    ]
    for one in checks:
        kinds = "all" if one.kinds == ALL else ", ".join(one.kinds)
        lines.append(f"| `{one.id}` | {kinds} | {one.asks} | {one.why} | {one.mend} |")
    return "\n".join(lines) + "\n"
