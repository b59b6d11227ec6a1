"""Runs aggregated over seeds, ranked, compared, and laid out as tables."""
