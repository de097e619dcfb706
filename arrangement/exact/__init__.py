"""The arithmetic of the package: a sign is a float with an error bound, a zero is a proof.

The numbers are the rows of an arrangement in normal form: integers [normal | offset], or
algebraic integers of one field Q(α). What an enumeration compares with zero is a minor of these
rows, up to a factor of known sign.

**The law.** A sign is a float with an error bound; a zero is a proof modulo primes; rational
arithmetic is done only for what is known not to vanish.

1. A value is held as float64, or as a sum of two, with a bound on its error. Where |value| is
   beyond the bound, the sign is certain.
2. Beside it are its residues modulo primes p_1, …, p_k. Where all of them vanish and
   p_1 ⋯ p_k exceeds the size of every minor, the value is 0. Degenerate input therefore costs
   no more than random input.
3. What is neither is not 0, and more digits must tell its sign: those of twofold numbers, then
   integers and fractions of any size (python-flint, for the linear algebra).

**Proof of 2.** A minor x that vanishes modulo k different primes is a multiple of their
product. An integer that is smaller than that is 0, and by Hadamard's inequality a minor is at
most the product of the lengths of its rows. In Z[α] a residue is the image under the
homomorphism α ↦ r to the integers modulo p, where r is a root modulo p of the polynomial of α.
Its kernel holds p, and the norm of each of its elements is a multiple of p. So with x in k such
kernels for different primes, p_1 ⋯ p_k divides the norm of x: the product of its images under
all embeddings of the field. Each factor is at most Hadamard's bound for the embedded rows; if
the product of these bounds is smaller than p_1 ⋯ p_k, the norm is 0, and so is x.
:func:`minor_bound` is that bound, :func:`proof_primes` are such primes.

**Where.** Cells and faces, with or without a domain, and counts of them: values of rows on rays
(:mod:`arrangement.enumeration.cones`), where small integers, which need no bound, come first.
Sweeps: signs on lines and at vertices (:mod:`arrangement.enumeration.sweep`). Flats and Whitney
numbers: residues alone, for only zeros matter (:mod:`arrangement.counting.whitney`,
:mod:`arrangement.counting.flat_count`), and what differs modulo one prime is different. Points
are candidates in float64 whose signs are then decided here, by :func:`signs_at`. What is done
once for an arrangement (ranks, inverses, vertices and witnesses of one cell that was asked for)
is done in rational numbers.
"""

from arrangement.exact import algebraic as _reads_text  # noqa: F401
from arrangement.exact.feasibility import interior_point, is_infeasible, nearest_floats
from arrangement.exact.floats import (
    FLOAT_EXACT_LIMIT,
    UNIT_ROUNDOFF,
    dot_product_error,
    dot_products,
    double_rows,
    enclosure,
    float_rows,
    magnitude,
    nearest_float,
    rounded_numbers,
    scaled_float,
    signs_at,
    to_float,
)
from arrangement.exact.linear import (
    echelon,
    eliminate,
    independent_columns,
    inertia,
    inverse,
    null_vector,
    null_vectors,
    nullspace,
    rank,
    ratio,
    sign,
    smallest_pivot,
)
from arrangement.exact.modular import coefficients, minor_bound, proof_primes, residues

__all__ = [
    "FLOAT_EXACT_LIMIT",
    "UNIT_ROUNDOFF",
    "coefficients",
    "dot_product_error",
    "dot_products",
    "double_rows",
    "echelon",
    "eliminate",
    "enclosure",
    "float_rows",
    "independent_columns",
    "inertia",
    "interior_point",
    "inverse",
    "is_infeasible",
    "magnitude",
    "minor_bound",
    "nearest_float",
    "nearest_floats",
    "null_vector",
    "null_vectors",
    "nullspace",
    "proof_primes",
    "rank",
    "ratio",
    "residues",
    "rounded_numbers",
    "scaled_float",
    "sign",
    "signs_at",
    "smallest_pivot",
    "to_float",
]
