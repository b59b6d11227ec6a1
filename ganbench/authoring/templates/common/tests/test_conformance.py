"""What ganbench asks of every __KIND__."""

from collections.abc import Callable

from ganbench.authoring import parametrize_checks


@parametrize_checks("__NAME__", kind="__KIND__")
def test_conforms(check: Callable[[], None]) -> None:
    check()
