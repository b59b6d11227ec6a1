"""Running a plan: a process per run, limits kept by the parent, a record for every run."""
