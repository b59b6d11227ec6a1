"""The page: whole, valid, escaped, small, and with the numbers of the tables."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest

import ganbench
from ganbench.api.errors import NothingSelected, UsageError
from ganbench.modalities.media import SUFFIXES
from ganbench.publishing.publish import publish
from ganbench.reporting.charts import Style
from ganbench.reporting.figures import distance_charts
from ganbench.reporting.write import write_report
from ganbench.results.frame import collect
from ganbench.results.media import FRAMES_FOLDER, frame_file
from ganbench.results.references import NOISE
from ganbench.tables.assemble import editions, tables
from ganbench.wording import number

from ..results.synthetic import curve, record, spec, starter
from .runs_folder import HOSTILE, many, small, write_runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("report") / "runs").root


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    out = folder.parent / "report.html"
    assert ganbench.report(folder, out) == out
    assert ganbench.report(folder, out) == out  # a function still, once its modules are imported
    return out.read_text("utf-8")


def test_the_page_is_valid_html_with_unique_ids(page: str) -> None:
    assert page.startswith("<!DOCTYPE html>")
    html5lib.HTMLParser(strict=True).parse(page)
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]*)"', page):
        assert target in ids
    for names in re.findall(r'(?:aria-labelledby|for)="([^"]*)"', page):
        assert names in ids


def test_the_page_asks_for_nothing_from_outside(page: str) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith(
        "default-src &#39;none&#39;; img-src data:; media-src data:; style-src &#39;sha256-"
    )
    assert "unsafe" not in policy
    sources = re.findall(r'(?:src|href|data|action)="([^"]*)"', page)
    assert all(one.startswith(("#", "data:image/webp;base64,")) for one in sources)
    assert "url(" not in page
    assert "@import" not in page
    assert not re.findall(r'\sstyle="', page)  # the policy would not let it


def test_every_number_of_the_tables_is_on_the_page(page: str) -> None:
    cells = re.findall(r'data-o="([^"]+)"', page)
    for table in tables(starter()):
        for row in table.rows:
            for cell in row.cells:
                if isinstance(cell.value, float):
                    assert repr(cell.value) in cells, (table.title, cell)


def test_notes_set_commands_as_code(page: str) -> None:
    assert "<code>ganbench compare</code> tests some against one of them</li>" in page
    assert "`" not in re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)


def test_curves_end_where_the_tables_say() -> None:
    runs = collect(starter())
    ((_, lines),) = editions(runs).items()
    records = {one["run_id"]: one for one in starter()}
    labels = dict.fromkeys(line.label for line in lines)
    styles = {label: Style.number(index) for index, label in enumerate(labels)}
    charts = distance_charts(lines, runs, records, styles)
    ends = {
        (chart.title.partition(" on ")[2], drawn.series.name): drawn.series.points[-1][1]
        for chart in charts
        for drawn in chart.series
        if drawn.series.points
    }
    wanted = {(line.section, line.label): line.row.value("distance") for line in lines}
    assert ends == {key: pytest.approx(value) for key, value in wanted.items()}
    (failed,) = [
        thread
        for chart in charts
        if "grid25" in chart.title
        for drawn in chart.series
        for thread in drawn.threads
        if thread.end
    ]
    assert "nonfinite_weights, last evaluated at 40 %" in failed.tip


def test_a_task_without_a_primary_distance_has_a_curve_all_the_same(tmp_path: Path) -> None:
    one = record(spec("vanilla", "ring8", 0), curve("ring8", 2, 0))
    for column in one["columns"].values():
        column["panel"], column["floor"] = "collapse", None
    one["primary"] = one["fresh"] = None
    store = write_runs(tmp_path / "runs", [one])
    write_report(store.root, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    curves = page.partition('<section id="curves"')[2].partition("</section>")[0]
    assert "<strong>high quality on ring8, 1TFLOP</strong>" in curves


def test_a_section_without_content_is_left_out(tmp_path: Path) -> None:
    one = record(spec("vanilla", "ring8", 0), curve("ring8", 2, 0))
    others = [key for key, column in one["columns"].items() if column["panel"] != "distance"]
    for key in others:
        del one["columns"][key]
        for point in one["points"]:
            del point["scores"][key]
    store = write_runs(tmp_path / "runs", [one])
    write_report(store.root, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert others
    assert '<section id="stability"' in page
    assert 'id="modes"' not in page
    assert '"#modes"' not in page


def test_failures_say_why_without_folders_of_the_machine(page: str) -> None:
    text = page.partition('<section id="failures"')[2].partition("</section>")[0]
    assert text.count("<article") == 2
    assert text.count("weights are not finite, at step 500<") == 2
    assert text.count(">counts against stability") == 1
    assert text.count(">does not count against stability") == 1
    assert "reading data\nlast line" in text
    assert "/home" not in page
    assert "secret-host" not in page


def test_provenance_names_code_machines_protocol_and_commands(page: str) -> None:
    text = page.partition('<section id="provenance"')[2]
    for word in ("sha256:" + "ab" * 32, "AMD EPYC", "2.14.1", "protocol", "ganbench 0.1.0"):
        assert word in text
    assert "--suite starter --task digits --task grid25 --task ring8 --seeds 0-4" in text
    assert "--budget 1TFLOP" in text


def test_commands_tell_threads_where_they_are_not_one(tmp_path: Path) -> None:
    records = [
        record(replace(spec(seed=count), threads=count), [0.1], environment={"threads": count})
        for count in (1, 2)
    ]
    out = tmp_path / "report.html"
    ganbench.report(write_runs(tmp_path / "runs", records).root, out)
    text = out.read_text("utf-8").partition('<section id="provenance"')[2]
    assert text.count("--threads") == text.count("--seeds 2 --budget 1TFLOP --threads 2") == 1
    assert text.count("--seeds 1 --budget 1TFLOP") == 1


def test_commands_tell_the_precision_where_it_is_not_float32(tmp_path: Path) -> None:
    lower = record(replace(spec(seed=1), precision="bf16"), [0.1])
    out = tmp_path / "report.html"
    ganbench.report(write_runs(tmp_path / "runs", [record(spec(seed=2), [0.1]), lower]).root, out)
    text = out.read_text("utf-8").partition('<section id="provenance"')[2]
    assert text.count("--precision") == text.count("--budget 1TFLOP --precision bf16") == 1


def test_nobody_knows_where_the_file_of_somebodys_suite_is(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    records = [record(spec(suite="mine"), [0.1])]
    ganbench.report(write_runs(tmp_path / "runs", records).root, out)
    text = out.read_text("utf-8").partition('<section id="provenance"')[2]
    assert "ganbench run vanilla --suite FILE --task ring8" in text


def test_paths_of_data_are_not_on_the_page(tmp_path: Path) -> None:
    own = spec(suite="mine")
    one = replace(
        own,
        task=replace(own.task, dataset="images:/home/alice/o'brien/my cats"),
        dataset_parameters={"path": "/home/alice/o'brien/my cats"},
    )
    out = tmp_path / "report.html"
    ganbench.report(write_runs(tmp_path / "runs", [record(one, [0.1])]).root, out)
    text = out.read_text("utf-8")
    assert "my cats" in text
    assert not re.search("alice|brien", text)


def test_nothing_from_a_record_becomes_markup(tmp_path: Path) -> None:
    one = record(spec(HOSTILE, "ring8", 0), curve("ring8", 2, 0)[:3], "diverged", run_id="hostile")
    one["failure"]["message"] = HOSTILE  # type: ignore[index]
    one["failure"]["traceback"] = HOSTILE  # type: ignore[index]
    one["environment"]["device_name"] = HOSTILE
    one["columns"][one["primary"] or ""]["label"] = HOSTILE
    store = write_runs(tmp_path / "runs", [one])
    out = tmp_path / "report.html"
    write_report(store.root, out)
    page = out.read_text("utf-8")
    html5lib.HTMLParser(strict=True).parse(page)
    assert page.count("<script>") == 1
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;&amp;&#39;&#34;" in page


def test_every_kind_of_media_is_shown_in_its_own_way_and_escaped(tmp_path: Path) -> None:
    store = write_runs(tmp_path / "runs", starter()[:1])
    (run,) = store.root.iterdir()
    for path in (run / FRAMES_FOLDER).iterdir():
        path.unlink()
    last = len(starter()[0]["points"]) - 1
    for place, suffix in enumerate(SUFFIXES):
        content = f"{HOSTILE},b\n1,2\n".encode()
        (run / FRAMES_FOLDER / frame_file(last, place, suffix)).write_bytes(content)
    write_report(store.root, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    html5lib.HTMLParser(strict=True).parse(page)
    (frame,) = re.findall(r'<div class="frame" .*?(?=<figcaption>)', page, re.DOTALL)
    assert re.findall(r"<(img|audio|pre|table)\b", frame) == ["img", "img", "audio", "pre", "table"]
    assert '<audio controls src="data:audio/wav;base64,' in frame
    escaped = "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;&amp;&#39;&#34;"
    assert f"{escaped},b\n1,2\n</pre>" in frame
    assert re.findall(r"<td class=.t.>(.*?)</td>", frame) == ["1", "2"]
    assert frame.count('<th scope="col" class="t">') == 2
    assert page.count("<script>") == 1
    assert '<div class="strips wide">' in page


def test_the_same_records_give_the_same_bytes(folder: Path, page: str, tmp_path: Path) -> None:
    write_report(folder, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text("utf-8") == page


def test_two_hundred_runs_are_a_small_page(tmp_path: Path) -> None:
    store = write_runs(tmp_path / "runs", many(200))
    for strip in store.root.glob("*/samples/*.webp"):  # as large as real ones
        strip.write_bytes(strip.read_bytes().ljust(2500, b"\0"))
    count, _ = write_report(store.root, tmp_path / "report.html")
    assert count == 195
    size = (tmp_path / "report.html").stat().st_size
    assert 1_000_000 < size < 5_000_000


def test_published_results_have_no_curves_and_say_so(tmp_path: Path) -> None:
    publish(starter(), "starter", tmp_path, unranked=True)
    out = tmp_path / "report.html"
    assert write_report(tmp_path / "starter", out) == (51, [])
    page = out.read_text("utf-8")
    html5lib.HTMLParser(strict=True).parse(page)
    assert page.count("These are published results") == 2
    assert "<img" not in page
    distance = next(table for table in tables(starter()) if table.name == "distance")
    assert f">{number(distance.rows[0].cells[3].value)[:3]}" in page  # type: ignore[arg-type]


def test_a_selection_and_unfinished_runs(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "one.html"
    assert write_report(folder, out, tasks=["ring8"], variants=["dcgan"])[0] == 2
    page = out.read_text("utf-8")
    assert "grid25" not in page
    assert "wgan-gp" not in page
    with pytest.raises(NothingSelected):
        write_report(folder, out, tasks=["none"])


def test_a_run_that_never_ended_is_a_row_and_a_failure(tmp_path: Path) -> None:
    store = write_runs(tmp_path / "runs", starter()[:3])
    planned = spec("planned", "ring8", 7)
    store.create(planned.run_id, planned.to_json())
    assert write_report(store.root, tmp_path / "report.html") == (4, [])
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "not finished yet" in page
    assert ">1 unfinished<" in page


def test_a_damaged_record_is_named_on_the_page(tmp_path: Path) -> None:
    store = write_runs(tmp_path / "runs", starter()[:3])
    (next(iter(sorted(store.root.iterdir()))) / "record.json").write_text("{")
    count, warnings = write_report(store.root, tmp_path / "report.html")
    assert (count, len(warnings)) == (2, 1)
    assert "Not read: run " in (tmp_path / "report.html").read_text("utf-8")


def test_a_page_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    for out in (tmp_path, tmp_path / "none" / "report.html"):
        with pytest.raises(UsageError, match="folder"):
            write_report(folder, out)


def test_reference_generators_are_no_variants(tmp_path: Path) -> None:
    runs = [
        record(spec(variant, seed=seed), curve("ring8", 2, seed))
        for variant in "ab"
        for seed in (0, 1)
    ]
    for run in runs:
        run["columns"][run["primary"]]["references"] = {NOISE: 0.04}
    store = write_runs(tmp_path / "runs", runs)
    page = ganbench.report(store.root, tmp_path / "report.html").read_text("utf-8")
    assert "4 runs: 2 variants on 1 task, seeds 0-1" in page.replace("–", "-")
    assert NOISE in page
