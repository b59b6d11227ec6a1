"""The checks themselves, one module per concern; the table of `conformance` lists them."""
