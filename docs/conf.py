"""How the site is built: ``python -m sphinx -W -b html docs docs/_build/html``."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from docutils.nodes import SkipNode
from latex2mathml.converter import convert
from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

from arrangement.cli import COMMANDS, parser_with
from arrangement.version import __version__

HERE = Path(__file__).parent

project = "arrangement"
author = "The arrangement developers"
copyright = "The arrangement developers"
release = version = __version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
html_theme = "pydata_sphinx_theme"
html_title = "arrangement"
html_theme_options = {"show_toc_level": 2, "header_links_before_dropdown": 6}
# Pages without pages below them have no navigation to show.
html_sidebars = {
    page: [] for page in [*(path.stem for path in HERE.glob("*.md")), "notebooks/*"]
}
html_show_sourcelink = False
# Notebooks lie where they are looked for; one without torch is not run, but shown.
shutil.copytree(HERE.parent / "examples" / "notebooks", HERE / "notebooks", dirs_exist_ok=True)
nb_execution_excludepatterns = [] if find_spec("torch") else ["notebooks/torch_network.ipynb"]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "gallery/**/*.ipynb", "gallery/*.ipynb"]
suppress_warnings = ["config.cache"]  # The scraper is a function.

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_in_temp = True  # Pages write files.
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_math_renderer = "mathml"  # which browsers set themselves: no script, no network


def figures(_block, variables, settings):
    """Sphinx-Gallery's scraper: the figures that a block has made, of pyplot or not."""
    made = variables["example_globals"]
    shown = [v for name, v in made.items() if isinstance(v, Figure) and name != "___"]
    last = made.get("___")
    paths = []
    for figure in [*shown, *([last] if isinstance(last, Figure) else [])]:
        if not hasattr(figure, "_scraped"):
            figure._scraped = True
            paths.append(next(variables["image_path_iterator"]))
            figure.savefig(paths[-1], dpi=110)
    return figure_rst(paths, settings["src_dir"])


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "ignore_pattern": r"records",
    "image_scrapers": (figures,),
    "ignore_repr_types": r"matplotlib|arrangement\.plot",
    "subsection_order": [
        f"../examples/{part}" for part in ("arrangements", "landscapes", "networks")
    ],
    "within_subsection_order": "FileNameSortKey",
    "plot_gallery": True,
    "abort_on_example_error": True,
    "show_memory": False,
    "min_reported_time": 5,
    "write_computation_times": False,
    "default_thumb_file": str(HERE / "slice.png"),
}


def write_command_line(_app):
    """The reference of the command line, from its parsers."""
    os.environ["COLUMNS"] = "96"
    parser = parser_with()
    commands = parser._subparsers._group_actions[0].choices
    page = ["# Command line", f"```text\n{parser.format_help()}```"]
    for name, command in commands.items():
        page += [
            f"## {name}",
            COMMANDS[name][1].capitalize() + ".",
            f"```text\n{command.format_help()}```",
        ]
    (HERE / "reference" / "command_line.md").write_text(
        "\n\n".join(page) + "\n", encoding="utf-8"
    )


def mathml(display):
    """How Sphinx writes formulas."""

    def visit(translator, node):
        translator.body.append(convert(node.astext(), display=display))
        raise SkipNode

    return visit, None


def spare_bars(_app, _what, _name, _thing, _options, lines):
    """A |size| in a docstring is no substitution of reStructuredText; what is run stays."""
    runs = False
    for at, line in enumerate(lines):
        runs = line.lstrip().startswith(">>>") or (runs and bool(line.strip()))
        if not runs:
            parts = line.split("``")
            lines[at] = "``".join(
                part if k % 2 else part.replace("|", r"\|") for k, part in enumerate(parts)
            )


def skip_inherited(_app, _what, _name, member, _skip, _options):
    """Of estimators leave out what scikit-learn documents; None leaves the rest to autodoc."""
    return True if (getattr(member, "__module__", "") or "").startswith("sklearn") else None


def setup(app):
    """Sphinx's hook."""
    app.add_html_math_renderer("mathml", mathml("inline"), mathml("block"))
    app.connect("autodoc-skip-member", skip_inherited)
    app.connect("autodoc-process-docstring", spare_bars, priority=400)
    app.connect("builder-inited", write_command_line)
