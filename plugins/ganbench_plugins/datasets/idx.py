"""The IDX format of MNIST and its successors (LeCun et al. 1998, http://yann.lecun.com/exdb/mnist)."""

from __future__ import annotations

import gzip
import math
import zlib
from typing import TYPE_CHECKING

from ganbench import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_UNSIGNED_BYTE = 0x08


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array of bytes in a gzipped IDX file, e.g. (60000, 28, 28) or (60000,).

    Raises:
        UsageError: the file cannot be read, or holds anything else.
    """
    import numpy as np

    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"cannot read {path}: {error}", "install it again") from None
    if len(content) < 4 or content[:3] != bytes([0, 0, _UNSIGNED_BYTE]):
        raise UsageError(f"{path} is no IDX file of unsigned bytes", "install it again")
    start = 4 + 4 * content[3]  # behind the header: magic number, then the size of each dimension
    sizes, values = content[4:start], np.frombuffer(content[start:], dtype=np.uint8)
    shape = [int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4)]
    if len(sizes) != start - 4 or values.size != math.prod(shape):
        raise UsageError(f"{path} is truncated or damaged", "install it again")
    return values.reshape(shape)
