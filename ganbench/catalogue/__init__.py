"""Which plugins are there, what state each is in, and what they provide. Never imports torch."""
