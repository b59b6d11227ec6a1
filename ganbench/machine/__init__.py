"""This machine: devices, versions, where the source is from. Never imports torch to be told."""
