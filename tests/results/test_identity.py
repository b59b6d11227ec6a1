"""Settings and codes: what differs in nothing that matters is the same, and nothing else is."""

from __future__ import annotations

from typing import Any, cast

from ganbench.results.identity import code_of, own_code, pins_of, setting_of
from ganbench.results.record import Pin

from .synthetic import spec


def pin(kind: str, name: str, distribution: str = "ganbench") -> Pin:
    made = {
        "kind": kind,
        "name": name,
        "plugin": name,
        "distribution": distribution,
        "version": "1.0",
        "source_hash": f"sha256:{distribution}",
    }
    return cast("Pin", made)


def test_seed_and_variant_are_no_part_of_the_setting() -> None:
    same = {
        setting_of(spec(name, seed=seed).to_json(), 2) for name in ("a", "b") for seed in (0, 1)
    }
    assert len(same) == 1
    plain: dict[str, Any] = spec().to_json()
    others = [
        setting_of(plain, 3),
        setting_of({**plain, "task": {**plain["task"], "fakes": 1}}, 2),
        setting_of({**plain, "dataset_parameters": {"side": 8}}, 2),
        setting_of({**plain, "dataset_fingerprint": "ab"}, 2),
        setting_of({**plain, "memory_bytes": 2**30}, 2),
        setting_of({**plain, "threads": 2}, 2),
    ]
    assert len({*same, *others}) == 7
    assert setting_of({**plain, "threads": 1}, 2) in same


def test_the_order_of_pins_does_not_matter() -> None:
    one, other = pin("variant", "a"), pin("dataset", "b")
    codes = {code_of(pins_of({"pins": pins}, [])) for pins in ([one, other], [other, one])}
    assert codes == {code_of(pins_of({}, [one, other]))}


def test_a_variants_own_code_is_not_that_of_its_parts_data_and_scores() -> None:
    parts = [pin("model", "m", "mine"), pin("loss", "l"), pin("dataset", "d", "theirs")]
    assert own_code([pin("variant", "v", "ours"), *parts])["distribution"] == "ours"
    assert own_code(parts)["distribution"] == "mine + ganbench"


def test_techniques_are_part_of_what_they_are_added_to() -> None:
    added = pin("technique", "t", "theirs")
    assert own_code([pin("variant", "v"), added])["distribution"] == "ganbench + theirs"
    assert own_code([pin("model", "m"), pin("loss", "l"), added])["version"] == "1.0"
