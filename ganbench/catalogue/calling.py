"""Calling a plugin's light code, which may fail or return anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ganbench.api.checked import typed, words
from ganbench.api.data import DataInfo
from ganbench.api.errors import PluginNotUsable, UsageError, type_and_line


def call_light(
    what: str,
    wanted: type | tuple[type, ...],
    function: Callable[..., object],
    *arguments: Any,
    **parameters: Any,
) -> Any:
    """The result of a function that a spec holds.

    Args:
        what: it is, for errors.
        wanted: type of the result.
        function: of a plugin.
        arguments, parameters: what it is called with.

    Raises:
        UsageError: as the function raises it.
        PluginNotUsable: it raises anything else, or returns something else.
    """
    try:
        result = function(*arguments, **parameters)
    except UsageError:
        raise
    except Exception as error:
        on = "".join(
            f" on {argument.name}" for argument in arguments if isinstance(argument, DataInfo)
        )
        raise PluginNotUsable(f"{what} fails{on}: {type_and_line(error)}") from error
    if not isinstance(result, wanted):
        kinds = wanted if isinstance(wanted, tuple) else (wanted,)
        expected = " or ".join(map(words, kinds))
        raise PluginNotUsable(f"{what} must return {expected}, it returned {typed(result)}")
    return result
