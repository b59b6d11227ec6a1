"""Mirrors of buckets: what is brought, what is put, and what becomes of what was removed there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganbench.api.errors import GanbenchError, InvalidResults, UsageError
from ganbench.results.mirror_store import MirrorStore
from ganbench.results.mirrors import MIRROR_FILE, open_runs, runs_folder
from ganbench.results.parts import Part, part_of
from ganbench.results.states import states
from ganbench.results.store import RunStore
from ganbench.storage.bucket import Bucket
from ganbench.storage.lease import Lease
from ganbench.storage.locks import take_fence

from .synthetic import curve, record, spec

SPECS = [spec("vanilla", "ring8", seed) for seed in range(3)]
RUN = SPECS[0].run_id


@pytest.fixture
def mirrors(store_url: str, tmp_path: Path) -> tuple[MirrorStore, MirrorStore]:
    """Two of one bucket, as two machines have them."""
    bucket = Bucket(store_url)
    stores = [MirrorStore(tmp_path / name, bucket, name) for name in ("here", "there")]
    for one in stores:
        one.root.mkdir()
    return stores[0], stores[1]


def leave_run(store: RunStore, number: int = 0, **files: bytes) -> str:
    """A finished run with its files; `__` in a name is a folder."""
    one = SPECS[number]
    folder = store.create(one.run_id, one.to_json())
    for name, content in {"history__jsonl": b"{}\n", "samples__000.webp": b"w", **files}.items():
        file = folder / name.replace("__jsonl", ".jsonl").replace("__", "/")
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    (folder / "generator.safetensors").write_bytes(b"weights")
    assert store.write(record(one, curve("ring8", 2, one.seed)))
    return one.run_id


def names(folder: Path) -> set[str]:
    """Files of a run, but for what is hidden."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("[!.]*") if path.is_file()}


def test_a_mount_that_is_away_is_no_empty_bucket(tmp_path: Path) -> None:
    """Records would be set aside, and all runs trained again below the mount point."""
    mount = tmp_path / "mount" / "runs"
    mount.mkdir(parents=True)
    here = MirrorStore(tmp_path / "here", Bucket(f"file://{mount}"), "here")
    here.root.mkdir()
    leave_run(here)
    here.hand_in(RUN)
    before = names(here.root)
    mount.parent.rename(tmp_path / "away")
    mount.parent.mkdir()
    for use in (here.refresh, here.bucket.require_create, lambda: here.push(RUN, "record.json")):
        with pytest.raises(UsageError, match=r"no such folder; mount what it is on.*mkdir -p"):
            use()
    assert not mount.exists()
    mount.parent.rmdir()
    (tmp_path / "away").rename(mount.parent)
    here.refresh()
    assert names(here.root) == before


def test_parts_come_when_they_are_asked_for(mirrors: tuple[MirrorStore, MirrorStore]) -> None:
    here, there = mirrors
    leave_run(here)
    assert not here.hand_in(RUN)
    folder = there.folder(RUN)
    assert there.read_all().records == here.read_all().records
    assert names(folder) == {"spec.json", "record.json"}
    there.fetch([RUN], Part.PAGE)
    assert names(folder) == {"spec.json", "record.json", "history.jsonl", "samples/000.webp"}
    there.fetch([RUN], Part.GENERATOR)
    assert (folder / "generator.safetensors").read_bytes() == b"weights"


def test_nothing_is_brought_twice(
    mirrors: tuple[MirrorStore, MirrorStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = mirrors
    for number in range(3):
        here.hand_in(leave_run(here, number))
    there.refresh()
    asked: list[str] = []
    fetch = there.bucket.fetch
    monkeypatch.setattr(
        there.bucket, "fetch", lambda wanted, folder: asked.extend(wanted) or fetch(wanted, folder)
    )
    there.refresh()
    here.refresh()
    assert asked == []
    (there.folder(RUN) / "record.json").unlink()
    there.refresh()
    assert asked == [f"{RUN}/record.json"]


def test_records_are_put_once_and_the_first_one_counts(
    mirrors: tuple[MirrorStore, MirrorStore],
) -> None:
    here, there = mirrors
    leave_run(here)
    leave_run(there, generator=b"others")
    other = record(SPECS[0], curve("ring8", 2, 1))
    there.discard(RUN)
    assert there.write(other)
    assert not here.hand_in(RUN)
    first = here.read(RUN)
    assert there.hand_in(RUN)
    assert there.read(RUN) == first != other
    assert (there.folder(RUN) / "record.json.replaced-2").exists()
    there.fetch([RUN], Part.GENERATOR)
    assert (there.folder(RUN) / "generator.safetensors").read_bytes() == b"weights"


def test_a_push_that_is_cut_off_leaves_no_run_that_has_ended(
    mirrors: tuple[MirrorStore, MirrorStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = mirrors
    leave_run(here)
    put = here.bucket.put
    for allowed in range(4):
        left = iter(range(allowed))

        def cut_off(file: Path, key: str) -> bool:
            if next(left, None) is None:  # noqa: B023
                raise GanbenchError("reset by peer")
            return put(file, key)

        monkeypatch.setattr(here.bucket, "put", cut_off)
        with pytest.raises(GanbenchError, match="reset by peer"):
            here.hand_in(RUN)
        assert there.read_all().records == []
        assert here.unknown() == [RUN]
    monkeypatch.undo()
    here.hand_in(RUN)
    assert len(there.read_all().records) == 1
    assert here.unknown() == []


def test_what_another_machine_discards_is_set_aside(
    mirrors: tuple[MirrorStore, MirrorStore],
) -> None:
    here, there = mirrors
    here.hand_in(leave_run(here))
    there.refresh()
    there.discard(RUN)
    assert here.read_all().records == []
    assert (here.folder(RUN) / "record.json.replaced-1").exists()
    assert here.unknown() == []


def test_what_has_not_been_put_yet_is_not_set_aside(
    mirrors: tuple[MirrorStore, MirrorStore],
) -> None:
    here, _ = mirrors
    leave_run(here)
    assert len(here.read_all().records) == 1
    assert here.unknown() == [RUN]


def test_starting_over_removes_checkpoints_there(
    mirrors: tuple[MirrorStore, MirrorStore],
) -> None:
    here, there = mirrors
    leave_run(here, checkpoint__latest=b"")
    (here.folder(RUN) / "checkpoint" / "latest.safetensors").write_bytes(b"state")
    (here.folder(RUN) / "record.json").unlink()
    here.hand_in(RUN)
    assert f"{RUN}/checkpoint/latest.safetensors" in here.bucket.listing()
    there.discard(RUN, start_over=True)
    assert f"{RUN}/checkpoint/latest.safetensors" not in here.bucket.listing()


def test_a_run_that_has_ended_has_no_state_there(mirrors: tuple[MirrorStore, MirrorStore]) -> None:
    here, _ = mirrors
    leave_run(here)
    for name in ("checkpoint/latest.safetensors", "checkpoint/previous.safetensors"):
        assert here.bucket.create(f"{RUN}/{name}", b"state")
    here.hand_in(RUN)
    assert not [key for key in here.bucket.listing() if "checkpoint" in key]


def test_who_takes_a_run_over_has_the_state_there(mirrors: tuple[MirrorStore, MirrorStore]) -> None:
    here, there = mirrors
    for store, states_ in ((here, ["latest"]), (there, ["latest", "previous"])):
        store.create(RUN, SPECS[0].to_json())
        (folder := store.folder(RUN) / "checkpoint").mkdir()
        for name in states_:
            (folder / f"{name}.safetensors").write_bytes(store.owner.encode())
    here.push(RUN, "checkpoint/latest.safetensors")
    there.receive(RUN, state=False)
    assert (there.folder(RUN) / "checkpoint/latest.safetensors").read_bytes() == b"there"
    there.receive(RUN, state=True)
    assert [one.read_bytes() for one in there.folder(RUN).glob("checkpoint/*")] == [b"here"]


def test_with_no_state_there_what_is_here_stays(mirrors: tuple[MirrorStore, MirrorStore]) -> None:
    _, there = mirrors
    there.create(RUN, SPECS[0].to_json())
    (folder := there.folder(RUN) / "checkpoint").mkdir()
    (folder / "latest.safetensors").write_bytes(b"state")
    there.receive(RUN, state=True)
    assert (folder / "latest.safetensors").exists()


def test_a_run_that_a_worker_here_is_at_is_left_alone(
    mirrors: tuple[MirrorStore, MirrorStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = mirrors
    here.hand_in(leave_run(here))
    monkeypatch.setattr("ganbench.results.mirror_store.is_held", lambda lock: RUN in str(lock))
    there.refresh()
    assert not there.folder(RUN).exists()
    monkeypatch.undo()
    there.held.add(RUN)
    there.refresh()
    assert not there.folder(RUN).exists()


def test_states_tell_of_leases(mirrors: tuple[MirrorStore, MirrorStore]) -> None:
    here, there = mirrors
    here.create(RUN, SPECS[0].to_json())
    here.write_progress(RUN, {"fraction": 0.25, "step": 3, "scores": []})
    lease = Lease(here.bucket, RUN, here.owner, 60.0, here.now)
    assert lease.advance()
    here.push(RUN, "spec.json", "progress.json")
    (state,) = states(there)[0]
    assert (state["status"], state["fraction"]) == ("running", 0.25)
    assert there.leased(RUN, elsewhere=True)
    assert not here.leased(RUN)  # it has not looked
    here.refresh()
    assert here.leased(RUN)
    assert not here.leased(RUN, elsewhere=True)
    later = there.now() + 100.0
    there.now = lambda: later
    assert states(there)[0][0]["status"] == "unfinished"
    there.now = here.now
    lease.release()
    assert states(there)[0][0]["status"] == "unfinished"
    assert [one.name for one in there.folder(RUN).glob("lease-*")] == ["lease-0002.json"]


def test_a_request_to_cancel_comes_and_goes(mirrors: tuple[MirrorStore, MirrorStore]) -> None:
    here, there = mirrors
    here.create(RUN, SPECS[0].to_json())
    here.push(RUN, "spec.json")
    there.refresh()
    request = there.cancel(RUN)
    assert here.is_cancelled_there(RUN)
    here.refresh()
    assert here.cancelled(RUN) == request
    here.go_on(RUN)
    assert not here.is_cancelled_there(RUN)
    there.refresh()
    assert there.cancelled(RUN) is None


def test_files_of_one_machine_stay_there(mirrors: tuple[MirrorStore, MirrorStore]) -> None:
    here, _ = mirrors
    leave_run(here)
    folder = here.folder(RUN)
    for name in ("job.json", ".x.tmp", "record.json.damaged-1"):
        (folder / name).write_bytes(b"")
    (folder / "secret").symlink_to("/etc/passwd")
    lock = take_fence(folder / "lock")
    assert lock is not None
    lock.close()
    here.hand_in(RUN)
    assert {key.partition("/")[2] for key in here.bucket.listing()} == {
        *("spec.json", "record.json", "history.jsonl", "samples/000.webp", "generator.safetensors")
    }


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("record.json", Part.SUMMARY),
        ("spec.json", Part.SUMMARY),
        ("final/final.json", Part.SUMMARY),
        ("lease-0001.json", Part.SUMMARY),
        ("final/latest.safetensors", Part.STATE),
        ("checkpoint/latest.safetensors", Part.STATE),
        ("generator.safetensors", Part.GENERATOR),
        ("drawings/interpolations.png", Part.PAGE),
        ("log.txt", Part.PAGE),
        ("lock", None),
        ("job.json", None),
        (".bucket.json", None),
        ("checkpoint/.fresh.safetensors", Part.STATE),
        ("samples/.x.tmp", None),
        ("record.json.replaced-12", None),
    ],
)
def test_every_file_has_its_part(name: str, part: Part | None) -> None:
    assert part_of(name) == part


def test_a_folder_is_no_mirror(tmp_path: Path) -> None:
    assert type(open_runs(tmp_path)) is type(open_runs(tmp_path / "none")) is RunStore
    assert runs_folder("runs") == Path("runs")


def test_a_url_has_one_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    first, again, other = map(
        runs_folder, ("memory://lab/a-b", "memory://lab/a-b/", "memory://lab/a/b")
    )
    assert first == again != other
    assert first.is_relative_to(tmp_path)
    stores = [open_runs(one) for one in ("memory://lab/a-b", first)]
    for store in stores:
        assert isinstance(store, MirrorStore)
        assert store.bucket.url == "memory://lab/a-b"
    assert len({one.owner for one in stores if isinstance(one, MirrorStore)}) == 1


def test_a_damaged_mirror_is_told(tmp_path: Path) -> None:
    (tmp_path / MIRROR_FILE).write_bytes(b"{}")
    with pytest.raises(InvalidResults, match=r"is damaged.*remove"):
        open_runs(tmp_path)


def test_a_url_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="known are s3://"):
        runs_folder("ftp://lab/runs")
