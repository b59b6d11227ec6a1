"""Keras 3 models as networks of ganbench, and a textbook's GAN of them. Needs `ganbench[keras]`."""
