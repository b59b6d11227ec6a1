"""Where the source of plugins comes from, as their runs have seen it."""

from __future__ import annotations

from collections.abc import Mapping

from ganbench.results.record import Pin, Record


def source_of(pin: Pin) -> str:
    """What a plugin's source is known as in `Runs.sources`."""
    return f"{pin['distribution']}=={pin['version']} {pin['source_hash']}"


def add_sources(known: dict[str, str], more: Mapping[str, str]) -> None:
    """Add what is known of sources. One hash is one source: `released` anywhere, it is released."""
    for source, state in more.items():
        known[source] = min(known.get(source, state), state)  # `released` is before `unverified`


def sources_of(record: Record) -> dict[str, str]:
    """Source -> provenance of the plugins of a run; empty in older records."""
    states = record["environment"].get("sources") or {}
    return {
        source_of(pin): str(states[pin["distribution"]])
        for pin in record["pins"]
        if pin["distribution"] in states
    }
