"""Losses that variants name, and that are trained as MODEL+LOSS pairs."""
