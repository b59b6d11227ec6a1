"""What ganbench asks of every __KIND__."""

from collections.abc import Callable

from ganbench.authoring import parametrize_checks

NAME = "__NAME__"


@parametrize_checks(NAME, kind="__KIND__")
def test_conforms(check: Callable[[], None]) -> None:
    check()
