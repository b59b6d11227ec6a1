"""The reference of the plugin interface and the table of checks are those of the code."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import ganbench
from ganbench.api.techniques import NEEDS

DOCS = Path(__file__).parents[2] / "docs"


def test_they_are_current_and_whole() -> None:
    spec = importlib.util.spec_from_file_location("make_api", DOCS / "make_api.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (DOCS / "api.md").read_text("utf-8")
    assert text == module.reference(), "run: python docs/make_api.py"
    described = set(re.findall(r"^### (\w+)$", text, re.MULTILINE))
    classes = {name for name in ganbench.__all__ if isinstance(getattr(ganbench, name), type)}
    assert classes <= described
    assert all(f"| `{need}` |" in text for need in NEEDS)
    assert (DOCS / "checks.md").read_text("utf-8") == module.checks(), (
        "run: python docs/make_api.py"
    )
