"""Losses that no variant here is made of: they are trained as MODEL+LOSS pairs."""
