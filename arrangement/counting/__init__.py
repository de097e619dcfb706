"""Counting without listing: characteristic polynomials, flats, symmetry, the intersection
poset."""
