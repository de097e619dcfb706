"""Compiled loops for the polyhedral complex of a network."""
