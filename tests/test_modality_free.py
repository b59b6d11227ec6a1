"""Only `ganbench/modalities` knows which modality is which: everybody else asks the object."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ganbench
from ganbench.api.data import MODALITY_NAMES
from ganbench.modalities import MODALITIES

ROOT = Path(ganbench.__file__).parent
STORED = {modality.stored for modality in MODALITIES.values()} - {"float32", "int64"}
"""Types of numbers that tell a modality; features and labels have the other ones."""


def decisions(tree: ast.AST) -> Iterator[ast.AST]:
    """Where code decides by a modality's name or by what its numbers are stored in."""
    types = [id(node.slice) for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                sides = (node.left, *node.comparators)
                if any(_is_name(one) or _tells_type(one) for side in sides for one in _parts(side)):
                    yield node
            case ast.Dict(keys=[_, *_]) if all(key and _is_name(key) for key in node.keys):
                yield node
            case ast.MatchValue() if _is_name(node.value) or _tells_type(node.value):
                yield node
            case ast.keyword(arg="modality") if _is_name(node.value):
                yield node
            case ast.Tuple(elts=[first, second, *_]) if id(node) not in types:
                if _is_name(first) and not _is_name(second):
                    yield node


def _parts(side: ast.expr) -> list[ast.expr]:
    return side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else [side]


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value in MODALITY_NAMES


def _tells_type(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in STORED


@pytest.mark.parametrize(
    "code",
    [
        'if info.modality == "image": pass',
        'x = "points" != info.modality',
        'x = info.modality in ("image", "audio")',
        'PARTNERS = {"points": "mlp", "image": "dcgan"}',
        'SHAPES = (("audio", (1, 4096)),)',
        'INFO = DataInfo(name="x", modality="image", shape=(1, 8, 8))',
        'match info.modality:\n    case "text": pass',
        "if samples.dtype == torch.uint8: pass",
        "x = torch.int16 is samples.dtype",
    ],
)
def test_a_decision_is_found(code: str) -> None:
    assert list(decisions(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        'x = {"points": points, "columns": columns}',
        'x = record["points"]',
        "x = flat.view(torch.uint8)",
        "x = features.dtype != torch.float32",
        "x = info.modality in spec.modalities",
        'Name = Literal["points", "image"]',
        'Kind = Literal["text", "count", "list"]',
    ],
)
def test_other_code_is_none(code: str) -> None:
    assert not list(decisions(ast.parse(code)))


def test_nobody_but_modalities_decides_by_modality() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', '?')}"
        for file in sorted(ROOT.rglob("*.py"))
        if not {"modalities", "templates"} & {*file.relative_to(ROOT).parts}
        for node in decisions(ast.parse(file.read_text()))
    ]
    assert found == []
