from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ganbench.api.errors import GanbenchError, InvalidResults, UsageError
from ganbench.api.version import SCHEMA_VERSION
from ganbench.results.seal import canonical_json, seal, unseal
from ganbench.results.store import CHECKPOINT_FOLDER, RunStore

from .synthetic import curve, record, spec

GOOD = record(spec(), curve("ring8", 2, 0))
SEALED = seal(GOOD)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def _plant(store: RunStore, content: bytes, run_id: str = GOOD["run_id"]) -> Path:
    folder = store.root / run_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_bytes(content)
    return folder


def test_a_record_comes_back_as_it_was_written(store: RunStore) -> None:
    assert store.write(GOOD)
    assert store.read(GOOD["run_id"]) == GOOD
    assert store.read_all().records == [GOOD]
    assert json.loads((store.root / GOOD["run_id"] / "record.json").read_text())["status"] == "ok"


def test_a_record_is_written_once(store: RunStore) -> None:
    assert store.write(GOOD)
    assert not store.write({**GOOD, "status": "killed"})
    assert store.read(GOOD["run_id"])["status"] == "ok"
    assert [path.name for path in (store.root / GOOD["run_id"]).iterdir()] == ["record.json"]


def test_of_many_writers_exactly_one_wins(store: RunStore) -> None:
    words = ["ok", "killed", "error", "timeout", "oom", "diverged"]
    barrier, won = threading.Barrier(len(words)), []

    def write(status: str) -> None:
        barrier.wait()
        if store.write({**GOOD, "status": status}):  # type: ignore[typeddict-item]
            won.append(status)

    threads = [threading.Thread(target=write, args=(word,)) for word in words]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.read(GOOD["run_id"])["status"]] == won


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(position: int, change: int) -> None:
    damaged = bytearray(SEALED)
    damaged[position] ^= change
    with pytest.raises(ValueError, match=r"."):
        unseal(bytes(damaged))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(SEALED) - 1), st.integers(0, 40), st.binary(max_size=5))
@example(0, len(SEALED), b"")
@example(len(SEALED) - 1, 1, b"")
def test_no_cut_or_patch_goes_unnoticed(start: int, length: int, patch: bytes) -> None:
    damaged = SEALED[:start] + patch + SEALED[start + length :]
    if damaged != SEALED:
        with pytest.raises(ValueError, match=r"."):
            unseal(damaged)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, len(SEALED) - 1), st.booleans())
def test_a_damaged_file_is_kept_reported_and_never_used(
    tmp_path: Path, position: int, truncated: bool
) -> None:
    damaged = SEALED[:position] if truncated else SEALED[:position] + b"\0" + SEALED[position + 1 :]
    store = RunStore(tmp_path / f"{position}-{truncated}")
    folder = _plant(store, damaged)
    contents = store.read_all()
    assert contents.records == []
    (warning,) = contents.warnings
    assert GOOD["run_id"] in warning
    assert "\n" not in warning
    kept = sorted(folder.glob("record.json*"))
    assert kept[0].name == "record.json.damaged-1"
    assert kept[0].read_bytes() == damaged
    kept[0].unlink()


def test_a_damaged_record_is_replaced_by_the_next_run(store: RunStore) -> None:
    folder = _plant(store, SEALED[:-10])
    assert store.write(GOOD)
    assert store.read(GOOD["run_id"]) == GOOD
    assert RunStore(store.root).finished([GOOD["run_id"]]).warnings == []
    (folder / "record.json").write_bytes(b"{}")
    store.read_all()
    assert sorted(path.name for path in folder.iterdir()) == [
        "record.json.damaged-1",
        "record.json.damaged-2",
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"run_id": "other tool", "loss": 0.1}',
        b"[" * 100_000,
        canonical_json({**GOOD}),
    ],
    ids=["empty", "object", "list", "bytes", "other tool", "deep", "no seal"],
)
def test_foreign_files_are_set_aside(store: RunStore, content: bytes) -> None:
    _plant(store, content)
    with pytest.raises(InvalidResults, match=r"record.json is damaged.*damaged-1"):
        store.read(GOOD["run_id"])


def test_the_record_of_another_run_is_set_aside(store: RunStore) -> None:
    _plant(store, SEALED, "copied-by-hand")
    contents = store.read_all()
    assert contents.records == []
    assert f"belongs to the run {GOOD['run_id']}" in contents.warnings[0]


def test_a_newer_record_is_left_where_it_is(store: RunStore) -> None:
    # Sealed by hand, as a later ganbench would.
    import hashlib

    body = canonical_json({**GOOD, "schema": SCHEMA_VERSION + 1, "status": "enlightened"})
    digest = hashlib.sha256(body).hexdigest()
    folder = _plant(store, body[:-1] + f',"sha256":"{digest}"}}\n'.encode())
    contents = store.read_all()
    assert contents.records == []
    assert "update ganbench" in contents.warnings[0]
    assert [path.name for path in folder.iterdir()] == ["record.json"]
    with pytest.raises(GanbenchError, match="update ganbench"):
        store.write(GOOD)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_refused(store: RunStore, value: float) -> None:
    bad = {**GOOD, "used": {**GOOD["used"], "seconds": value}}
    with pytest.raises(InvalidResults, match=r"record\.used\.seconds is .*, not a finite number"):
        store.write(bad)  # type: ignore[typeddict-item]
    bad = {**GOOD, "environment": {"load": [value]}}
    with pytest.raises(InvalidResults, match="not JSON compliant"):
        store.write(bad)  # type: ignore[typeddict-item]
    assert not store.root.exists()


def test_runs_are_found_by_prefix(store: RunStore) -> None:
    for seed in range(3):
        store.write(record(spec("dcgan", seed=seed), [0.5]))
    full = spec("dcgan", seed=1).run_id
    assert store.find(full) == full
    assert store.find("dcgan-ring8-s1") == full
    with pytest.raises(UsageError, match=r"begins 3 run ids"):
        store.find("dcgan")
    with pytest.raises(UsageError, match=r"did you mean dcgan-ring8-s1"):
        store.find("dcgna-ring8-s1" + full[-11:])
    with pytest.raises(UsageError, match=r"no run in"):
        store.find("")


@pytest.mark.parametrize(
    "name", ["..", ".", "", "a/b", "../x", "/etc", "a\\b", ".hidden", "a\0b", "x\n"]
)
def test_no_name_leads_out_of_the_folder(store: RunStore, name: str) -> None:
    with pytest.raises(UsageError, match="is no run id"):
        store.folder(name)
    with pytest.raises(UsageError, match="is no run id"):
        store.write({**GOOD, "run_id": name})
    assert not store.root.exists()


def test_a_planned_run_without_record_is_unfinished(store: RunStore) -> None:
    run = spec()
    store.create(run.run_id, run.to_json())
    assert store.read_all().unfinished == {run.run_id: run.to_json()}
    with pytest.raises(UsageError, match="has not ended yet"):
        store.read(run.run_id)
    store.write_progress(run.run_id, {"fraction": 0.5})
    assert store.read_progress(run.run_id) == {"fraction": 0.5}
    store.write(GOOD)
    assert store.read_all().unfinished == {}


def test_unwritable_and_missing_folders_are_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GanbenchError, match=r"(?s)cannot write .*file.*--runs DIR") as caught:
        RunStore(tmp_path / "file" / "runs").write(GOOD)
    assert "Traceback" not in str(caught.value)
    with pytest.raises(UsageError, match=r"(?s)cannot read the runs folder .*--runs DIR"):
        RunStore(tmp_path / "nowhere").read_all()


def test_other_files_in_the_folder_are_no_runs(store: RunStore) -> None:
    store.write(GOOD)
    (store.root / "notes.txt").write_text("mine")
    (store.root / "empty").mkdir()
    (store.root / ".cache").mkdir()
    assert store.ids() == [GOOD["run_id"]]
    assert store.read_all().warnings == []


@pytest.mark.parametrize("start_over", [False, True])
def test_a_discarded_run_goes_on_from_its_checkpoints_or_starts_over(
    store: RunStore, start_over: bool
) -> None:
    store.write(GOOD)
    folder = store.folder(GOOD["run_id"])
    checkpoint = folder / CHECKPOINT_FOLDER / "latest.safetensors"
    checkpoint.parent.mkdir()
    checkpoint.touch()
    store.discard(GOOD["run_id"], start_over=start_over)
    assert not store.finished([GOOD["run_id"]]).records
    assert (folder / "record.json.replaced-1").read_bytes() == SEALED
    assert checkpoint.exists() is not start_over
