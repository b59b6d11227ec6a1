"""Every variant, data set, score and extractor that ganbench carries.

They register through the entry-point group `ganbench.plugins`, exactly as third parties do.
"""
