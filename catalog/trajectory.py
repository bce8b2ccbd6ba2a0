"""The parameters of a network over time from a file: JSON lines, or an .npz archive; refused in one clear line.

JSON lines: one object for each time, `{"t": optional number, "w", "b", "v", "c"}` of an interval problem, `{"w", "a"}`
of a data set, `{"w"}` of a teacher problem. An .npz archive has arrays of these names, stacked over time. An axis of
length 1 beside the one of the neurons may be there, as in the layers of common frameworks. Pickles are never read.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from catalog.errors import CatalogError
from catalog.problem_fields import Refusal, short

FloatArray = NDArray[np.float64]

MAXIMAL_BYTES = 1_000_000_000
"""Of a file of JSON lines; of the arrays of an archive."""

MAXIMAL_LINE = 10_000_000
"""Characters of one line."""

LARGEST = 1e30
"""In modulus; larger numbers would overflow in the loss."""

KEYS = {"interval": ("w", "b", "v", "c"), "dataset": ("w", "a"), "teacher": ("w",)}
"""The parameters of a network of each family."""

_SHAPES = {
    "interval": {"w": "n", "b": "n", "v": "n", "c": ""},
    "dataset": {"w": "nd", "a": "n"},
    "teacher": {"w": "nd"},
}


@dataclass(frozen=True)
class Trajectory:
    """Parameters over time.

    Attributes:
        times: nowhere decreasing; 0, 1, ... if the file has none.
        timed: whether the file has times.
        parameters: the arrays by name, the first axis the time.
        width: number of neurons.
    """

    times: FloatArray
    timed: bool
    parameters: Mapping[str, FloatArray]
    width: int


def read_trajectory(path: str | Path, family: str, dimension: int) -> Trajectory:
    """The trajectory of a file.

    Args:
        path: a file of JSON lines, or one that is an .npz archive, whatever its name.
        family: of the problem.
        dimension: coordinates of one neuron's w, the one of the bias included; 1 for an interval problem.

    Raises:
        CatalogError: the file cannot be read, is too large, or does not hold such parameters; one clear line.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            is_archive = file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
            size = file.seek(0, 2)
            if size == 0:
                raise Refusal("is empty; it must hold one JSON object for each time")
            if size > MAXIMAL_BYTES:
                raise Refusal(f"has {size} bytes, more than {MAXIMAL_BYTES}; write fewer of the times")
            file.seek(0)
            arrays = _archive(file, family) if is_archive else _lines(file, family)
        return _checked(arrays, family, dimension, "entry" if is_archive else "object")
    except FileNotFoundError:
        raise CatalogError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise CatalogError(f"{path}: is a directory, not a trajectory") from None
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise CatalogError(f"{path}: is too large for the memory; write fewer of the times") from None
    except Refusal as error:
        raise CatalogError(f"{path}: {error}") from None
    except ValueError as error:
        raise CatalogError(f"{path}: cannot be read: {error}") from None


def _lines(file: IO[bytes], family: str) -> dict[str, FloatArray]:
    columns: dict[str, list[Any]] = {}
    for number, line in _numbered(file):
        row = _object(line, number)
        if not columns:
            _check_keys(set(row), family, f"line {number}")
            columns = {key: [] for key in row}
        if row.keys() != columns.keys():
            _check_keys(set(row), family, f"line {number}")
            keys = ", ".join(sorted(columns))
            raise Refusal(f"line {number} has other keys than the first one, which has {keys}")
        for key, value in row.items():
            columns[key].append(value)
    if not columns:
        raise Refusal("is empty; it must hold one JSON object for each time")
    return {key: _stacked(key, values) for key, values in columns.items()}


def _numbered(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    number = 0
    while line := file.readline(MAXIMAL_LINE + 1):
        number += 1
        if len(line) > MAXIMAL_LINE:
            raise Refusal(f"line {number} has more than {MAXIMAL_LINE} characters; write one JSON object on each line")
        try:
            text = line.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise Refusal("is neither JSON lines nor an .npz archive") from None
        if text:
            yield number, text


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line, parse_constant=_not_finite, object_pairs_hook=_without_repeats)
    except Refusal as error:
        raise Refusal(f"line {number}: {error}") from None
    except (ValueError, RecursionError):
        raise Refusal(f"line {number} is not JSON: {short(line[:80])}") from None
    if not isinstance(row, dict):
        raise Refusal(f"line {number} must be a JSON object such as {{\"w\": [...], ...}}, not {short(line[:80])}")
    if "true" in line or "false" in line or "null" in line:
        raise Refusal(f"line {number} holds true, false or null in the place of a number")
    return row


def _not_finite(name: str) -> Any:
    raise Refusal(f"holds {name}, which is no number: did the run diverge?")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise Refusal("a key is there twice")
    return row


def _check_keys(found: set[str], family: str, where: str) -> None:
    needed = KEYS[family]
    shape = "{" + ", ".join(f'"{key}"' for key in needed) + "}"
    for key in sorted(found - {*needed, "t"}):
        raise Refusal(f"{where}: unknown key {short(key)}; the keys of this problem are {shape} and \"t\"")
    for key in needed:
        if key not in found:
            raise Refusal(f"{where}: {key} is missing; the keys of this problem are {shape}, and \"t\" if you like")


def _stacked(key: str, values: list[Any]) -> FloatArray:
    try:
        stacked = np.array(values)
    except ValueError:
        stacked = np.array([], dtype=object)
    if stacked.dtype.kind in "iuf":
        return stacked.astype(np.float64)
    first = _shape_of(values[0])
    for position, value in enumerate(values, start=1):
        shape = _shape_of(value)
        if shape is None:
            raise Refusal(f"object {position}: {key} must hold numbers that a float can hold, in lists of equal length")
        if shape != first:
            raise Refusal(f"object {position}: {key} has the shape {shape}, that of the first object has {first}")
    raise Refusal(f"{key} must hold numbers")


def _shape_of(value: Any) -> tuple[int, ...] | None:
    try:
        array = np.array(value)
    except ValueError:
        return None
    return array.shape if array.dtype.kind in "iuf" else None


def _archive(file: IO[bytes], family: str) -> dict[str, FloatArray]:
    arrays = {}
    try:
        with zipfile.ZipFile(file) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            _check_keys(set(members), family, "the archive")
            total = sum(info.file_size for info in members.values())
            if total > MAXIMAL_BYTES:
                raise Refusal(f"has arrays of {total} bytes, more than {MAXIMAL_BYTES}; write fewer of the times")
            for name, info in members.items():
                with archive.open(info) as member:
                    arrays[name] = _array(member, name, info.file_size)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refusal(f"is no .npz archive that can be read: {error}") from None
    return arrays


def _array(member: IO[bytes], name: str, size: int) -> FloatArray:
    from numpy.lib import format as npy

    try:
        version = npy.read_magic(member)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = header(member)
    except ValueError as error:
        raise Refusal(f"{name} is no array: {error}") from None
    if dtype.kind not in "iuf":
        raise Refusal(f"{name} must be an array of numbers, not of {dtype}")
    if math.prod(shape) * dtype.itemsize > size:
        raise Refusal(f"{name} is cut off: its header says {shape}")
    raw = member.read()
    count = math.prod(shape)
    if len(raw) < count * dtype.itemsize:
        raise Refusal(f"{name} is cut off: its header says {shape}")
    flat = np.frombuffer(raw, dtype=dtype, count=count)
    with np.errstate(over="ignore"):
        return flat.reshape(shape, order="F" if fortran else "C").astype(np.float64)


def _checked(arrays: Mapping[str, FloatArray], family: str, dimension: int, unit: str) -> Trajectory:
    """Shapes that fit each other and the problem, and numbers that are finite."""
    main = arrays["w"]
    if main.ndim == 0 or not len(main):
        raise Refusal("holds no times; w must be stacked over time")
    count = len(main)
    for key, array in arrays.items():
        if array.ndim == 0 or len(array) != count:
            raise Refusal(f"{key} has {len(array) if array.ndim else 'no'} times, w has {count}")
    width = _width(arrays, dimension, family)
    parameters = {}
    for key, shape in _SHAPES[family].items():
        wanted = (count, *(width if letter == "n" else dimension for letter in shape))
        parameters[key] = _fitted(key, arrays[key], wanted)
    for key, array in parameters.items():
        wrong = np.flatnonzero(~(np.abs(array) <= LARGEST).reshape(count, -1).all(axis=1))
        if len(wrong):
            what = f"{key} is not finite, or larger than {LARGEST:g}: did the run diverge?"
            raise Refusal(f"{unit} {int(wrong[0]) + 1}: {what}")
    if "t" not in arrays:
        return Trajectory(np.arange(count, dtype=np.float64), False, parameters, width)
    times = arrays["t"]
    if times.shape != (count,):
        raise Refusal(f"t must be one number for each time, not of the shape {times.shape[1:]}")
    if not np.isfinite(times).all():
        raise Refusal("t is not finite")
    falls = np.flatnonzero(np.diff(times) < 0)
    if len(falls):
        at = int(falls[0])
        raise Refusal(f"{unit} {at + 2}: the time falls from {times[at]:g} to {times[at + 1]:g}")
    return Trajectory(times, True, parameters, width)


def _width(arrays: Mapping[str, FloatArray], dimension: int, family: str) -> int:
    numbers = int(arrays["w"][0].size)
    width = numbers if family == "interval" else numbers // dimension
    if not width or (family != "interval" and numbers % dimension):
        shape = arrays["w"].shape[1:]
        if family == "interval":
            raise Refusal(f"w holds no neuron: it has the shape {shape} at each time")
        raise Refusal(f"w has the shape {shape} at each time; it must have one row of {dimension} numbers per neuron")
    return width


def _fitted(key: str, array: FloatArray, wanted: tuple[int, ...]) -> FloatArray:
    """The array in the shape wanted; axes of length 1 may be in it."""

    def essential(shape: tuple[int, ...]) -> list[int]:
        return [length for length in shape[1:] if length != 1]

    if essential(array.shape) != essential(wanted):
        shape = "one number" if len(wanted) == 1 else f"the shape {wanted[1:]}"
        raise Refusal(f"{key} has the shape {array.shape[1:]} at each time; it must be {shape}")
    return array.reshape(wanted)
