"""
Planes in space, and the graph of their cells
=============================================

The Shi arrangement x_i − x_j = 0, 1 of four coordinates, cut by a space across the common
direction: 12 planes, 125 cells. They are drawn exactly one behind the other: a ray to the eye
crosses each plane once, so that pieces can be drawn in the order of the planes before them. In
.svg and .pdf pictures are vectors, and text stays text.
"""

from arrangement import Arrangement, families, plot

walls = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
names = ["x = 0", "y = 0", "z = 0", "x + y + z = 1"]
plot.arrangement(Arrangement(walls, [0, 0, 0, -1], names).cells())

# %%
shi = families.shi(4).essentialization().cells()
assert len(shi) == (4 + 1) ** (4 - 1)
plot.arrangement(shi)

# %%
# With a value for each cell, the cells themselves: here their facets.
plot.arrangement(shi, values=shi.polyhedra.f_vectors[:, 2], label="facets")

# %%
# Cells by the number of planes between them and one of them, the base: the weak order of the
# symmetric group on four letters.
plot.tope_graph(families.braid(4).cells())
