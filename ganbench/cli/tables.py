"""Printing comparison tables."""
from ganbench.results.record import Record

def print_tables(records: list[Record], form: str) -> None:
    print(len(records))
