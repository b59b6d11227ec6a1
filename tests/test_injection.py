"""Names that want out: of folders, cells, tables, terminals. None gets there."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ganbench.api.errors import GanbenchError, UsageError
from ganbench.api.specs import ModelSpec
from ganbench.console import printable
from ganbench.planning.suite import parse_suite
from ganbench.publishing.publish import publish
from ganbench.publishing.reading import read_published
from ganbench.results.schema import as_record
from ganbench.results.store import RunStore
from ganbench.tables.assemble import tables
from ganbench.tables.forms.render import render

from .results.synthetic import W2, curve, record, spec

VISIBLE = (
    *("../../x", "/etc/passwd", "..", "a/b", "~/x", "C:\\x", "%2e%2e"),
    *("=1+1", "+1", "-1", "@SUM(A1)", " =1", '=HYPERLINK("http://x")'),
    *("a|b", "`rm`", "<script>alert(1)</script>", "![x](http://x)", "[x](javascript:y)"),
    *("\\input{/etc/passwd}", "\\write18{x}", "100%", "a & b", "$x$", "{x}", "#1", "a_b^c~d"),
    *("vаnilla", "x" * 300),
)
"""Text that may be printed, and must stay text."""

INVISIBLE = (
    *("a\0b", "a\nb", "a\rb", "\t=1", "\x1b[2J", "\x1b]0;owned\x07", "\u202egnp", "\u2066x"),
    *("\u200bx", "\ud800", "\x7f", "\x9b2J", "\u2028x"),
)
"""Text that steers what shows it."""


def named(name: str, column: str = "W2") -> list[Any]:
    """Two runs of a variant of that name on a task of that data set."""
    made = []
    for seed in (0, 1):
        one = record(spec("vanilla", "ring8", seed), curve("ring8", 2, seed))
        one["spec"]["variant"] = one["spec"]["task"]["dataset"] = name
        one["columns"][W2]["label"] = column
        made.append(one)
    return made


@pytest.mark.parametrize("name", [*VISIBLE, *INVISIBLE])
def test_a_run_id_is_a_plain_folder_name(name: str) -> None:
    run_id = spec(name).run_id
    assert re.fullmatch(r"[a-z0-9][A-Za-z0-9._+-]*", run_id), run_id
    assert len(run_id) < 120
    assert RunStore("runs").folder(run_id).parent == Path("runs")


@pytest.mark.parametrize("name", [n for n in (*VISIBLE, *INVISIBLE) if n not in ("..", "x" * 300)])
def test_plugins_suites_and_tasks_have_plain_names(name: str) -> None:
    with pytest.raises(ValueError, match="must be lower-case"):
        ModelSpec(name=name, description="", build="a:b")
    with pytest.raises(UsageError, match=r"may only have|no valid TOML"):
        parse_suite(f"name = {json.dumps(name)}\ntasks = []", "mine.toml")
    with pytest.raises(UsageError, match="cannot be a suite's name"):
        publish([], name, Path("results"))


@pytest.mark.parametrize("name", INVISIBLE)
def test_records_with_text_that_steers_are_refused(name: str) -> None:
    for one in (named(name)[0], named("vanilla", column=name)[0]):
        with pytest.raises(ValueError, match="cannot be printed"):
            as_record(one)


@pytest.mark.parametrize("name", INVISIBLE)
def test_terminals_are_shown_what_they_must_not_obey(name: str) -> None:
    shown = printable(name)
    assert all(letter.isprintable() or letter in "\n\t" for letter in shown)
    assert printable("plain – ±²µ 漢字\n\tend") == "plain – ±²µ 漢字\n\tend"


@pytest.mark.parametrize("name", VISIBLE)
def test_no_table_is_injected_into(name: str) -> None:
    made = tables(named(name, column=name))
    for row in csv.reader(io.StringIO(render(made, "csv"))):
        for cell in row:
            assert not re.match(r"\s*[=+@]", cell)
            assert not cell.startswith("-") or _is_number(cell), cell
    markdown = render(made, "md")
    assert not re.search(r"(?<!\\)<", markdown)
    assert "](" not in markdown.replace("\\]", "")
    pipes = {
        len(re.findall(r"(?<!\\)\|", line))
        for line in markdown.splitlines()
        if line.startswith("|")
    }
    plain = render(tables(named("plain")), "md")
    assert pipes == {
        len(re.findall(r"(?<!\\)\|", line)) for line in plain.splitlines() if line.startswith("|")
    }
    latex = render(made, "latex")
    assert "\\input" not in latex
    assert "\\write" not in latex
    own = render(tables(named("plain")), "latex")
    for special in "&%$#":
        assert _bare(special, latex) == _bare(special, own), special
    assert json.loads(render(made, "json"))


def _bare(special: str, latex: str) -> int:
    return len(re.findall(rf"(?<!\\){re.escape(special)}", latex))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", VISIBLE)
def test_published_files_hold_no_formula_and_read_back(name: str, tmp_path: Path) -> None:
    (tmp_path / "beside").write_text("kept")
    publish(named(name), "starter", tmp_path / "results")
    folder = tmp_path / "results" / "starter"
    for file in ("runs.csv", "leaderboard.csv"):
        for row in csv.reader(io.StringIO((folder / file).read_text("utf-8"))):
            bad = [cell for cell in row if re.match(r"\s*[=+\-@]", cell) and not _is_number(cell)]
            assert not bad
    runs, _ = read_published(folder)
    assert len(runs.frame) == 2
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "beside", "datapackage.json", "leaderboard.csv", "runs.csv",
    ]  # fmt: skip


def test_a_data_set_that_cannot_be_printed_is_refused_before_it_is_trained_on(
    tmp_path: Path,
) -> None:
    from ganbench.catalogue.catalogue import installed_catalogue
    from ganbench.planning.plan import Selection, make_plan

    folder = tmp_path / "two\nlines"
    folder.mkdir()
    from PIL import Image

    for number in range(30):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")
    suite = tmp_path / "mine.toml"
    suite.write_text(
        'name = "mine"\n[[tasks]]\nname = "t"\nbudget = "1steps"\nscores = ["fd[extractor=raw]"]\n'
        f"dataset = {json.dumps(f'images:{folder}')}\n"
    )
    with pytest.raises(GanbenchError, match="cannot be printed"):
        make_plan(Selection(variants=("dcgan",), suite=str(suite)), installed_catalogue())
