"""Trackers: observers that tell other programs what happens. Each is loaded by `--track NAME`."""
