"""The ground floor: files written whole, locks, the cache, sealed tensors."""
