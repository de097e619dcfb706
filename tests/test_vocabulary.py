"""Every call in the last column of the tables of words runs, and no word is left out."""

import re
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("Agg")

PAGE = (Path(__file__).parent.parent / "docs" / "vocabulary.md").read_text(encoding="utf-8")
TABLES = PAGE.partition("## Files")[0]
ROWS = [
    [part.strip().replace(r"\|", "|") for part in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in TABLES.splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| SageMath |"))
]
CALL = re.compile(r"[A-Z]\b|cells|flat\b|plot|families|len|list|set|tuple|min|\[|Arrangement")
CALLS = [
    call for *_, last in ROWS for call in re.findall("`([^`]+)`", last) if CALL.match(call)
]
SAGE = """
add_hyperplane backend bounded_regions center change_ring characteristic_polynomial closed_faces
cocharacteristic_polynomial cone defining_polynomial deletion derivation_module_basis
derivation_module_free_chain dimension distance_between_regions distance_enumerator
doubly_indexed_whitney_number essentialization face_product face_semigroup_algebra face_vector
has_good_reduction hyperplanes intersection_poset is_central is_essential is_formal is_free
is_linear is_separating_hyperplane is_simplicial matroid minimal_generated_number
n_bounded_regions n_hyperplanes n_regions orlik_solomon_algebra orlik_terao_algebra plot
poincare_polynomial poset_of_regions primitive_eulerian_polynomial rank region_containing_point
regions restriction sign_vector unbounded_regions union varchenko_matrix vertices whitney_data
whitney_number base_ring ambient_space ngens gens gen less_generators construct_free_chain
normal polyhedron linear_part linear_part_projection point intersection orthogonal_projection
primitive to_symmetric_space symmetric_space braid bigraphical Catalan coordinate Coxeter
G_semiorder G_Shi graphical Ish IshB linial semiorder Shi hyperplane_section
affine_fundamental_group affine_meridians projective_fundamental_group projective_meridians
plot_hyperplane legend_3d
"""
MACAULAY2 = """
arrangement arrangementSum deCone der EPY eulerRestriction flat genericArrangement graphic HS
isCentral isDecomposable lct logCanonicalThreshold makeEssential meet multIdeal multiplierIdeal
orlikSolomon orlikTerao randomArrangement subArrangement typeA typeB typeD vee ring hyperplanes
toList matrix coefficients rank prune trim matroid dual deletion cone poincare euler closure
restriction flats circuits sub Pappus nonFano Desargues MacLane Hessian X2 X3 Ziegler1 Ziegler2
prism notTame bracelet
"""
POLYMAKE = """
HYPERPLANES LINEALITY_SPACE SUPPORT HYPERPLANE_AMBIENT_DIM CHAMBER_DECOMPOSITION
RAYS_IN_HYPERPLANES N_HYPERPLANES CHAMBER_SIGNATURES chamber_to_signature signature_to_chamber
HYPERPLANE_LABELS chamber_decomposition_brute_force make_hyperplanes_unique_in_support
facet_arrangement
"""


@pytest.fixture(scope="module")
def names():
    made = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)[1], made)
    return made


@pytest.mark.parametrize("call", CALLS)
def test_a_call_runs(names, call):
    assert eval(call, names) is not None or call.startswith("plot.page")


def test_every_row_has_a_call_or_a_reason():
    for *_, last in ROWS:
        assert re.search("`", last) or last.startswith("none: "), last
    assert len(CALLS) > 120


@pytest.mark.parametrize("words", [SAGE, MACAULAY2, POLYMAKE])
def test_every_public_word_of_the_others_is_in_a_table(words):
    theirs = set(re.findall(r"\w+", " ".join(part for *others, _ in ROWS for part in others)))
    assert set(words.split()) <= theirs
