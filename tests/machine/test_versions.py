"""What is installed here, and refusing a machine on which it is something else."""

from __future__ import annotations

import platform
from importlib.metadata import version

import pytest

from ganbench.api.errors import GanbenchError
from ganbench.machine.versions import installed_versions, require_same_versions

HERE = {"python": "3.11.7", "ganbench": "0.1.0", "torch": "2.6.0", "ganbench-mine": "1.0"}


def test_what_decides_numbers_is_named() -> None:
    found = installed_versions()
    assert found["python"] == platform.python_version()
    assert found["torch"] == version("torch")
    assert found["ganbench"] == version("ganbench")


def test_the_same_versions_and_more_are_fine() -> None:
    require_same_versions(HERE, {**HERE, "ganbench-theirs": "3"}, "the node a")


@pytest.mark.parametrize("name", HERE)
def test_another_version_is_refused_and_both_are_named(name: str) -> None:
    for theirs, said in (
        ({**HERE, name: "9"}, "9"),
        ({key: one for key, one in HERE.items() if key != name}, "missing"),
    ):
        with pytest.raises(GanbenchError) as refusal:
            require_same_versions(HERE, theirs, "the node a")
        assert str(refusal.value).startswith(f"the node a has {name} {said} (here: {HERE[name]});")
