"""Architectures: blocks that variants share, and the models built from them."""
