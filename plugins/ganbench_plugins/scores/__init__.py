"""The built-in scores: from one evaluation to measurements.

They join the kernels in `ganbench.scoring` to what a table needs: the column's identity, its range,
floor and cap, its null, its direction. `specs` describes them.
"""
