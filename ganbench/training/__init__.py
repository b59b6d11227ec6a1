"""Training under a budget: one loop, its data feed, its clock and its telemetry."""
