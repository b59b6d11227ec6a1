"""Which image towers OpenAI has published, and where."""

from __future__ import annotations

from dataclasses import dataclass

from ganbench_plugins.extractors.weights import Source

HOME = "https://openaipublic.azureedge.net/clip/models"
SHA256 = {
    "RN50": "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762",
    "RN101": "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599",
    "RN50x4": "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd",
    "RN50x16": "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa",
    "RN50x64": "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c",
    "ViT-B-32": "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
    "ViT-B-16": "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
    "ViT-L-14": "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
    "ViT-L-14-336px": "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
}


@dataclass(frozen=True, slots=True)
class Tower:
    """An image tower: a vision transformer, or CLIP's own kind of ResNet.

    Args:
        file: OpenAI's, without its ending.
        d: number of features.
        side: of the images that it sees, in pixels.
        layers: transformer blocks, or residual blocks in each of the four stages.
        width: of the transformer, or of the ResNet's first stage.
        patch: side of a patch in pixels; None for a ResNet.
    """

    file: str
    d: int
    side: int
    layers: int | tuple[int, int, int, int]
    width: int
    patch: int | None = None

    @property
    def source(self) -> Source:
        """OpenAI's file; in torch's hub cache it has the name that torch-fidelity gives it."""
        name, sha256 = f"clip-{self.file.lower()}", SHA256[self.file]
        return Source(
            name=name,
            url=f"{HOME}/{sha256}/{self.file}.pt",
            sha256=sha256,
            file=f"{name}-{sha256}.pt",
        )


TOWERS = (
    Tower("RN50", 1024, 224, (3, 4, 6, 3), 64),
    Tower("RN101", 512, 224, (3, 4, 23, 3), 64),
    Tower("RN50x4", 640, 288, (4, 6, 10, 6), 80),
    Tower("RN50x16", 768, 384, (6, 8, 18, 8), 96),
    Tower("RN50x64", 1024, 448, (3, 15, 36, 10), 128),
    Tower("ViT-B-32", 512, 224, 12, 768, 32),
    Tower("ViT-B-16", 512, 224, 12, 768, 16),
    Tower("ViT-L-14", 768, 224, 24, 1024, 14),
    Tower("ViT-L-14-336px", 768, 336, 24, 1024, 14),
)
