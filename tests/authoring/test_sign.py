"""What the sign checks conclude, and that their advice fits it."""

from __future__ import annotations

import pytest

from ganbench.authoring.conformance.checks.sign import UNSTICK, _require_rise
from ganbench.authoring.conformance.results import Broken


def test_a_wrong_sign_gets_the_check_s_advice() -> None:
    with pytest.raises(Broken, match="the sign is wrong") as caught:
        _require_rise([-0.3, -0.2, 0.1], "x")
    assert caught.value.mend is None  # as the table says


def test_what_does_not_move_at_all_gets_advice_of_its_own() -> None:
    with pytest.raises(Broken, match="nothing moves the mean logit") as caught:
        _require_rise([-1e-7, 0.0, 1e-7], "x")
    assert caught.value.mend == UNSTICK


def test_a_rise_is_a_rise() -> None:
    _require_rise([0.3, 0.2, -0.1], "x")
