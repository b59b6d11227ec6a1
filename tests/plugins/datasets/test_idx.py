from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from ganbench.api.errors import UsageError
from ganbench_plugins.datasets.idx import read_idx

HEADER = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3])


def test_reads_shape_and_values(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(HEADER + bytes(range(6))))
    np.testing.assert_array_equal(read_idx(path), [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip at all",
        gzip.compress(HEADER + bytes(6))[:-9],
        gzip.compress(HEADER + bytes(5)),
        gzip.compress(HEADER[:7]),
        gzip.compress(b"\0\0\x0d" + HEADER[3:] + bytes(6)),
    ],
    ids=["empty", "not-gzip", "cut-off", "too-few", "header-only", "floats"],
)
def test_names_the_damaged_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"damaged\.gz"):
        read_idx(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        read_idx(tmp_path / "nowhere")
