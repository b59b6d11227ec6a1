"""Telling an author what an error comes from: which network, and which of the lines of a plugin."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ganbench.api.errors import GanbenchError, one_line, type_and_line
from ganbench.catalogue.plugin import BUILT_IN, Plugin

_CALL = "_call_impl"
"""The function of torch in whose frames `self` is a module that is being called."""

_Trace = list[tuple[FrameType, int]]
"""Frames with the lines that they were at, outermost first."""


@dataclass(frozen=True, slots=True)
class _Network:
    what: str
    given: str
    plugin: Plugin
    plugins: list[Plugin]


_networks: weakref.WeakKeyDictionary[Any, _Network] = weakref.WeakKeyDictionary()


def name_network(
    module: object, what: str, given: str, plugin: Plugin, plugins: Iterable[Plugin]
) -> None:
    """Let errors within a network say which one it is.

    Args:
        module: the network; its copies stay without a name.
        what: it is: ``the generator of model dcgan``.
        given: what it is called with, in words: ``z, y``.
        plugin: that it comes from, for errors that pass none of its lines.
        plugins: of whose lines it may be made.
    """
    _networks[module] = _Network(what, given, plugin, list(plugins))


def network_told(module: object, default: str, stack: Iterable[tuple[str, int]]) -> tuple[str, str]:
    """What a network is called, and an author's line or else the network's plugin.

    Args:
        module: the network.
        default: what it is called if it has no name.
        stack: files and lines, innermost first.
    """
    if (known := _networks.get(module)) is None:
        return default, ""
    places = (_place(file, line, known.plugins) for file, line in stack)
    line = _author_first(one for one in places if one is not None)
    return known.what, line or known.plugin.called


def told(error: BaseException, plugins: Iterable[Plugin]) -> str:
    """An error in one line: the network that failed, the error's type, what it says, and the
    plugin's line that it comes from."""
    if isinstance(error, GanbenchError):
        return one_line(error.message)
    plugins, trace = list(plugins), _trace(error)
    for index, (frame, _) in enumerate(trace):
        if (network := _called(frame)) in _networks:
            within, caller = trace[index:], _caller(trace[:index], frame)
            line = _line_of_network(network, caller, within, plugins)
            failure = _failure(network, within, by_plugin=bool(_places(caller, plugins)))
            return f"{failure}: {type_and_line(error)} ({line})"
    passed = _author_first(_places(trace, plugins))
    return f"{type_and_line(error)} ({passed})" if passed else type_and_line(error)


def blame(error: BaseException, plugins: Iterable[Plugin]) -> str | None:
    """The last line of a plugin's code that an error has passed; None if there is none.

    Lines of ganbench's own plugins only count where there is no other: an author's mistake often
    shows in a network that was handed something wrong.
    """
    return _author_first(_places(_trace(error), list(plugins)))


def _trace(error: BaseException) -> _Trace:
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return frames


def _called(frame: FrameType) -> Any:
    """The module whose call a frame is, if it is one."""
    return frame.f_locals.get("self") if frame.f_code.co_name == _CALL else None


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of a plugin; `foreign`: of one that is not ganbench's own."""

    line: str
    foreign: bool


def _place(file: str, number: int, plugins: list[Plugin]) -> _Place | None:
    # The plugin that the file is, rather than another one of the same package.
    for one in sorted(plugins, key=lambda plugin: plugin.file != file):
        if line := one.line(file, number):
            return _Place(line, one.distribution != BUILT_IN)
    return None


def _places(trace: _Trace, plugins: list[Plugin]) -> list[_Place]:
    """Those that a trace passes, the last one first."""
    passed = (_place(frame.f_code.co_filename, line, plugins) for frame, line in reversed(trace))
    return [one for one in passed if one is not None]


def _author_first(places: Iterable[_Place]) -> str | None:
    """The first one that is not ganbench's own, or else the first one."""
    ranked = sorted(places, key=lambda place: not place.foreign)
    return ranked[0].line if ranked else None


def _caller(before: _Trace, call: FrameType) -> _Trace:
    """The frame that calls a module, without those of torch in between."""
    outside = [one for one in before if one[0].f_code.co_filename != call.f_code.co_filename]
    return outside[-1:]


def _failure(network: Any, within: _Trace, *, by_plugin: bool) -> str:
    """What has failed of a network, with whose call the trace begins.

    Args:
        network: the one.
        within: its frames.
        by_plugin: whether a plugin has called it, and not the step or the trainer.
    """
    known, calling = _networks[network], within[0][0].f_code.co_filename
    if all(frame.f_code.co_filename == calling for frame, _ in within):
        given = "what it does not take" if by_plugin else f"({known.given})"
        return f"{known.what} cannot be called with {given}"
    paths = {id(module): path for path, module in network.named_modules()}
    *_, layer = (module for frame, _ in within if (module := _called(frame)) is not None)
    if path := paths.get(id(layer)):
        return f"{known.what} fails in its layer {path} ({type(layer).__name__})"
    return f"{known.what} fails"


def _line_of_network(network: Any, caller: _Trace, within: _Trace, plugins: list[Plugin]) -> str:
    """The line in a network that fails, or the one that calls it wrongly; where none is passed, the
    beginning of its `forward`, or its plugin.

    Who asks a step for logits has no part in it, and neither has what is around the caller, nor a
    score of ganbench's that calls an author's network as it says it may be called.
    """
    own = _networks[network].plugin
    callers = [
        one for one in _places(caller, plugins) if one.foreign or own.distribution == BUILT_IN
    ]
    places = [*_places(within, plugins), *callers]
    code = getattr(type(network).forward, "__code__", None)
    if not places and code and (begins := _place(code.co_filename, code.co_firstlineno, plugins)):
        places.append(begins)
    return _author_first(places) or own.called
