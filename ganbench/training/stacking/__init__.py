"""Several trainings that differ in their seed, as one program of batched products."""
