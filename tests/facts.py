"""Known counts, each confirmed by independent enumerations.

Sources: OEIS A034997 (resonance), A344494 and A000609 (threshold); Zaslavsky 1975; Stanley,
An Introduction to Hyperplane Arrangements, 2007; the families' closed forms are beside them.
"""

from math import factorial

from arrangement import families

WHITNEY = {
    ("resonance", 2): [1, 3, 2],
    ("resonance", 3): [1, 7, 15, 9],
    ("resonance", 4): [1, 15, 80, 170, 104],
    ("resonance", 5): [1, 31, 375, 2130, 5270, 3485],
    ("resonance", 6): [1, 63, 1652, 22435, 159460, 510524, 371909],
    ("threshold", 2): [1, 4, 6, 3],
    ("threshold", 3): [1, 8, 28, 44, 23],
    ("threshold", 4): [1, 16, 120, 460, 820, 465],
    ("threshold", 5): [1, 32, 496, 4240, 19660, 43014, 27129],
}
EDGES = {
    ("resonance", 2): 6,
    ("resonance", 3): 48,
    ("resonance", 4): 760,
    ("threshold", 2): 24,
    ("threshold", 3): 256,
    ("threshold", 4): 5920,
}
CELLS = {
    **{key: sum(whitney) for key, whitney in WHITNEY.items()},
    **{("braid", n): factorial(n) for n in range(1, 8)},
    **{("shi", n): (n + 1) ** (n - 1) for n in range(2, 7)},
    ("catalan", 2): 4,
    ("catalan", 3): 30,
    ("catalan", 4): 336,
    ("catalan", 5): 5040,
    ("linial", 2): 2,
    ("linial", 3): 7,
    ("linial", 4): 36,
    ("linial", 5): 246,
    ("linial", 6): 2104,
    ("semiorder", 2): 3,
    ("semiorder", 3): 19,
    ("semiorder", 4): 183,
    ("cross_polytope", 6): 454,
    ("cross_polytope", 7): 1394,
    ("cross_polytope", 8): 4246,
    ("cross_polytope", 9): 12866,
    ("cross_polytope", 10): 38854,
    ("demicube", 4): 146,
    ("demicube", 5): 3756,
    ("permutohedron", 3): 32,
    **{("ternary", d): cells for d, cells in enumerate((2, 8, 96, 5376), 1)},
    ("ish_b", 3): 343,
}
CELLS_BY_NAME = {
    **{("shi", "B3", m): (6 * m + 1) ** 3 for m in (1, 2)},
    ("catalan", "B3"): 20 * 48,  # the Catalan number of B3, and its reflection group
    ("catalan", "D4"): 50 * 192,
    ("matroid", "pappus"): 56,
    ("matroid", "desargues"): 72,
}
COUNTS = {
    ("resonance", 7): 347326352,
    ("threshold", 6): 15028134,
    ("threshold", 7): 8378070864,
}
"""Cells of arrangements that are too large to list."""
BOUNDED = {
    **{("shi", n): (n - 1) ** (n - 1) for n in range(2, 7)},
    ("catalan", 2): 2,
    ("catalan", 3): 12,
    ("catalan", 4): 120,
    ("catalan", 5): 1680,
    ("linial", 2): 0,
    ("linial", 3): 1,
    ("linial", 4): 4,
    ("linial", 5): 26,
    ("linial", 6): 212,
    ("semiorder", 2): 1,
    ("semiorder", 3): 7,
    ("semiorder", 4): 61,
}

FAMILIES = {
    "braid 5": families.braid(5),
    "shi 4": families.shi(4),
    "catalan 3": families.catalan(3),
    "linial 4": families.linial(4),
    "resonance 4": families.resonance(4),
    "threshold 3": families.threshold(3),
    "B3": families.coxeter("B", 3),
    "D4": families.coxeter("D", 4),
}
