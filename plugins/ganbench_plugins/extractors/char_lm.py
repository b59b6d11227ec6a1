"""The mean hidden state of a small language model of the data set's own texts: needs no download.

It is trained once per data set on the *train* split, frozen, and kept in the cache. Fréchet
distances in it see how characters follow each other over nine places. (FD on sentence embeddings is
Semeniuta et al. 2018's way; a model of the texts' own language stands in for theirs: it is no FED.)
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from ganbench import Data, DataInfo, Extractor, ExtractorSpec, UsageError, cache, hookimpl

if TYPE_CHECKING:
    import torch
    from torch import Tensor

BATCH = 500


def build(data: Data, device: torch.device) -> Extractor:
    """The language model of `data`, trained now unless the cache has it.

    Raises:
        UsageError: the samples are no texts.
    """
    from ganbench_plugins.extractors.char_lm_recipe import NAMES, RECIPE, embed, train
    from ganbench_plugins.extractors.frozen import FrozenExtractor

    check(data.info)
    assert data.info.vocabulary is not None
    size, end = len(data.info.vocabulary), data.info.vocabulary.end

    def compute() -> tuple[Tensor, ...]:
        weights = train(data.train, size, end)
        return tuple(weights[name] for name in NAMES)

    samples = cache.content_hash({"texts": data.train})
    key = {"what": "char-lm", "recipe": RECIPE, "tokens": size, "end": end, "samples": samples}
    found = cache.tensors("extractors", key, compute, what="the language model's weights")
    weights = dict(zip(NAMES, found, strict=True))
    on_device = {name: tensor.to(device) for name, tensor in weights.items()}
    name = re.sub(r"[^\w.-]+", "-", data.info.name.partition("[")[0].partition(":")[0])
    digest = cache.content_hash(weights, salt=f"char-lm recipe {RECIPE} end {end}")
    return FrozenExtractor(
        id=f"char-lm-{name}@{digest[:8]}",
        layer="mean-hidden",
        features=partial(embed, on_device, end=end),
        device=device,
        batch=BATCH,
    )


def check(info: DataInfo) -> None:
    """Make sure that there are texts.

    Raises:
        UsageError: there are none.
    """
    if info.modality != "text":
        raise UsageError(f"the extractor char-lm reads texts, {info.name} has {info.modality}")


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    """The language model."""
    return [
        ExtractorSpec(
            name="char-lm",
            description="64 hidden units of a small language model, averaged over a text",
            modalities=("text",),
            build=build,
            check=check,
        )
    ]
