"""
Vertices, volumes and largest balls of all cells
================================================

The closures of all cells as polyhedra, at once. Vertices and volumes are exact, and there in
float64, too.
"""

import numpy as np
from matplotlib.patches import Circle

from arrangement import Arrangement, plot

normals = [[1, 0], [0, 1], [1, 1], [1, -1], [2, 1], [1, 3], [3, -2], [1, -4]]
lines = Arrangement(normals, [0, -1, -3, 1, 2, 0, -4, 2])
cells = lines.cells()
polyhedra = cells.polyhedra
print(polyhedra)

# %%
# The largest bounded cell, exactly.
bounded = np.flatnonzero(cells.bounded)
largest = bounded[polyhedra.volumes[bounded].argmax()]
print("area", polyhedra.exact_volumes([largest])[0])
for vertex in polyhedra.vertices_of(largest):
    print("vertex", *polyhedra.exact_vertices[vertex])

# %%
# The largest ball in each bounded cell: a centre and a radius, by a linear program each.
centres, radii = polyhedra.chebyshev_balls
reach = np.abs(polyhedra.vertices).max(axis=0) + 0.2
figure = plot.arrangement(cells, window=[(-r, r) for r in reach])
for cell in bounded:
    figure.axes[0].add_patch(Circle(centres[cell], radii[cell], fill=False, edgecolor="black"))
figure
