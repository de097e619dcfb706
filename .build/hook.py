"""The hook by which hatchling builds the loops and puts them into a wheel."""

import subprocess
import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KernelsHook(BuildHookInterface):
    """Builds the loops where there is a compiler; where there is none, numba does it later."""

    def initialize(self, version, build_data):
        """Make the wheel one for this platform, with the extensions in it."""
        root = Path(self.root)
        done = subprocess.run(
            [sys.executable, root / ".build" / "kernels.py"],
            stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            reason = (
                "there is no C and C++ compiler that finds Python.h"
                if done.returncode == 3
                else "numba failed at it"
            )
            self.app.display_warning(
                f"the loops are not built, as {reason}: they are compiled when first called"
            )
            return
        if version == "editable":  # They lie in the checkout, where they are looked for.
            return
        for path in map(Path, done.stdout.splitlines()):
            build_data["force_include"][str(path)] = path.relative_to(root).as_posix()
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
