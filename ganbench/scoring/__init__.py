"""Every score of samples: kernels on samples and features, evaluations, the real side cached."""
