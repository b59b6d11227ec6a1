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
