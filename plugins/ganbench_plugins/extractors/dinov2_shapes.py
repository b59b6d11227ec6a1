"""Which vision transformers of DINOv2 Meta has published, and where."""

from __future__ import annotations

from dataclasses import dataclass

from ganbench_plugins.extractors.weights import Source

HOME = "https://dl.fbaipublicfiles.com/dinov2"
SHA256 = {
    "S": "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9",
    "B": "0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73",
    "L": "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
    "g": "baf8467e50af277596bbbafa06887c177ee899ab46033649c383577d7e9309d3",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A vision transformer of DINOv2.

    Args:
        size: its letter, as in the paper.
        width: of the tokens, and number of features.
        depth: blocks.
        heads: of attention.
        gated: whether the blocks' feed-forward layers are SwiGLU.
        patch: side of a patch in pixels.
        grid: side of the square of patches that the position embedding was trained for.
    """

    size: str
    width: int
    depth: int
    heads: int
    gated: bool = False
    patch: int = 14
    grid: int = 37

    @property
    def source(self) -> Source:
        """Meta's file."""
        size = self.size.lower()
        model = f"dinov2_vit{size}{self.patch}"
        return Source(
            name=f"dinov2-vit-{size}-{self.patch}",
            url=f"{HOME}/{model}/{model}_pretrain.pth",
            sha256=SHA256[self.size],
        )


SHAPES = (
    Shape("S", 384, 12, 6),
    Shape("B", 768, 12, 12),
    Shape("L", 1024, 24, 16),
    Shape("g", 1536, 40, 24, gated=True),
)
