"""The three integers that say what may be compared with what."""

from typing import Final

API_VERSION: Final = 1
"""Version of the plugin contract (`ganbench.api`). A plugin may declare the one it was written for
in a module constant ``GANBENCH_API_VERSION``; another version is refused as ``incompatible``."""

PROTOCOL_VERSION: Final = 2
"""Version of everything that changes numbers: loop, budgets, evaluation, scores, data sets.
Tables never mix protocols; the changelog's "Protocol" sections say what changed."""

SCHEMA_VERSION: Final = 2
"""Version of the files ganbench writes (records, leaderboards)."""
