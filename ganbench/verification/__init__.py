"""Scores of finished runs computed again, and published rows held to them."""
