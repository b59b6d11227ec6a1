"""Records, the store that keeps them, and frames of them."""
