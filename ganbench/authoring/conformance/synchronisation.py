"""Finding calls that make the host wait for the device, on a machine that has none.

On a CPU nothing waits, but the same calls are made: by their Python names (`.cpu()`, `float(x)`),
and as operators whose result has to be known before the next one can start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

_METHODS = {
    "item",
    "cpu",
    "tolist",
    "numpy",
    "__array__",
    "__bool__",
    "__float__",
    "__int__",
    "__index__",
    "__complex__",
}
_OPERATORS = {
    "aten::_local_scalar_dense": ".item()",
    "aten::nonzero": "nonzero()",
    "aten::masked_select": "masked_select()",
    "aten::_unique2": "unique()",
    "aten::unique_dim": "unique()",
    "aten::equal": "torch.equal()",
}


class HostSyncs:
    """A context that collects, in `calls`, what would synchronise on a GPU, each name once."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._stack = ExitStack()
        self._harmless = False
        self._modes = (_Functions(self._note, self._within), _Operators(self._note))

    def __enter__(self) -> HostSyncs:
        for mode in self._modes:
            self._stack.enter_context(mode)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _note(self, call: str) -> None:
        if not self._harmless and call not in self.calls:
            self.calls.append(call)

    @contextmanager
    def _within(self, name: str, args: Any, kwargs: Any) -> Iterator[None]:
        """`one_hot` looks at its input on a CPU alone, where the number of classes is given."""
        before = self._harmless
        given = len(args) > 1 or "num_classes" in (kwargs or {})
        self._harmless = before or (name == "one_hot" and given)
        try:
            yield
        finally:
            self._harmless = before


class _Functions(TorchFunctionMode):
    """Sees what Python calls, such as `.cpu()` of a tensor that is there already."""

    def __init__(self, note: Any, within: Any) -> None:
        super().__init__()
        self._note, self._within = note, within

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        name = getattr(func, "__name__", "")
        if name in _METHODS and args and isinstance(args[0], Tensor):
            self._note(f".{name}()" if not name.startswith("__") else f"{name.strip('_')}(tensor)")
        if name == "to" and "cpu" in map(_device, (*args[1:], *(kwargs or {}).values())):
            self._note('.to("cpu")')
        with self._within(name, args, kwargs):
            return func(*args, **(kwargs or {}))


class _Operators(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees what torch's own code calls, such as the `item` inside of a `clamp`."""

    def __init__(self, note: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._note = note

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        name = func._schema.name
        if name in _OPERATORS:
            self._note(_OPERATORS[name])
        if name in ("aten::index", "aten::index_put", "aten::index_put_"):
            masks = [one for one in args[1] if one is not None and one.dtype == torch.bool]
            if masks:
                self._note("indexing with a mask")
        return func(*args, **(kwargs or {}))


def _device(argument: object) -> str:
    return str(argument) if isinstance(argument, str | torch.device) else ""
