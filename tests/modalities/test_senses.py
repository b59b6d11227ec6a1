"""Sounds, texts, tables and pairs through the real command, from somebody else's plugin file."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from scipy.io import wavfile

from ganbench.authoring import check
from ganbench.catalogue.plugin_files import PluginChoice, PluginFile

from ..conftest import DATA, RunCli

PLUGIN = DATA / "senses.py"
SHEETS = {
    "tones": ["samples-2.wav", "samples.png"],
    "names": ["samples.txt"],
    "animals": ["samples.csv"],
    "named-tones": ["samples-2.wav", "samples-3.txt", "samples.png"],
}
"""Of every task, the files of its sheet."""


@pytest.mark.whole
def test_runs_leave_media_and_the_report_shows_them(ganbench_cli: RunCli, tmp_path: Path) -> None:
    suite = str(DATA / "senses.toml")
    done = ganbench_cli("-P", str(PLUGIN), "run", "--suite", suite)
    assert done.returncode == 0, done.stderr
    folders = {}
    for folder in (tmp_path / "runs").glob("*-s0-*"):
        record = json.loads((folder / "record.json").read_text())
        assert record["status"] == "ok"
        assert all(point["scores"] for point in record["points"])
        folders[record["spec"]["task"]["name"]] = folder
    assert folders.keys() == SHEETS.keys()
    for task, names in SHEETS.items():
        assert sorted(path.name for path in folders[task].glob("samples*.*")) == names
        for index in (0, 1):  # a frame for every evaluation, of as many files as the sheet
            assert len(list((folders[task] / "samples").glob(f"00{index}*"))) == len(names)

    rate, played = wavfile.read(folders["tones"] / "samples-2.wav")
    assert (rate, len(played)) == (8000, 16 * 512 + 15 * 800)
    lines = (folders["names"] / "samples.txt").read_text().splitlines()
    assert lines[0] == "plain+non-saturating on names, seed 0"
    assert {*lines[lines.index("real:") + 1 :]} == {"low", "mid", "high", "top"}
    rows = list(csv.reader(io.StringIO((folders["animals"] / "samples.csv").read_text())))
    assert rows[0] == ["sample", "weight", "legs", "kind"]
    assert {tuple(row[2:]) for row in rows if row[0] == "real"} == {("2", "bird"), ("4", "cat")}

    shown = ganbench_cli("show", folders["named-tones"].name)
    assert "samples-3.txt" in shown.stdout
    assert ganbench_cli("report").returncode == 0
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "media-src data:" in page
    assert page.count('<audio controls src="data:audio/wav;base64,') == 4
    frames = re.findall(r'<div class="frame".*?</div>\n', page, re.DOTALL)
    assert sum("<pre" in frame for frame in frames) == 4
    assert '<th scope="col" class="t">weight</th>' in page


@pytest.mark.whole
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "dataset") for name in SHEETS),
        ("summary", "extractor"),
        ("plain", "model"),
    ],
)
def test_its_parts_conform(name: str, kind: str) -> None:
    found = check(name, kind, plugins=PluginChoice(files=(PluginFile.read(PLUGIN),)))
    failed = [f"{one.id}: {one.reason}" for one in found if one.status == "failed"]
    assert failed == []
    assert sum(one.status == "passed" for one in found) >= 3
