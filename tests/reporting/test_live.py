"""A page that is watched tells what is under way and loads itself again; others do neither."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import html5lib

from ganbench.publishing.publish import publish
from ganbench.reporting.live import Live
from ganbench.reporting.write import write_report
from ganbench.tables.coverage import Coverage

from ..results.synthetic import starter
from .runs_folder import small

Cli = Callable[..., "CompletedProcess[str]"]
REFRESH = '<meta http-equiv="refresh" content="7">'


def test_a_live_page(tmp_path: Path) -> None:
    store, out = small(tmp_path / "runs"), tmp_path / "page.html"
    write_report(store.root, out)
    still = out.read_text("utf-8")
    live = Live(7, ["plan a-1: 3 of 9 runs are over"], [("dcgan-<b>-s0", 0.25)])
    write_report(store.root, out, live=live)
    page = out.read_text("utf-8")
    html5lib.HTMLParser(strict=True).parse(page)
    assert REFRESH in page
    assert "<p>plan a-1: 3 of 9 runs are over</p>" in page
    assert "25 % dcgan-&lt;b&gt;-s0" in page
    assert 'http-equiv="refresh"' not in still
    before, after = page.index('<div class="live"'), page.index("</div>", page.index("</ul>"))
    assert (
        page[:before].replace(REFRESH + "\n", "") + page[after + len("</div>\n") :]
    ) == still  # nothing else


def test_watching_what_is_over(ganbench_cli: Cli, tmp_path: Path) -> None:
    small(tmp_path / "runs")
    done = ganbench_cli("report", "--watch")
    assert done.returncode == 0, done.stderr
    assert 'http-equiv="refresh"' not in (tmp_path / "report.html").read_text("utf-8")
    done = ganbench_cli("status", "--watch")
    assert done.returncode == 0
    assert done.stdout.count("\n") == len(starter()) + 1


def test_a_published_leaderboard_is_not_watched(ganbench_cli: Cli, tmp_path: Path) -> None:
    publish(starter(), "starter", tmp_path, Coverage(("ring8", "grid25", "digits"), (0, 1)))
    done = ganbench_cli("report", "--runs", "starter", "--watch")
    assert done.returncode == 2
    assert "starter is a published leaderboard: nothing is under way in it" in done.stderr
