"""
Theorems that count cells
=========================

The Shi arrangement in R^n, x_i − x_j = 0 and 1 for i < j, has (n + 1)^(n − 1) cells, of which
(n − 1)^(n − 1) are bounded once the common direction (1, …, 1) is divided out (Shi 1986). The
cells, found one by one, and the characteristic polynomial, from flats alone, agree with it.
"""

from arrangement import families, plot

for n in range(2, 6):
    shi = families.shi(n)
    cells = shi.cells()
    print(n, shi.characteristic_polynomial(), len(cells), int(cells.bounded.sum()))
    assert len(cells) == shi.n_cells() == (n + 1) ** (n - 1)
    assert cells.bounded.sum() == shi.n_bounded_cells() == (n - 1) ** (n - 1)

# %%
# For n = 3 in the plane x_1 + x_2 + x_3 = 0: 16 cells, 4 bounded.
plot.arrangement(families.shi(3).essentialization().cells())
