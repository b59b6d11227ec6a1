"""`ganbench check`: whether a plugin keeps the contract."""
