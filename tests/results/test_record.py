from __future__ import annotations

from typing import get_args

from ganbench.results.record import COUNTED, INSTABILITIES, Status


def test_every_status_is_a_result_or_an_accident() -> None:
    assert set(get_args(Status)) - set(COUNTED) == {"oom", "timeout", "error", "killed"}
    assert set(COUNTED) - {"ok"} == set(INSTABILITIES)
