"""Writing plugins: `ganbench new` as a function. Importing this never imports torch."""

from ganbench.authoring.scaffold import new

__all__ = ["new"]
