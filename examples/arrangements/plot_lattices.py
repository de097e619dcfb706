"""
Flats and faces as Hasse diagrams
=================================

The flats of an arrangement by reverse inclusion, the whole space below, and its faces by
inclusion. The flats of the braid arrangement are the partitions of a set: 15 of four things.
"""

from arrangement import Arrangement, families, plot

pairs = ["12", "13", "14", "23", "24", "34"]
braid = families.braid(4)
braid = Arrangement(braid.normals, labels=pairs)
plot.arrangement(braid.essentialization().cells())

# %%
# Of rank 2, three pairs of planes that meet in a line of their own, and four times three planes
# in a common one.
poset = braid.intersection_poset()
assert len(poset) == 15
plot.hasse_diagram(poset, labels=braid.labels)

# %%
# All faces of three lines, a triangle among them.
triangle = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
plot.hasse_diagram(triangle.face_lattice())

# %%
# The cells of the same lines, and the facets between them.
plot.tope_graph(triangle.cells())
