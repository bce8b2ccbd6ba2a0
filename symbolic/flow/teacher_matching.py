"""Permutations of rows and columns that carry one matrix to another, in floating point."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from symbolic.teacher.arithmetic import FloatArray

Numbers = NDArray[np.int64]

ALIKE = 1e-7
"""Entries within this are taken for equal."""


def matching(first: FloatArray, second: FloatArray) -> tuple[list[int], list[int]] | None:
    """Rows and columns such that first[rows][:, columns] equals second up to `ALIKE`, None if there are none.

    Rows and columns are told apart by their entries, then by the entries at rows and columns told apart, and so on; of
    those that stay alike one is singled out, with each possible image in turn.
    """
    if first.shape != second.shape:
        return None
    values = np.concatenate((first.ravel(), second.ravel()))
    order = np.argsort(values, kind="stable")
    steps = np.concatenate(([0], np.cumsum(np.diff(values[order]) > ALIKE)))
    numbers = np.empty(len(values), dtype=np.int64)
    numbers[order] = steps
    tables = numbers.reshape(2, *first.shape)
    start = (np.zeros((2, first.shape[0]), dtype=np.int64), np.zeros((2, first.shape[1]), dtype=np.int64))
    return _matched(tables, *start)


def _matched(tables: Numbers, rows: Numbers, columns: Numbers) -> tuple[list[int], list[int]] | None:
    while True:
        count = len(np.unique(rows)) + len(np.unique(columns))
        rows = _refined(rows, columns, tables)
        columns = _refined(columns, rows, tables.transpose(0, 2, 1))
        if any(Counter(colours[0].tolist()) != Counter(colours[1].tolist()) for colours in (rows, columns)):
            return None
        if len(np.unique(rows)) + len(np.unique(columns)) == count:
            break
    for colours in (rows, columns):
        names, sizes = np.unique(colours[1], return_counts=True)
        if sizes.max() == 1:
            continue
        colour = names[int(sizes.argmax())]
        single = int(np.flatnonzero(colours[1] == colour)[0])
        for image in np.flatnonzero(colours[0] == colour):
            turned = colours.copy()
            turned[1, single] = turned[0, image] = colours.max() + 1
            pair = (turned, columns) if colours is rows else (rows, turned)
            found = _matched(tables, *pair)
            if found is not None:
                return found
        return None
    order = [[int(np.flatnonzero(colours[0] == name)[0]) for name in colours[1]] for colours in (rows, columns)]
    if not np.array_equal(tables[0][np.ix_(order[0], order[1])], tables[1]):
        return None
    return order[0], order[1]


def _refined(own: Numbers, other: Numbers, tables: Numbers) -> Numbers:
    """Colours of rows, split by the colours and entries they meet; the same numbers in both tables."""
    keys = [
        (int(own[side, i]), tuple(sorted(zip(other[side].tolist(), tables[side][i].tolist(), strict=True))))
        for side in (0, 1)
        for i in range(own.shape[1])
    ]
    names = {key: number for number, key in enumerate(sorted(set(keys)))}
    return np.array([names[key] for key in keys], dtype=np.int64).reshape(own.shape)
