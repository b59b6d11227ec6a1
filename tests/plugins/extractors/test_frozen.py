from __future__ import annotations

import torch
from torch import Tensor

from ganbench_plugins.extractors.frozen import FrozenExtractor, full_precision

CPU = torch.device("cpu")


def test_batches_are_joined_in_order() -> None:
    sizes: list[int] = []

    def features(batch: Tensor) -> Tensor:
        sizes.append(len(batch))
        return batch.double() * 2

    extractor = FrozenExtractor("a@1", "layer", features, CPU, batch=4)
    samples = torch.arange(20, dtype=torch.uint8).reshape(10, 2)
    found = extractor(samples)
    assert torch.equal(found, samples.float() * 2)
    assert found.dtype == torch.float32
    assert sizes == [4, 4, 2]


def test_precision_is_full_inside_and_restored_after() -> None:
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("high")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16), full_precision(CPU):
            assert torch.get_float32_matmul_precision() == "highest"
            assert not torch.backends.cudnn.allow_tf32
            assert not torch.is_grad_enabled()
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
        assert torch.get_float32_matmul_precision() == "high"
        assert torch.is_grad_enabled()
    finally:
        torch.set_float32_matmul_precision(before[0])
    assert torch.backends.cudnn.allow_tf32 == before[1]
