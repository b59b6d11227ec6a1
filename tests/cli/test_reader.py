"""Verbs that read results leave the collector alone, and leave it as it was."""

from __future__ import annotations

import gc

import click
import pytest
from click.testing import CliRunner

from ganbench.cli.verb import Reader


@pytest.mark.parametrize("error", [None, click.ClickException("no")])
@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_rests_while_results_are_read(
    enabled: bool, error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganbench.cli.verb.keep_stdout_for_data", lambda: None)
    seen: list[bool] = []

    @click.command(cls=Reader)
    def verb() -> None:
        seen.append(gc.isenabled())
        if error is not None:
            raise error

    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        CliRunner().invoke(verb)
        assert seen == [False]
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
