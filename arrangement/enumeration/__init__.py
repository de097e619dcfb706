"""Cells: which there are. Hyperplanes in normal form go in, packed sign vectors come out."""
