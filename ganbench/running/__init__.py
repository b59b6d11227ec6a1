"""One run in its process: built, trained, evaluated, kept, recorded."""
