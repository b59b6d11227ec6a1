"""Ways to spoil a file or a value: what a bad disk, a slip of the hand and a villain would do."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

HOSTILE = (
    *("", " ", "\0", "\n", "\r\n", "\t", "\x1b[2J\x1b]0;owned\a", "\u202egnp.exe", "\ud800"),
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"),
    *("../../x", "/etc/passwd", "..", ".", "a/b", "~root", "C:\\x", "x" * 5000),
    *("a|b", "`rm`", "<script>alert(1)</script>", "\\input{/etc/passwd}", "100%", "a & b", "$x$"),
    *("NaN", "Infinity", "-Infinity", "1e999", "null", "true", "9" * 5000, "vаnilla", "İ"),
    *("wgan-gp[lr=1]", "w[", "]", "a=b", "images:/", "images:\0", "fd[extractor=x[y=z]]"),
)
"""Text that has harmed some program: terminals, shells, spreadsheets, Markdown, LaTeX, HTML, C."""

NUMBERS = (
    0,
    -1,
    1,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    10**400,
    -(10**400),
    1e308,
    -1e308,
    5e-324,
    0.5,
)

texts = st.sampled_from(HOSTILE) | st.text(max_size=20)


def deep(levels: int = 3000, kind: type = list) -> Any:
    """A value within a value within a value."""
    value: Any = 1
    for _ in range(levels):
        value = [value] if kind is list else {"a": value}
    return value


values = st.one_of(
    texts,
    st.sampled_from([*NUMBERS, None, True, False, [], {}, [[]], {"": ""}, [None], ["a"], [1]]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**70), 2**70),
    st.sampled_from([list, dict]).map(lambda kind: deep(200, kind)),
)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a JSON value."""
    inside: list[tuple[Any, ...]] = []
    if isinstance(value, dict):
        inside = [one for key in value for one in paths(value[key], (*at, key))]
    elif isinstance(value, list):
        inside = [one for i, item in enumerate(value) for one in paths(item, (*at, i))]
    return [at, *inside] if at else inside


@st.composite
def spoiled_values(draw: st.DrawFn, value: Any) -> Any:
    """A JSON value with one to three places changed, gone, renamed or doubled."""
    spoiled = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        places = paths(spoiled)
        if not places:
            break
        *above, last = draw(st.sampled_from(places))
        target = spoiled
        for key in above:
            target = target[key]
        match draw(st.sampled_from(["change", "change", "change", "delete", "rename"])):
            case "delete":
                del target[last]
            case "rename" if isinstance(target, dict):
                target[draw(texts)] = target.pop(last)
            case _:
                target[last] = draw(values)
    return spoiled


@st.composite
def spoiled_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """A file's content with bits flipped, cut off, added to, doubled, in another encoding, ..."""
    how = draw(
        st.sampled_from(
            ["flip", "flip", "cut", "insert", "replace", "empty", "bom", "utf16", "latin", "twice"]
        )
    )
    end = len(content)
    place = draw(st.integers(0, end))
    if how == "flip":
        changed = bytearray(content or b"\0")
        for _ in range(draw(st.integers(1, 8))):
            changed[draw(st.integers(0, len(changed) - 1))] ^= 1 << draw(st.integers(0, 7))
        return bytes(changed)
    if how == "cut":
        return content[:place]
    if how == "insert":
        junk = draw(st.binary(min_size=1, max_size=40) | texts.map(_encoded))
        return content[:place] + junk + content[place:]
    if how == "replace":
        return draw(st.binary(max_size=200) | texts.map(_encoded))
    if how == "twice":
        return content * 2
    if how == "empty":
        return b""
    text = content.decode("utf-8", "replace")
    return {
        "bom": b"\xef\xbb\xbf" + content,
        "utf16": text.encode("utf-16"),
        "latin": (text + "é").encode("latin-1", "replace"),
    }[how]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


OBSTACLES = ("folder", "pipe", "loop", "dangling", "device", "absent")


def put_obstacle(path: Path, kind: str) -> None:
    """Something else in the place of a file."""
    path.unlink(missing_ok=True)
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path.name)
        case "dangling":
            path.symlink_to("nowhere/at/all")
        case "device":
            path.symlink_to("/dev/zero")


def as_toml(table: dict[str, Any]) -> str:
    """A suite's table as TOML; values are those of JSON, which TOML writes nearly alike."""
    lines = []
    for key, value in table.items():
        if key == "tasks" and isinstance(value, list) and all(isinstance(v, dict) for v in value):
            continue
        if key == "grid" and isinstance(value, dict):
            continue
        lines.append(f"{json.dumps(key)} = {_toml(value)}")
    if isinstance(table.get("grid"), dict):
        lines.append("[grid]")
        lines += [f"{json.dumps(key)} = {_toml(value)}" for key, value in table["grid"].items()]
    tasks = table.get("tasks")
    if isinstance(tasks, list) and all(isinstance(task, dict) for task in tasks):
        for task in tasks:
            lines.append("[[tasks]]")
            lines += [f"{json.dumps(key)} = {_toml(value)}" for key, value in task.items()]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return "nan" if value is None else json.dumps(value)
