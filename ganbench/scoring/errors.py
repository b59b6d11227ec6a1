"""What the kernels of the scores refuse to turn into a number."""


class NonFiniteSamples(ValueError):
    """Samples or features hold NaN, an infinity, or numbers too large to be squared.

    A run that ends so has failed: it gets a status, never a score.
    """
