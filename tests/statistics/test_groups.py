from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ganbench.statistics.groups import grouped


@given(st.lists(st.integers(0, 20)))
def test_groups_hold_all_items_in_their_order(items: list[int]) -> None:
    groups = grouped(items, lambda item: item % 3)
    assert list(groups) == list(dict.fromkeys(item % 3 for item in items))
    for key, members in groups.items():
        assert members == [item for item in items if item % 3 == key]
