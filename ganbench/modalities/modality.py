"""One kind of data: how it is stored, what networks see of it, and how it is shown to people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganbench.api.data import DataInfo, ModalityName
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.modalities.media import Media

if TYPE_CHECKING:
    from torch import Tensor, nn

RANGE_SLACK = 1e-5
"""How far out of its range rounding may carry a number that a network emits."""

_EXTRAS = ("rate", "vocabulary", "schema", "halves", "spectrogram")
"""Fields of `DataInfo` that one modality each has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modality:
    """What the rest of ganbench asks about a sample instead of asking what it is.

    Functions that get `info` get a `DataInfo` that `check_info` has passed. What they return as
    text is why something is wrong, empty where it is right.

    Args:
        name: as in `DataInfo.modality` and in a spec's `modalities`.
        stored: type of the numbers in `Data`, by torch's name: ``uint8``.
        axes: of one sample as networks see it, in order.
        stored_axes: of one sample as it is stored, in order.
        has: the field of `DataInfo` that it alone has; empty: none.
        examples: shapes to try plugins with, the most usual one first.
        partner: the model that a loss is tried with on such data.
        fault: ``fault(info)``: what is wrong with a description whose axes are as many as they
            should be and which has what it `has`.
        stored_shape: ``stored_shape(info)``: of one sample.
        fit: ``fit(info, train)``: the description with what it takes to encode, if that is to be
            measured on the train split.
        value_fault: ``value_fault(stored, info)``: what is wrong with samples of the right type and
            shape, which are finite.
        score_fault: ``score_fault(stored, info)``: the same of samples that are scored and never
            learnt from; None: the same. What a description measured on its own samples, such as the
            range of a column, binds no others.
        doubt: ``doubt(stored, info)``: what looks wrong with samples that are allowed.
        apart: ``apart(one, other)``: what two descriptions of such data mean otherwise by the same
            numbers of samples of one shape, behind "they have": ``16,000 and 8,000 samples per
            second``. Empty: the samples of one are samples of the other.
        alike: what to type for data sets that are to be alike.
        translate: ``translate(stored, own, info)``: samples as they are stored in a data set `own`,
            as `info` would store them. Where it cannot, it raises a `UsageError` that names what
            has no place there.
        encode: ``encode(stored, info)``: (N, *stored_shape) to (N, *shape) float32, on any device.
            It never changes what it is given, and may return it.
        decode: ``decode(raw, info)``: what a generator emits, (N, *shape) finite floats, to what
            would be stored. ``decode(encode(stored))`` is `stored`, but for what is rounded.
        range_fault: ``range_fault(raw, info)``: what is wrong with the range of what a generator
            emits. `decode` takes any: real samples, which a discriminator sees beside, do not.
        output_layer: ``output_layer(info)``: a module without weights from any (N, *shape) into
            that range.
        sheet: ``sheet(fakes, real, title, info)``: what a run has come to, for its folder.
        frame: ``frame(fakes, real, info)``: the same in a few kilobytes, for every evaluation.
            Both get stored samples, more than they need, on any device, and return nothing where
            there is nothing to see.
        files: ``files(samples, info)``: all stored samples for other programs, without loss, by the
            stem of each file's name: a file each, or one of all where samples are rows.
        emitted: what the numbers that networks see and emit mean, in one line.
    """

    name: ModalityName
    stored: str
    axes: tuple[str, ...]
    stored_axes: tuple[str, ...]
    has: str = ""
    examples: tuple[DataInfo, ...]
    partner: str
    fault: Callable[[DataInfo], str]
    stored_shape: Callable[[DataInfo], tuple[int, ...]]
    fit: Callable[[DataInfo, Tensor], DataInfo] = lambda info, train: info
    value_fault: Callable[[Tensor, DataInfo], str]
    score_fault: Callable[[Tensor, DataInfo], str] | None = None
    doubt: Callable[[Tensor, DataInfo], str]
    apart: Callable[[DataInfo, DataInfo], str] = lambda one, other: ""
    alike: str = ""
    translate: Callable[[Tensor, DataInfo, DataInfo], Tensor] = lambda stored, own, info: stored
    encode: Callable[[Tensor, DataInfo], Tensor]
    decode: Callable[[Tensor, DataInfo], Tensor]
    range_fault: Callable[[Tensor, DataInfo], str]
    output_layer: Callable[[DataInfo], nn.Module]
    sheet: Callable[[Tensor, Tensor, str, DataInfo], tuple[Media, ...]]
    frame: Callable[[Tensor, Tensor, DataInfo], tuple[Media, ...]]
    files: Callable[[Tensor, DataInfo], dict[str, Media]]
    emitted: str

    def check_info(self, info: DataInfo) -> None:
        """Make sure that a description is one of such data.

        Raises:
            PluginNotUsable: what is wrong with it.
        """
        if fault := self.info_fault(info):
            raise PluginNotUsable(
                f"data set {info.name} describes {self.name} data wrongly: {fault}"
            )

    def check(self, what: str, samples: Tensor, info: DataInfo, *, scored: bool = False) -> None:
        """Make sure that samples are what `info` promises.

        Args:
            what: they are, for errors: ``train of data set digits``.
            samples: one split of a data set.
            info: the data set's.
            scored: whether they are only scored, and nobody learns from them.

        Raises:
            PluginNotUsable: another type, shape, order of axes or device; values out of range.
        """
        if str(samples.dtype) != f"torch.{self.stored}":
            raise PluginNotUsable(f"{what} must be torch.{self.stored}, it is {samples.dtype}")
        wanted, found = self.stored_shape(info), tuple(samples.shape)
        if found[1:] != wanted:
            shape = ", ".join(map(str, ("N", *wanted)))
            order = self._order() if sorted(found[1:]) == sorted(wanted) else ""
            raise PluginNotUsable(
                f"{what} must be of shape ({shape}), it is a tensor of shape {found}{order}"
            )
        if samples.device.type != "cpu":
            raise PluginNotUsable(f"{what} must be on the CPU, it is on {samples.device}")
        if samples.is_floating_point() and not bool(samples.isfinite().all()):
            raise PluginNotUsable(f"{what} must be finite, it has NaN or infinite values")
        ask = (scored and self.score_fault) or self.value_fault
        if len(samples) and (fault := ask(samples, info)):
            raise PluginNotUsable(f"{what} {fault}")

    def translated(self, stored: Tensor, own: DataInfo, info: DataInfo) -> Tensor:
        """Samples of one data set as another one, of this modality, would store them.

        Args:
            stored: (N, *stored shape of `own`), on any device.
            own: what they are.
            info: what they are to be.

        Returns:
            (N, *stored shape of `info`).

        Raises:
            UsageError: another modality or shape, or something that `info` has no place for.
        """
        self._require_same(own, info)
        found = self.translate(stored, own, info)
        self.require_shape(found, own.name, info)
        return found

    def require_kin(self, own: DataInfo, info: DataInfo) -> None:
        """Make sure, before there are samples, that some of them could be `translated`.

        Raises:
            UsageError: none could: another modality or shape, or what all samples have.
        """
        import torch

        self._require_same(own, info)
        shape, stored = self.stored_shape(own), getattr(torch, self.stored)
        self.translated(torch.empty((0, *shape), dtype=stored), own, info)

    def _require_same(self, own: DataInfo, info: DataInfo) -> None:
        if own.modality != self.name:
            raise UsageError(
                f"{own.name} holds {own.modality} of shape {own.shape}, {info.name} holds "
                f"{info.modality} of shape {info.shape}"
            )

    def require_shape(self, samples: Tensor, name: str, info: DataInfo) -> None:
        """Make sure that samples have the shape that such data are stored in.

        Raises:
            UsageError: they have another one.
        """
        found, wanted = tuple(samples.shape[1:]), self.stored_shape(info)
        if found != wanted:
            raise UsageError(
                f"{name} holds samples of shape {found}, {info.name} has samples of shape {wanted}",
                self.alike or "bring both to one shape",
            )

    def info_fault(self, info: DataInfo) -> str:
        """What is wrong with a description; empty if nothing is."""
        for extra in _EXTRAS:
            given = getattr(info, extra) is not None
            if given != (extra == self.has):
                return f"it must {'not have' if given else 'have'} {extra}"
        axes, shape = f"({', '.join(self.axes)})", info.shape
        if len(shape) != len(self.axes) or min(shape) < 1:
            return f"its shape must be {axes}, it is {shape}"
        return self.fault(info)

    def _order(self) -> str:
        first, *others = self.stored_axes
        return f": {first} come first, then {', '.join(others)}"


MOST_NAMED = 5
"""Of what is wrong: more say the same again."""


def named(texts: Sequence[str]) -> str:
    """The first few, quoted: ``'a', 'b' and 7 more``."""
    more = f" and {len(texts) - MOST_NAMED:,} more" if len(texts) > MOST_NAMED else ""
    return ", ".join(map(repr, texts[:MOST_NAMED])) + more


def no_fault(*_: object) -> str:
    """Nothing is wrong."""
    return ""


def same(samples: Tensor, info: DataInfo) -> Tensor:
    """Samples as they are: networks see what is stored."""
    return samples


def shape_of(info: DataInfo) -> tuple[int, ...]:
    """The networks' shape, which is the stored one as well."""
    return info.shape


def tanh_range(raw: Tensor, info: DataInfo) -> str:
    """What is wrong with the range of what should lie between -1 and 1."""
    low, high = float(raw.min()), float(raw.max())
    if -1 - RANGE_SLACK <= low <= high <= 1 + RANGE_SLACK:
        return ""
    return f"lie in [{low:.3g}, {high:.3g}], not in [-1, 1]"


def simplex_range(raw: Tensor) -> str:
    """What is wrong with what should be shares of one along the last axis."""
    low, total = float(raw.min()), raw.sum(dim=-1)
    if low >= -RANGE_SLACK and bool(((total - 1).abs() <= RANGE_SLACK * raw.shape[-1]).all()):
        return ""
    least, most = float(total.min()), float(total.max())
    return (
        f"are at least {low:.3g} and add up to {least:.3g} to {most:.3g}, not at least 0 and to 1"
    )


def one_hot(places: Tensor, count: int) -> Tensor:
    """(..., count) float32: a one at each of the places, (...) int64.

    torch's own looks on a CPU for the smallest and the largest place first: a step of the training
    would wait for numbers.
    """
    import torch

    return (places[..., None] == torch.arange(count, device=places.device)).float()


def tanh(info: DataInfo) -> nn.Module:
    """Into -1 to 1."""
    from torch import nn

    return nn.Tanh()
