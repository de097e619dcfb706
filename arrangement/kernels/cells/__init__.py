"""Compiled loops for cells, faces and flats."""
