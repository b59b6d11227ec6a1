"""A character LSTM (Graves 2013): the law of the next token, to be learnt by maximum likelihood.

Written as matrix products, which the budget's counter sees on any device.
"""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks, Parameter
from ganbench_plugins.networks.ngram import chosen, one_hot, unit

State = tuple[Tensor, Tensor]


class CharLSTM(nn.Module):
    """One layer. A text begins as if the END token, or else token 0, stood before it.

    Args:
        length: tokens of a sample.
        tokens: of the vocabulary.
        end: its END token, or None.
        hidden: units.
    """

    def __init__(self, length: int, tokens: int, end: int | None, hidden: int) -> None:
        super().__init__()
        self.length, self.tokens, self.end, self.hidden = length, tokens, end, hidden
        self.latent_sizes = (0, length)
        self.embed = nn.Embedding(tokens, hidden)
        self.enter = nn.Linear(hidden, 4 * hidden)
        self.recur = nn.Linear(hidden, 4 * hidden, bias=False)
        self.leave = nn.Linear(hidden, tokens)
        nn.init.orthogonal_(self.recur.weight)
        with torch.no_grad():  # gates that keep, at first (Jozefowicz et al. 2015)
            self.enter.bias[hidden : 2 * hidden] = 1.0

    def log_likelihood(self, real: Tensor) -> Tensor:
        """(B,) log-probabilities of texts (B, L, V): sums over their tokens, the END token one."""
        targets = real.argmax(dim=-1)
        logits = self._logits(targets)
        found = logits.log_softmax(dim=-1).gather(2, targets.unsqueeze(2)).squeeze(2)
        if self.end is None:
            return found.sum(dim=1)
        ended = (targets == self.end).long()
        counts = (ended.cumsum(dim=1) - ended == 0).to(found.dtype)  # the first END is told, too
        return (found * counts).sum(dim=1)

    def forward(self, latent: Tensor) -> Tensor:
        """(B, L, V) one-hot texts of latents (B, L), drawn token by token."""
        return self.tempered(latent, 1.0)

    def tempered(self, latent: Tensor, inverse: float) -> Tensor:
        """The same with logits times `inverse`: above 1 it plays safe."""
        uniform, count = unit(latent), len(latent)
        token = self._first(count, latent)
        state = self._nothing(count, latent)
        tokens: list[Tensor] = []
        for place in range(self.length):
            state = self._next(self.enter(self.embed(token)), state)
            law = (inverse * self.leave(state[0])).softmax(dim=-1)
            drawn = chosen(law, uniform[:, place])
            if self.end is not None and tokens:
                drawn = torch.where(token == self.end, self.end, drawn)
            token = drawn
            tokens.append(token)
        return one_hot(torch.stack(tokens, dim=1), self.tokens)

    def _logits(self, targets: Tensor) -> Tensor:
        first = self._first(len(targets), targets).unsqueeze(1)
        entering = self.enter(self.embed(torch.cat([first, targets[:, :-1]], dim=1)))
        state = self._nothing(len(targets), entering)
        seen = []
        for one in entering.unbind(dim=1):
            state = self._next(one, state)
            seen.append(state[0])
        logits: Tensor = self.leave(torch.stack(seen, dim=1))
        return logits

    def _next(self, entering: Tensor, state: State) -> State:
        hidden, cell = state
        gates = entering + self.recur(hidden)
        enter, keep, leave, new = gates.chunk(4, dim=1)
        cell = keep.sigmoid() * cell + enter.sigmoid() * new.tanh()
        return leave.sigmoid() * cell.tanh(), cell

    def _first(self, count: int, like: Tensor) -> Tensor:
        before = 0 if self.end is None else self.end
        return torch.full((count,), before, dtype=torch.int64, device=like.device)

    def _nothing(self, count: int, like: Tensor) -> State:
        zero = torch.zeros(count, self.hidden, device=like.device)
        return zero, zero


def build(
    data: DataInfo,
    *,
    hidden: Annotated[int, Parameter(minimum=4, help="units of the layer")] = 128,
) -> Networks:
    """A character LSTM, without a discriminator."""
    assert data.vocabulary is not None
    length, tokens = data.shape
    return Networks(
        generator=CharLSTM(length, tokens, data.vocabulary.end, hidden),
        latent=Latent(size=length, law="uniform"),
    )
