"""Prints the lowest version that pyproject.toml allows of each dependency, for pip -c."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
groups = project["optional-dependencies"].values()
for wanted in [*project["dependencies"], *(one for group in groups for one in group)]:
    name, floor = re.fullmatch(r"([\w-]+)(?:\[[\w,]+\])?(?:>=([\d.]+))?", wanted).groups()
    if name != project["name"]:
        print(f"{name}=={floor}")
