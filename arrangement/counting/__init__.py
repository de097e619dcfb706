"""Counting without listing: characteristic polynomials, flats, the intersection poset."""
