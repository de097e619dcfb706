"""Signs of all sums of some of n numbers (OEIS A034997): the resonance arrangement.

python examples/records/resonance.py [n] [--checkpoint DIR] [--jobs N] [--audit N]

With x_0 = −(x_1 + … + x_n) it is kept by all permutations of n + 1 numbers.
"""

from records import main

from arrangement.families import resonance

KNOWN = {
    1: 2, 2: 6, 3: 32, 4: 370, 5: 11292, 6: 1066044, 7: 347326352, 8: 419172756930,
    9: 1955230985997140,
}  # fmt: skip

if __name__ == "__main__":
    main(resonance, lambda n: "auto", KNOWN, classes=False)
