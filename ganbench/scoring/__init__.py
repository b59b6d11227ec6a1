"""Every score: kernels on samples and features, stability, and statistics of few seeds.

Importing this package does not import torch; `stability`, `statistics` and `ranking` never do.
"""
