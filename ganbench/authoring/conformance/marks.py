"""The checks as tests of a plugin's own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar

from ganbench.api.arguments import checked
from ganbench.authoring.conformance.names import kind_of
from ganbench.authoring.conformance.results import CheckFailed
from ganbench.authoring.conformance.runner import Inspection, refuse_unknown
from ganbench.authoring.conformance.table import checks_of
from ganbench.catalogue.catalogue import installed_catalogue

F = TypeVar("F", bound=Callable[..., Any])


@checked
def parametrize_checks(
    name: str,
    *,
    kind: str | None = None,
    expected_failures: Mapping[str, str] | None = None,
    device: Literal["cpu", "cuda"] = "cpu",
) -> Callable[[F], F]:
    """Make a test of every check of a plugin; the test gets it as its argument `check`.

    .. code-block:: python

        @parametrize_checks("my-gan", expected_failures={"host-sync": "reads its own loss"})
        def test_conforms(check):
            check()

    Args:
        name, kind, device: as in `ganbench.authoring.check`.
        expected_failures: id of a check -> why it is known to fail; such a test is an expected
            failure, and one that passes after all is a failure.

    Returns:
        A decorator for a function with an argument `check`.

    Raises:
        GanbenchError: there is no such plugin, kind or check.
    """
    import pytest

    catalogue = installed_catalogue()
    kind = kind_of(name, kind, catalogue)
    expected = refuse_unknown(expected_failures or {}, kind)
    inspection = Inspection(name, kind, catalogue, device)
    cases = []
    for one in checks_of(kind):
        marks = []
        if one.id in expected:
            marks = [pytest.mark.xfail(reason=expected[one.id], raises=CheckFailed, strict=True)]
        cases.append(
            pytest.param(functools.partial(_ask, inspection, one.id), id=one.id, marks=marks)
        )
    decorate: Callable[[F], F] = pytest.mark.parametrize("check", cases)
    return decorate


def _ask(inspection: Inspection, check_id: str) -> None:
    """Pass, fail or skip as the check does.

    Raises:
        CheckFailed: the plugin breaks the rule.
    """
    import pytest

    result = inspection.result(check_id)
    if result.status == "skipped":
        pytest.skip(f"{check_id}: {result.reason}")
    if result.status == "failed":
        raise CheckFailed(f"{check_id}: {result.reason}\n  {result.hint}")
