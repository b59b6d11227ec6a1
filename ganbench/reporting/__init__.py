"""One self-contained HTML page of finished runs: tables, curves, samples, failures, provenance."""
