"""Evaluations: samples drawn once, features extracted once, the real side shared by runs."""
