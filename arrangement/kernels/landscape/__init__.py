"""Compiled loops for tuples of neurons and their losses."""
