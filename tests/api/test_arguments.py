"""Arguments of public functions are what is meant, or refused by name before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from ganbench.api.arguments import checked
from ganbench.api.errors import UsageError


@checked
def echo(
    *names: str,
    tasks: Sequence[str] = (),
    seeds: Sequence[int] | None = None,
    count: int = 0,
    share: float = 0.0,
    flag: bool = False,
    place: Path | str = "",
    places: Sequence[Path | str] = (),
    settings: Mapping[str, str | int | float | bool] | None = None,
    side: Literal["left", "right"] = "left",
) -> dict[str, Any]:
    """All that it was given."""
    return locals()


ANNOTATED = "text, or a list of such"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"seeds": np.arange(2)}, {"seeds": (0, 1)}),
        ({"seeds": range(2)}, {"seeds": (0, 1)}),
        ({"seeds": {3}}, {"seeds": (3,)}),
        ({"seeds": (one for one in (1, 2))}, {"seeds": (1, 2)}),
        ({"seeds": 7}, {"seeds": (7,)}),
        ({"seeds": np.int64(7)}, {"seeds": (7,)}),
        ({"seeds": None}, {"seeds": None}),
        ({"tasks": "ring8"}, {"tasks": ("ring8",)}),
        ({"tasks": np.array(["a", "b"])}, {"tasks": ("a", "b")}),
        ({"count": np.uint8(3)}, {"count": 3}),
        ({"share": 3}, {"share": 3.0}),
        ({"share": np.float32(0.5)}, {"share": 0.5}),
        ({"flag": np.bool_(True)}, {"flag": True}),
        ({"place": Path("a")}, {"place": Path("a")}),
        ({"places": Path("a")}, {"places": (Path("a"),)}),
        ({"places": ["a", Path("b")]}, {"places": ("a", Path("b"))}),
        ({"settings": {"a.lr": 1e-3, "a.n": np.int32(2), "a.b": True, "a.c": "x"}},
         {"settings": {"a.lr": 1e-3, "a.n": 2, "a.b": True, "a.c": "x"}}),
        ({"side": "right"}, {"side": "right"}),
    ],
)  # fmt: skip
def test_what_is_meant_is_taken(given: dict[str, Any], taken: dict[str, Any]) -> None:
    found = echo(**given)
    for name, value in taken.items():
        assert found[name] == value
        assert type(found[name]) is type(value)
    assert all(type(one) is int for one in found["seeds"] or ())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"seeds": ["1"]}, "seeds[0] must be an integer, it is '1'"),
        ({"seeds": [0, 0.5]}, "seeds[1] must be an integer, it is 0.5"),
        ({"seeds": np.array([0.0])}, "seeds[0] must be an integer, it is 0.0"),
        ({"seeds": [True]}, "seeds[0] must be an integer, it is True"),
        ({"seeds": "01"}, "seeds must be an integer, or a list of such, it is '01'"),
        ({"seeds": b"01"}, "seeds must be an integer, or a list of such, it is a bytes"),
        ({"seeds": {0: 1}}, "seeds must be an integer, or a list of such, it is a dict"),
        ({"tasks": [["a"]]}, "tasks[0] must be text, it is ['a']"),
        ({"tasks": None}, f"tasks must be {ANNOTATED}, it is None"),
        ({"tasks": 3}, f"tasks must be {ANNOTATED}, it is 3"),
        ({"count": 1.0}, "count must be an integer, it is 1.0"),
        ({"count": "1"}, "count must be an integer, it is '1'"),
        ({"count": True}, "count must be an integer, it is True"),
        ({"share": "1"}, "share must be a number, it is '1'"),
        ({"share": float("nan")}, "share must be a number, it is nan"),
        ({"flag": 1}, "flag must be True or False, it is 1"),
        ({"flag": "no"}, "flag must be True or False, it is 'no'"),
        ({"place": 3}, "place must be a path or text, it is 3"),
        ({"place": None}, "place must be a path or text, it is None"),
        ({"settings": {"a": None}}, "settings['a'] must be text or an integer or a number or "
         "True or False, it is None"),
        ({"settings": {1: "a"}}, "a key of settings must be text, it is 1"),
        ({"settings": "a"}, "settings must be a mapping from text to"),
        ({"side": "up"}, "side must be one of 'left', 'right', it is 'up'"),
        ({"side": ["left"]}, "side must be one of 'left', 'right', it is ['left']"),
    ],
)  # fmt: skip
def test_what_is_not_meant_is_refused_by_name(given: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        echo(**given)
    assert caught.value.message.startswith(f"echo(): {told}")


def test_a_list_where_names_stand_one_by_one_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^echo\(\): names must be text, it is \['a'\]$"):
        echo(["a"])  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [lambda: echo(task="a"), lambda: checked(lambda one: one)()])
def test_missing_and_unknown_arguments_are_python_s_matter(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match=r"\(\): .*argument"):
        call()


def test_a_checked_function_looks_as_it_did() -> None:
    import inspect

    assert echo.__doc__ == "All that it was given."
    assert list(inspect.signature(echo).parameters)[:2] == ["names", "tasks"]
