"""The smallest adversarial game (Mescheder et al. 2018): data, model and score, with its theory."""
