"""The checks themselves, one module per concern; `ganbench.authoring.table` lists them."""
