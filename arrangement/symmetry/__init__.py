"""Symmetry: linear maps that permute the hyperplanes, and the reflections among them."""
