"""
Mirrors of the icosahedron
==========================

The 15 planes of symmetry of an icosahedron, with exact coordinates over Q(√5), cut the sphere
into 120 congruent triangles: one for each element of the Coxeter group H3.
"""

from arrangement import families, plot

mirrors = families.coxeter("H", 3)
cells = mirrors.cells()
print(len(cells), "chambers; face vector", mirrors.face_vector())
assert len(cells) == 120

# %%
# The characteristic polynomial factors by the exponents 1, 5, 9.
print(mirrors.characteristic_polynomial())
assert mirrors.characteristic_polynomial() == (1, -15, 59, -45)

# %%
plot.arrangement(cells)
