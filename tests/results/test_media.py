"""Names of what a run's folder has to show."""

from __future__ import annotations

from pathlib import Path

from ganbench.results.media import FRAMES_FOLDER, frame_file, frame_files, sheet_file, sheet_files


def test_names() -> None:
    assert [sheet_file(place, ".png") for place in (0, 1, 9)] == [
        "samples.png",
        "samples-2.png",
        "samples-10.png",
    ]
    assert frame_file(7, 0, ".webp") == "007.webp"
    assert frame_file(1234, 1, ".wav") == "1234-2.wav"


def test_files_are_found_in_order_and_others_left_alone(tmp_path: Path) -> None:
    frames = tmp_path / FRAMES_FOLDER
    frames.mkdir()
    shown = [sheet_file(place, ".txt") for place in range(11)]
    for name in (*shown, "record.json", "samples.exe", "samples.tmp", ".samples.png.tmp"):
        (tmp_path / name).touch()
    assert [path.name for path in sheet_files(tmp_path)] == shown
    for name in ("010.webp", "002-2.wav", "002.webp", "samples.png", "12.webp", ".003.webp.tmp"):
        (frames / name).touch()
    found = {index: [path.name for path in files] for index, files in frame_files(tmp_path).items()}
    assert found == {2: ["002.webp", "002-2.wav"], 10: ["010.webp"]}
    assert list(found) == [2, 10]


def test_no_folder_has_none(tmp_path: Path) -> None:
    assert sheet_files(tmp_path / "none") == []
    assert frame_files(tmp_path) == {}
