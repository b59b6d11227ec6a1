"""What exists already, without training: samples scored, kept generators sampled and exported."""
