"""How long does the first call of a method take, with nothing compiled before?

python benchmarks/first_use.py [NAME ...]
python benchmarks/first_use.py --build

With ``--build``: what it takes to build the loops, in a copy of the sources, and how large they
and the wheel are (which takes the package `build`).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CALLS = {
    "fit_global": "OneHiddenLayer(X, y, hidden=2).fit_global()",
    "landscape": "OneHiddenLayer(X, y).landscape()",
    "network": "Network.random([2, 8, 2], rng=0).regions([(-1, 1)] * 2).n_linear_regions",
    "domain": "A.cells(domain=[(-1, 1)] * 2), A.n_cells(domain=[(-1, 1)] * 2)",
}
PROGRAM = """
import time
start = time.perf_counter()
import numpy as np
from arrangement import Arrangement
from arrangement.relu import Network, OneHiddenLayer
rng = np.random.default_rng(0)
X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
A = Arrangement(X, y)
{call}
print(round(time.perf_counter() - start, 1))
"""


def build():
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns("_built*", "__pycache__", ".*cache", ".git", ".venv")
        shutil.copytree(root, copy, ignore=ignored)
        before = os.times()
        subprocess.run(
            [sys.executable, copy / ".build" / "kernels.py"], check=True, capture_output=True
        )
        after = os.times()
        processor = sum(after[2:4]) - sum(before[2:4])
        wall = after.elapsed - before.elapsed
        built = sum(path.stat().st_size for path in copy.rglob("_built*"))
        subprocess.run(
            [sys.executable, "-m", "build", "--wheel", "--outdir", folder, copy],
            check=True,
            capture_output=True,
        )
        (wheel,) = Path(folder).glob("*.whl")
        print(f"build: {wall:.0f} s, {processor:.0f} s of processor time")
        print(f"loops: {built / 1e6:.1f} MB, wheel: {wheel.stat().st_size / 1e6:.1f} MB")


if sys.argv[1:] == ["--build"]:
    build()
    sys.exit()

for name in sys.argv[1:] or CALLS:
    with tempfile.TemporaryDirectory() as empty:
        program = PROGRAM.format(call=CALLS[name])
        environment = {**os.environ, "NUMBA_CACHE_DIR": empty}
        print(name, "s: ", end="", flush=True)
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
