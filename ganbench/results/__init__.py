"""Records, the store that keeps them, and the tables and leaderboards made from them."""
