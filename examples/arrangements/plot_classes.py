"""
Cells up to symmetry
====================

The threshold functions of three variables are the cells of 8 hyperplanes in R⁴. The
reflections that permute these are the 384 signed permutations of type B4; up to them there are
three functions.
"""

import matplotlib.pyplot as plt
import numpy as np

from arrangement import families

threshold = families.threshold(3)
classes = threshold.cells(symmetry="auto")
print(classes, "under", classes.reflection_group)
assert classes.n_cells == threshold.n_cells() == 104

# %%
# Each class has the size of its orbit, and the order of the subgroup that keeps it.
for point, size, order in zip(
    classes.points, classes.orbit_sizes, classes.stabiliser_orders, strict=True
):
    print(f"{size:3} cells, each kept by {order:3} of {classes.group_order}: {point.round(2)}")

# %%
# The cells of six variables: 15 million, in 135 classes.
sizes = np.sort(families.threshold(6).cells(symmetry="auto").orbit_sizes)
print(f"{len(sizes)} classes of {sizes.sum():,} cells")
figure, axes = plt.subplots()
axes.semilogy(sizes, "o", markersize=3)
axes.set(xlabel="class", ylabel="cells in it", title="Threshold functions of 6 variables")
figure
