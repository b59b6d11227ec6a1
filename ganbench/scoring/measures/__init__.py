"""From one evaluation to measurements: the `compute` functions of the built-in scores.

They join the kernels in `ganbench.scoring` to what a table needs: the column's identity, its range,
floor and cap, its null, its direction.
"""
