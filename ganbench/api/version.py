"""The version, and the three integers that say what may be compared with what."""

from typing import Final

__version__: Final = "0.1.0"

API_VERSION: Final = 2
"""Version of the plugin contract (`ganbench.api`).

It is a major version: it grows when a plugin that was written for the last one might no longer work
or might mean something else (a hook, a spec's field or a method taken away, renamed or understood
anew). Additions leave it as it is: they are optional, and a plugin that uses one requires the
ganbench that has it, as any package does (``dependencies = ["ganbench>=0.2"]``).

A plugin may declare the version it was written for, an integer, in ``GANBENCH_API_VERSION`` of its
module; any other than this one is refused as ``incompatible``, and what is no integer as
``invalid``. One that declares nothing is tried."""

PROTOCOL_VERSION: Final = 3
"""Version of everything that changes numbers: loop, budgets, evaluation, scores, data sets.
Tables never mix protocols; the changelog's "Protocol" sections say what changed."""

SCHEMA_VERSION: Final = 2
"""Version of the files ganbench writes (records, leaderboards)."""
