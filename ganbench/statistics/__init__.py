"""Numbers over runs: intervals, tests, ranks, stability. Never sees a tensor."""
