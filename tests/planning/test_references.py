"""Names with parameters, and seeds, as people type them."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import UsageError
from ganbench.api.parameters import Parameter, Value, resolve_parameters
from ganbench.api.specs import NAME_PATTERN
from ganbench.planning.references import (
    Named,
    Reference,
    display_name,
    parse_reference,
    parse_seeds,
    parse_variant,
)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("dcgan", Reference("dcgan")),
        (" dcgan ", Reference("dcgan")),
        ("wgan-gp[lr=2e-4]", Reference("wgan-gp", None, {"lr": "2e-4"})),
        ("w[ a = 1 , b = x y ,]", Reference("w", None, {"a": "1", "b": "x y"})),
        ("w[]", Reference("w")),
        ("w[a=]", Reference("w", None, {"a": ""})),
        ("w[a=b=c]", Reference("w", None, {"a": "b=c"})),
        ("dcgan+wgan-gp[loss.penalty=1]", Reference("dcgan+wgan-gp", None, {"loss.penalty": "1"})),
        ("images:/data/my faces", Reference("images", "/data/my faces")),
        ("images:C:/x[side=32]", Reference("images", "C:/x", {"side": "32"})),
        ("images:", Reference("images", "")),
        ('images:"photos [2023]"', Reference("images", "photos [2023]")),
        ('images:"a, b[1]=c"[side=32]', Reference("images", "a, b[1]=c", {"side": "32"})),
        (
            'images[path="x[1],y" , side=8]',
            Reference("images", None, {"path": "x[1],y", "side": "8"}),
        ),
        ('images:the "best" ones', Reference("images", 'the "best" ones')),
        ('images:5"', Reference("images", '5"')),
        (
            'fd[extractor=inception[weights="w[1].pt",download=true]]',
            Reference("fd", None, {"extractor": 'inception[weights="w[1].pt",download=true]'}),
        ),
        (
            "fd[extractor=inception[weights=w.pt,download=true],x=1]",
            Reference("fd", None, {"extractor": "inception[weights=w.pt,download=true]", "x": "1"}),
        ),
        ("fd[x=1,extractor=raw[a=1]]", Reference("fd", None, {"x": "1", "extractor": "raw[a=1]"})),
    ],
)
def test_parse_reference(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names nothing"),
        ("[lr=1]", "names nothing"),
        (":path", "names nothing"),
        ("dcgan[lr=1", "without a closing one"),
        ("dcgan[lr=1]x", "without a closing one"),
        ("images:photos [2023]/x", "without a closing one"),
        ('images:"photos [2023]"x[', "without a closing one"),
        ("dcgan[lr]", "'lr' in 'dcgan[lr]' is not of the form parameter=value"),
        ("dcgan[=1]", "is not of the form parameter=value"),
        ("dcgan[lr=1,lr=2]", "sets lr twice"),
    ],
)
def test_parse_reference_refuses(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        parse_reference(text)


@given(st.text())
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse_reference(text).name


@given(st.text(st.characters(exclude_characters='"')).map(str))
def test_whatever_is_quoted_comes_back(text: str) -> None:
    assert parse_reference(f'images:"{text}"[side=8]') == Reference("images", text, {"side": "8"})
    assert parse_reference(f'images[path="{text}",side=8]').settings == {"path": text, "side": "8"}
    (first, second) = parse_variant(f'a:"{text}"+b').parts
    assert (first, second) == (Named("a", text), Named("b"))


def test_how_to_write_brackets_is_told() -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference("images:photos [2023]/x")
    assert caught.value.hint == (
        'put what has brackets of its own in quotes: images:"photos [2023]"[side=32]'
    )


def test_an_argument_is_refused_where_it_means_nothing() -> None:
    parse_reference("dcgan").refuse_argument()
    with pytest.raises(UsageError, match="dcgan takes nothing behind a colon, it has 'x'"):
        parse_reference("dcgan:x").refuse_argument()


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, "dcgan"),
        ({"lr": 2e-4}, "dcgan[lr=0.0002]"),
        ({"b": True, "a": 3, "c": "x"}, "dcgan[a=3,b=true,c=x]"),
        ({"lr": 1 / 3}, "dcgan[lr=1/3]"),
        ({"lr": -1 / 9}, "dcgan[lr=-1/9]"),
        ({"lr": 0.333333333333333}, "dcgan[lr=0.333333333333333]"),
        ({"lr": 1 / 101}, "dcgan[lr=0.009900990099009901]"),
        ({"lr": 0.125}, "dcgan[lr=0.125]"),
        ({"lr": 0.1234567}, "dcgan[lr=0.1234567]"),
        ({"lr": 10.0}, "dcgan[lr=10]"),
    ],
)
def test_display_name(changed: dict[str, Value], text: str) -> None:
    assert display_name("dcgan", changed) == text


FRACTIONS = st.builds(lambda top, bottom: top / bottom, st.integers(-120, 120), st.integers(1, 120))
SETTINGS = st.dictionaries(
    st.from_regex(r"[a-z_.]{1,8}", fullmatch=True),
    st.booleans() | st.integers() | FRACTIONS | st.floats(allow_nan=False, allow_infinity=False),
    max_size=4,
)


@given(st.from_regex(NAME_PATTERN, fullmatch=True), SETTINGS)
def test_a_displayed_name_reads_back_without_loss(name: str, settings: dict[str, Value]) -> None:
    reference = parse_reference(display_name(name, settings))
    declared = {key: Parameter(default=type(value)(0), help="x") for key, value in settings.items()}
    assert reference.name == name
    assert resolve_parameters(name, declared, reference.settings) == settings


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0", (0,)),
        ("0-4", (0, 1, 2, 3, 4)),
        ("7-7", (7,)),
        ("0,2,5-7", (0, 2, 5, 6, 7)),
        (" 3 , 1 ", (3, 1)),
        (str(2**32 - 1), (2**32 - 1,)),
    ],
)
def test_parse_seeds(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no integers or ranges"),
        ("a", "no integers or ranges"),
        ("-1", "no integers or ranges"),
        ("1-", "no integers or ranges"),
        ("1,", "no integers or ranges"),
        ("0..4", "no integers or ranges"),
        ("1.5", "no integers or ranges"),
        ("4-0", "'4-0' is empty or too large"),
        ("0-10000", "is empty or too large"),
        (str(2**32), "is empty or too large"),
        ("1,1", "name a seed twice"),
        ("0-3,2", "name a seed twice"),
    ],
)
def test_parse_seeds_refuses(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        parse_seeds(text)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, unique=True))
def test_a_list_of_seeds_reads_back(seeds: list[int]) -> None:
    assert parse_seeds(",".join(map(str, seeds))) == tuple(seeds)
