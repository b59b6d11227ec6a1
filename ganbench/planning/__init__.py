"""From a suite and flags to an ordered list of runs with content-hash ids. Never imports torch."""
