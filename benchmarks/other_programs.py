"""Other programs read the files that `Arrangement.write` and `Cell.write` write.

Each program that is on PATH (polymake, M2, lrs, scdd_gmp; SageMath by the command that --sage
names, such as "sage" or the python of a venv with passagemath-polyhedra) reads the files of
some arrangements and says how many regions, hyperplanes, or vertices and rays there are:

    python benchmarks/other_programs.py [--sage COMMAND]

A line with "differs" is a mistake, and makes the exit code 1.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from arrangement import Arrangement, families
from arrangement.files.cdd import read_cdd

MEMBERS = {
    "shi 3": families.shi(3),
    "B3": families.coxeter("B", 3),
    "long numbers": Arrangement(
        [["1/3", "-2/7", 0], [1, 1, 1], [0, 10**30, 1], ["5/2", 0, -1]], [1, 0, "-1/9", 0]
    ),
    "floats": families.generic(5, 2),
}

POLYMAKE = """use application "fan";
print load("{path}")->CHAMBER_DECOMPOSITION->N_MAXIMAL_CONES, "\\n";
"""
SAGE = """
print(len(A.regions()))
"""


def asked(command, **options):
    """The last line that a command prints, without escape sequences."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return lines[-1].strip() if lines else done.stderr[-300:]


def regions_of_polymake(arrangement, folder):
    arrangement.write(folder / "a.poly")
    (folder / "a.pl").write_text(POLYMAKE.format(path=folder / "a.poly"))
    return asked(["polymake", "--script", str(folder / "a.pl")])


def hyperplanes_of_macaulay2(arrangement, folder):
    arrangement.write(folder / "a.m2")
    script = (folder / "a.m2").read_text() + "print length toList A; exit 0\n"
    (folder / "b.m2").write_text(script)
    return asked(["M2", "--script", str(folder / "b.m2")])


def regions_of_sage(arrangement, folder, command):
    path = folder / "a.sage"
    arrangement.write(path)
    start = "from sage.all__sagemath_polyhedra import *\n" if "python" in command else ""
    path.write_text(start + path.read_text() + SAGE)
    return asked([command, str(path)])


def generators_of_lrs(cell, folder):
    cell.write(folder / "cell.ine")
    done = subprocess.run(
        ["lrs", str(folder / "cell.ine")], capture_output=True, text=True, timeout=300
    )
    found = re.search(r"vertices=(\d+) rays=(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else done.stdout[-300:]


def generators_of_cdd(cell, folder):
    cell.write(folder / "cell.ine")
    subprocess.run(["scdd_gmp", str(folder / "cell.ine")], capture_output=True, cwd=folder)
    _, rows, lines = read_cdd(folder / "cell.ext", "V")
    kept = [tuple(row) for k, row in enumerate(rows) if k not in lines]
    # Of a cone cdd leaves out the vertex at the origin.
    return {row[1:] for row in kept if row[0] and any(row[1:])}, sum(not r[0] for r in kept)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sage", metavar="COMMAND")
    sage = parser.parse_args().sage
    wrong = 0

    def tell(program, name, found, wanted):
        nonlocal wrong
        wrong += found != wanted
        verdict = "agrees" if found == wanted else f"differs: {found!r}, not {wanted!r}"
        print(f"{program:10} {name:14} {verdict}")

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        os.environ["HOME"] = place  # polymake makes a directory there
        for name, arrangement in MEMBERS.items():
            count = str(arrangement.n_cells())
            if shutil.which("polymake"):
                tell("polymake", name, regions_of_polymake(arrangement, folder), count)
            if shutil.which("M2"):
                length = str(len(arrangement))
                tell("Macaulay2", name, hyperplanes_of_macaulay2(arrangement, folder), length)
            if sage:
                tell("SageMath", name, regions_of_sage(arrangement, folder, sage), count)
            for cell in arrangement.cells():
                if cell.lines():
                    continue
                vertices, rays = cell.vertices(), cell.rays()
                if shutil.which("lrs"):
                    both = len(vertices), len(rays)
                    tell("lrs", f"{name} {cell.index}", generators_of_lrs(cell, folder), both)
                if shutil.which("scdd_gmp"):
                    both = {v for v in vertices if any(v)}, len(rays)
                    tell("cdd", f"{name} {cell.index}", generators_of_cdd(cell, folder), both)
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
