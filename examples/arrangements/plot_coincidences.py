"""
Coincidences are input like any other
=====================================

Parallel, repeated and concurrent lines are found exactly: 1/3 as text is a third, 0.1 is the
number that a float stores, and sqrt(2) is the root.
"""

from arrangement import Arrangement, plot

lines = Arrangement(
    [["1/3", 1], [1, 3], [0, 1], [0, 2], ["sqrt(2)", 1], [2, "sqrt(2)"]],
    [0, 0, 0, -1, 0, 0],
)
cells = lines.cells()
print(len(cells), "cells: rows 0 and 1 are one line, and so are 4 and 5")

# %%
# What the flats tell of it: the characteristic polynomial t² − 4t + 4 is 9 at t = −1.
print("polynomial", lines.characteristic_polynomial(), "cells", lines.n_cells())
print("faces by dimension", lines.face_vector())

# %%
plot.arrangement(cells)

# %%
# Moved by a millionth of a millionth, three lines no longer meet in a point.
moved = Arrangement([["1/3", 1], [0, 1], ["sqrt(2)", 1]], [0, 0, "1/1000000000000"])
print(moved.n_cells(), "cells, one of them a very small triangle")
assert moved.n_cells() == 7
