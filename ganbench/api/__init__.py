"""Everything a plugin author imports. Importing this package never imports torch."""
