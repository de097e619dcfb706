"""How long does the first call of a method take, with nothing compiled before?

python benchmarks/first_use.py [NAME ...]
"""

import os
import subprocess
import sys
import tempfile

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

for name in sys.argv[1:] or CALLS:
    with tempfile.TemporaryDirectory() as empty:
        program = PROGRAM.format(call=CALLS[name])
        environment = {**os.environ, "NUMBA_CACHE_DIR": empty}
        print(name, "s: ", end="", flush=True)
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
