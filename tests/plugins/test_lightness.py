"""Listing plugins must stay fast: their modules import neither torch nor the data's libraries."""

from __future__ import annotations

import subprocess
import sys

MODULES = [
    *(f"datasets.{name}" for name in ("points", "gaussian", "digits", "mnist5k")),
    *(f"datasets.{name}" for name in ("torchvision", "folder", "hub")),
    *(f"extractors.{name}" for name in ("classifier", "raw", "fidelity", "mobilenet")),
    *(f"extractors.{name}" for name in ("vgg16", "clip", "dinov2")),
]
PROGRAM = """
import importlib, sys
for name in sys.argv[1:]:
    module = importlib.import_module("ganbench_plugins." + name)
    for kind in ("datasets", "extractors"):
        for spec in getattr(module, f"ganbench_{kind}", list)():
            print(spec.kind, spec.name)
heavy = {"torch", "torchvision", "torch_fidelity", "numpy", "sklearn", "mlxtend", "PIL", "pyarrow"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_plugin_modules_import_nothing_heavy() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", PROGRAM, *MODULES], capture_output=True, text=True, check=False
    )
    assert listed.returncode == 0, listed.stderr
    assert set(listed.stdout.splitlines()) == {
        *("dataset highdim10", "dataset gaussian"),
        *("dataset ring8", "dataset grid25", "dataset digits", "dataset mnist5k"),
        *("dataset mnist", "dataset fashion-mnist", "dataset cifar10", "dataset images"),
        *("dataset kmnist", "dataset emnist", "dataset svhn", "dataset cifar100"),
        *("dataset stl10", "dataset celeba", "dataset hf"),
        *("extractor classifier", "extractor raw"),
        *("extractor inception-v3-compat", "extractor mobilenetv2-b13"),
        *("extractor vgg16", "extractor clip-rn50", "extractor clip-rn101"),
        *("extractor clip-rn50x4", "extractor clip-rn50x16", "extractor clip-rn50x64"),
        *("extractor clip-vit-b-32", "extractor clip-vit-b-16"),
        *("extractor clip-vit-l-14", "extractor clip-vit-l-14-336px"),
        *(f"extractor dinov2-vit-{size}-14" for size in "sblg"),
    }
