"""Running a plan: one isolated process per run, limits kept by the parent, a record for every run."""
