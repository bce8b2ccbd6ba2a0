"""Data sets the tests try: bundled ones, and every degeneracy we could think of."""

from __future__ import annotations

from fractions import Fraction

from oracles.dataset_naive import DataSet

SQUARE = (("0", "0"), ("0", "1"), ("1", "0"), ("1", "1"))

# name: inputs, targets, bias
DATA_SETS = {
    "toy": ((("-1/2",), ("2",)), ("-1", "1"), True),
    "negative-first": ((("1", "0", "0"), ("0", "2", "0"), ("0", "0", "1")), ("1", "1/2", "-2"), False),
    "tent3": ((("-1",), ("0",), ("1",)), ("0", "1", "0"), True),
    "zigzag4": ((("-2",), ("-1",), ("1",), ("2",)), ("1", "-1", "1", "-1"), True),
    "xor": (SQUARE, ("0", "1", "1", "0"), True),
    "xor-no-bias": (SQUARE, ("0", "1", "1", "0"), False),
    "even": ((("-2",), ("0",), ("2",)), ("1", "-1", "1"), True),
    "equal-labels": ((("-1",), ("0",), ("3",)), ("2", "2", "2"), True),
    "all-zero-targets": ((("-1",), ("0",), ("1",)), ("0", "0", "0"), True),
    "zero-targets-plane": ((("1", "0"), ("1", "1"), ("-1", "2")), ("0", "0", "0"), False),
    "affine-targets": ((("-1",), ("0",), ("1",)), ("-1", "0", "1"), True),
    "repeated-equal": ((("1",), ("1",), ("-1",)), ("1", "1", "-2"), True),
    "repeated-conflict": ((("1",), ("1",), ("-1",)), ("1", "-2", "1"), True),
    "pure-conflict": ((("1",), ("1",)), ("1", "-1"), True),
    "zero-input": ((("0", "0"), ("1", "0"), ("1", "2")), ("3", "1", "-1"), False),
    "only-zero-inputs": ((("0", "0"), ("0", "0")), ("1", "-1"), False),
    "parallel": ((("1", "1"), ("2", "2"), ("1", "-1")), ("1", "-1", "2"), False),
    "opposite": ((("1", "1"), ("-1", "-1"), ("1", "0")), ("1", "-1", "2"), False),
    "opposite-same-label": ((("1", "1"), ("-1", "-1"), ("1", "0")), ("1", "1", "-2"), False),
    "one": ((("3",),), ("2",), False),
    "one-zero": ((("0",),), ("2",), False),
    "one-with-bias": ((("3",),), ("-2",), True),
    "line": ((("1",), ("-1",), ("2",)), ("1", "2", "-1"), False),
    "line-mixed": ((("1",), ("-1",)), ("1", "-1"), False),
    "line-cancelling": ((("1",), ("2",), ("-1",)), ("2", "-1", "1"), False),
    "wide-inputs": ((("1", "2", "0", "1"), ("0", "1", "1", "-1")), ("1", "-3"), False),
    "wide-parallel": ((("1", "2", "0"), ("-2", "-4", "0")), ("1", "3"), False),
    "orthogonal-cancelling": ((("1", "0"), ("0", "1")), ("1", "-1"), False),
    "plane": ((("1", "0"), ("1", "1"), ("-1", "2")), ("1", "-1", "1/3"), False),
    "plane-rational": ((("1/2", "-1/3"), ("2/7", "1"), ("-1", "5/2")), ("-1/2", "2/3", "7/5"), False),
    "circle": ((("1", "0"), ("-1", "2"), ("-1", "-2")), ("1", "1", "1"), False),
    "circle-mixed": ((("1", "0"), ("-1", "2"), ("-1", "-2")), ("1", "-1", "2"), False),
    "balanced": ((("1", "0"), ("-1", "1"), ("0", "-1")), ("1", "1", "1"), False),
    "scalar3": ((("-1",), ("1/2",), ("2",)), ("1", "-1", "2"), True),
    # (1, 0, 0) is stationary at width 1 in Clarke's sense alone, at width 2 in the directional sense.
    "directional-later": ((("-1",), ("1",), ("0",)), ("1", "2", "1"), True),
    "space": ((("1", "0"), ("0", "1"), ("1", "1")), ("1", "-1", "2"), True),
}


def data_set(name: str) -> DataSet:
    return DataSet.of(*DATA_SETS[name])


def arguments(name: str) -> dict:
    """Keyword arguments of the package's problem."""
    inputs, targets, bias = DATA_SETS[name]
    return {
        "name": name,
        "inputs": tuple(tuple(map(Fraction, row)) for row in inputs),
        "targets": tuple(map(Fraction, targets)),
        "bias": bias,
    }


SMALL = sorted(set(DATA_SETS) - {"zigzag4", "xor", "xor-no-bias", "space", "negative-first"})
"""At most 3 samples in at most 2 effective dimensions: pairs of neurons can be tried one by one in half a second."""

QUICK = [
    *("toy", "tent3", "one-zero", "one", "line", "line-mixed", "line-cancelling", "only-zero-inputs", "pure-conflict"),
    *("wide-parallel", "zero-input", "opposite", "opposite-same-label", "repeated-conflict", "parallel"),
    *("directional-later", "even"),
]
"""Those of the small ones that take next to no time, for the tests that are run every time."""

QUICKEST = ["line-mixed", "line-cancelling", "wide-parallel", "opposite", "pure-conflict"]
