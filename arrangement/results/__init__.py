"""What comes back: cells, faces and flats, their points, graphs and lattices."""
