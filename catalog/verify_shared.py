"""Statements about the records of every family: columns, counts, labels, orbits, numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from math import factorial, prod
from typing import Any

from catalog.build_rows import STRATA_VERSION
from catalog.families import family_named
from catalog.number_text import number_from_record, outward_floats
from catalog.packed_strata import NOTIONS, codes_of
from catalog.record import Record
from catalog.strata_query import KINDS
from catalog.verification import Fault, Ledger, NotChecked, expect, first_fault
from catalog.verify_numbers import NumberReader
from catalog.verify_records import Records, all_numbers
from symbolic.enclosure import bounds
from symbolic.graph.orbits import strata_by_orbit_counting

PROBLEM = "problem: its columns are those of its record"
NUMBERS = "numbers: decimals, radicals and isolating intervals agree with the exact form"
SURVEYS = "surveys: widths, statuses, versions and counts agree with the rows"
FUNCTION_COLUMNS = "functions: columns agree with the record, the loss rounded outward"
CONTAINED = "functions: those of a width are among those of the next"
REGION_COLUMNS = "regions: columns agree with the record"
STRATA_LABELS = "strata: label, function, width and roles agree, no label twice"
STRATA_FACTS = "strata: kind, inertia, notions and flags are consistent"
ORBITS = "strata: orbit sizes are those of the multiplicities of the roles"
ORBIT_COUNTING = "strata: their number satisfies the orbit-counting identity over all widths"
STRATA_COUNTS = "strata: counts by function, kind and index are those of the rows"
SAME_RIGOR = "strata: rigor is exact iff all numbers of the sample are"

STATUSES = ("proved", "proved_in_box", "searched", "undecided")
VERDICTS = ("yes", "no", "undecided")


def check_shared(records: Records, ledger: Ledger) -> None:
    """Check the statements that all families share; faults go into the ledger."""
    reader = NumberReader()
    parts = (
        lambda: _problem(records, ledger),
        lambda: _numbers(records, ledger, reader),
        lambda: _surveys(records, ledger),
        lambda: _functions(records, ledger),
        lambda: _regions(records, ledger),
        lambda: _strata(records, ledger),
        lambda: _orbit_counting(records, ledger),
        lambda: _counts(records, ledger),
    )
    for name, part in zip(
        (PROBLEM, NUMBERS, SURVEYS, FUNCTION_COLUMNS, REGION_COLUMNS, STRATA_LABELS, ORBIT_COUNTING, STRATA_COUNTS),
        parts,
        strict=True,
    ):
        ledger.guard(name, records.name, part)


def integer(value: Any) -> int:
    """An integer of a record; anything else is a TypeError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{value!r} is not an integer")
    return value


def orbit_of(codes: list[str]) -> int:
    """n! / prod (multiplicity)!."""
    return factorial(len(codes)) // prod(factorial(number) for number in Counter(codes).values())


def _problem(records: Records, ledger: Ledger) -> None:
    def test() -> Fault:
        family = family_named(records.family)
        row = family.problem_row(family.problem_from_record(records.problem))
        if records.rows is None:
            return expect(row["name"] == records.name, "its name is another one")
        (stored,) = records.rows["problem"]
        wrong = [key for key, value in stored.items() if value != row.get(key)]
        return expect(not wrong, f"column {', '.join(wrong)}")

    ledger.check(PROBLEM, records.name, test)


def _numbers(records: Records, ledger: Ledger, reader: NumberReader) -> None:
    def every(record: Any) -> Fault:
        for one in all_numbers(record):
            reader.value(one)
        return None

    for function in records.functions:
        ledger.check(NUMBERS, str(function.get("label")), lambda function=function: every(function))
    if records.rows is None:
        for strata in records.strata.values():
            for one in strata:
                ledger.check(NUMBERS, str(one.get("label")), lambda one=one: every(one))
    for width, listed in records.numbers.items():
        for position, one in enumerate(listed):
            name = f"number {position} of the strata of {records.name} at width {width}"
            ledger.check(NUMBERS, name, lambda one=one: every([one]) if isinstance(one, dict) else "is no object")


def _surveys(records: Records, ledger: Ledger) -> None:
    widths = sorted(records.surveys)
    alone = bool(records.listed) or records.family == "teacher"

    def survey(width: int, row: Mapping[str, Any]) -> Fault:
        listed = [
            one for one in records.functions
            if alone or (one.get("minimal_width") is not None and integer(one["minimal_width"]) <= width)
        ]
        number = len(records.listed[width]) if records.listed else len(listed)
        regions = records.regions.get(width, [])
        return first_fault(
            expect(row["status"] in STATUSES, f"unknown status {row['status']!r}"),
            expect(row["width"] == width and width >= 1, "its width"),
            expect(all(isinstance(row[name], str) for name in ("reason", "caveat")), "reason or caveat is no text"),
            expect(row["reason"], "no reason"),
            expect(row["functions"] == number, f"says {row['functions']} functions, there are {number}"),
            expect(
                records.rows is None or not regions or row["regions"] == len(regions),
                f"says {row['regions']} regions, there are {len(regions)}",
            ),
        )

    def strata(width: int, row: Mapping[str, Any]) -> Fault:
        found = records.strata.get(width)
        base = records.surveys.get(width)
        if base is None:
            return "no survey of functions of this width"
        order = {status: i for i, status in enumerate(STATUSES)}
        faults = [
            expect(row["status"] in STATUSES, f"unknown status {row['status']!r}"),
            expect(order.get(row["status"], 9) >= order.get(base["status"], 0), "more complete than its functions"),
            expect(row.get("version", STRATA_VERSION) == STRATA_VERSION, "made by another version"),
            expect(row["reason"], "no reason"),
        ]
        if found is not None:
            labelled = sum(integer(one["orbit_size"]) for one in found)
            faults.append(expect(row["strata"] == len(found), f"says {row['strata']} strata, there are {len(found)}"))
            faults.append(expect(str(row["labelled"]) == str(labelled), f"labelled strata are {labelled}"))
        return first_fault(*faults)

    consecutive = alone or widths == list(range(1, len(widths) + 1))
    ledger.check(SURVEYS, records.name, lambda: expect(consecutive, f"surveyed widths are {widths}"))
    for width, row in records.surveys.items():
        ledger.check(SURVEYS, f"{records.name} at width {width}", lambda w=width, r=row: survey(w, r))
    for width, row in records.strata_surveys.items():
        ledger.check(SURVEYS, f"strata of {records.name} at width {width}", lambda w=width, r=row: strata(w, r))


def _functions(records: Records, ledger: Ledger) -> None:
    labels = Counter(str(one.get("label")) for one in records.functions)
    rows = (records.rows or {}).get("functions", [{}] * len(records.functions))
    order = {str(one.get("label")): i for i, one in enumerate(records.functions)}
    places: Counter[tuple[Any, Any]] = Counter((row.get("clarke_width"), row.get("position")) for row in rows)

    def test(record: Record, row: Mapping[str, Any]) -> Fault:
        fault = first_fault(
            expect(labels[record["label"]] == 1, "the label stands twice"),
            expect(record["problem"] == records.name and record["family"] == records.family, "its problem or family"),
            expect(record["label"].startswith(f"{records.name}:"), "its label is not of this problem"),
            expect(record["rigor"] in ("exact", "certified"), f"unknown rigor {record['rigor']!r}"),
        )
        if fault or not row:
            return fault
        same = {name: record.get(name) for name in ("label", "problem", "family", "rigor", "minimal_width")}
        same["provisional"] = int(record.get("provisional", False))
        same["clarke_width"] = record.get("clarke_width", record["minimal_width"])
        for name, key in (("class", "class"), ("pattern", "pattern"), ("name", "name")):
            same[name] = record.get(key)
        same["knots"] = len(record["kinks"]) if "kinks" in record else None
        same["isotropy"] = "-".join(map(str, record["isotropy"])) if "isotropy" in record else None
        same["fitted"] = record["residuals"].count("0") if "residuals" in record else None
        wrong = [name for name, value in same.items() if row[name] != value]
        loss = number_from_record(record["loss"])
        low, high = bounds(loss)
        lower, upper = float(row["loss_lower"]), float(row["loss_upper"])
        outward = Fraction(lower) <= low and high <= Fraction(upper)
        return first_fault(
            expect(not wrong, f"column {', '.join(wrong)}"),
            expect(outward, "the columns of the loss do not enclose it"),
            expect((lower, upper) == outward_floats(loss), "the columns of the loss are not the nearest floats"),
            expect(places[row["clarke_width"], row["position"]] == 1, "its position stands twice"),
            expect(records.listed or row["position"] == order[record["label"]], "its position"),
        )

    for record, row in zip(records.functions, rows, strict=True):
        ledger.check(FUNCTION_COLUMNS, str(record.get("label")), lambda r=record, row=row: test(r, row))
    for width, listed in records.listed.items():
        missing = [label for label in listed if label not in labels]
        ledger.check(
            CONTAINED, f"{records.name} at width {width}", lambda m=missing: expect(not m, f"{m[:1]} is not stored")
        )
    if records.rows is not None and not records.listed:
        # Functions are stored once, with the least width: those of a width are the ones of at most that width.
        for width in sorted(records.surveys):
            wide = [one for one in records.functions if one.get("clarke_width", one.get("minimal_width")) is None]
            ledger.check(
                CONTAINED, f"{records.name} at width {width}", lambda w=wide: expect(not w, "a function has no width")
            )


def _regions(records: Records, ledger: Ledger) -> None:
    if records.rows is None:
        return
    functions = {one.get("label") for one in records.functions}

    def test(record: Record, row: Mapping[str, Any], place: int) -> Fault:
        return first_fault(
            expect(row["label"] == record["label"], "column label"),
            expect(row["problem"] == record["problem"] == records.name, "column problem"),
            expect(row["width"] == record["width"], "column width"),
            expect(row["position"] == place, "column position"),
            expect(record["label"].startswith(f"{records.name}@{record['width']}:r:"), "its label"),
            expect(set(record["functions"]) <= functions, "it names a function that is not stored"),
        )

    rows = iter(records.rows.get("regions", ()))
    for found in records.regions.values():
        for place, record in enumerate(found):
            row = next(rows)
            ledger.check(REGION_COLUMNS, str(record.get("label")), lambda r=record, w=row, p=place: test(r, w, p))


def _strata(records: Records, ledger: Ledger) -> None:
    functions = {one.get("label"): one for one in records.functions}
    rows = iter((records.rows or {}).get("strata", ()))
    for width, found in records.strata.items():
        labels = Counter(one.get("label") for one in found)
        roles = records.roles.get(width, {})
        for one in found:
            label, row = str(one.get("label")), next(rows, None)
            ledger.check(
                STRATA_LABELS, label, lambda one=one, w=width, n=labels, r=roles: _label(one, w, n, functions, r)
            )
            ledger.check(STRATA_FACTS, label, lambda one=one, row=row: _facts(one, row, records.name))
            if records.family != "teacher":
                ledger.check(ORBITS, label, lambda one=one: _orbit(one))


def _label(
    one: Record, width: int, labels: Mapping[Any, int], functions: Mapping[Any, Record], roles: Mapping[str, Any]
) -> Fault:
    function = functions.get(one["function"])
    if function is None:
        return f"it names {one['function']}, which is no stored function"
    least = function.get("clarke_width", function.get("minimal_width"))
    return first_fault(
        expect(labels[one["label"]] == 1, "the label stands twice"),
        expect(one["width"] == width, "its width"),
        expect(one["label"].startswith(f"{one['function']}@{width}:"), "its label is not of its function and width"),
        expect(least is not None and least <= width, "its function needs more neurons"),
        expect(set(one["roles"]) <= set(roles), "a role whose meaning is not stored"),
    )


def _orbit(one: Record) -> Fault:
    codes = one["roles"]
    size = 1 if codes == ["all"] else orbit_of(codes)
    fault = expect(codes == codes_of(one["label"]), "its roles are not those of its label")
    fault = fault or expect(codes == ["all"] or len(codes) == one["width"], "not one role for each neuron")
    return fault or expect(one["orbit_size"] == size, f"the orbit has {size} members")


def _facts(one: Record, row: Mapping[str, Any] | None, problem: str) -> Fault:
    index, nullity, positive = one["index"], one["nullity"], one["positive"]
    notions = [one["stationarity"][name] for name in NOTIONS]
    smooth, directional, clarke = notions
    strict, saddle = one["kind"] == "strict_saddle", one["kind"] in ("strict_saddle", "saddle")
    minimum = one["kind"] in ("global_minimum", "local_minimum")
    numbers = [integer(one[name]) for name in ("dimension", "gauge_dimension", "orbit_size", "width")]
    known = [integer(value) for value in (index, nullity, positive) if value is not None]
    faults = [
        expect(one["kind"] in KINDS, f"unknown kind {one['kind']!r}"),
        expect(isinstance(one["reason"], str) and one["reason"], "no reason"),
        expect(one["hessian"] in VERDICTS and set(notions) <= set(VERDICTS), "an unknown verdict"),
        expect(min([*numbers, *known]) >= 0 and numbers[0] >= numbers[1], "a negative number, or the gauge is larger"),
        expect((index is not None) == (one["hessian"] == "yes") or _whole(one), "an index without a Hessian, or none"),
        expect((nullity is None) == (positive is None), "half of the inertia"),
        expect(nullity is None or index is not None, "a nullity without an index"),
        expect(nullity is None or nullity >= one["dimension"], "the nullity is less than the dimension"),
        expect(index is None or strict == (index > 0), "a strict saddle is one whose index is above 0"),
        expect(not strict or one["hessian"] != "no", "a strict saddle without a Hessian"),
        expect(not (minimum and index), "a minimum with an index above 0"),
        expect(not (smooth == "yes" and directional != "yes"), "smooth, but not directionally stationary"),
        expect(not (directional == "yes" and clarke != "yes"), "directional, but not in Clarke's sense"),
        expect(not (directional == "no" and minimum), "a minimum that is not directionally stationary"),
        expect(not saddle or "minim" not in one["reason"], "the reason is that of a minimum"),
    ]
    if row is not None:
        listed = int(directional != "no" or smooth == "yes")
        faults.append(expect(row["listed"] == listed, "listed by default, or not, against its notions"))
        faults.append(expect(row["problem"] == problem, "column problem"))
        faults.append(expect(row["rigor"] == one["rigor"], "column rigor"))
    return first_fault(*faults)


def _whole(one: Record) -> bool:
    """The set of all parameters that realize a target, whose inertia is not constant."""
    return bool(one["roles"] == ["all"] and one["index"] is None)


def _orbit_counting(records: Records, ledger: Ledger) -> None:
    if records.family == "teacher":
        return
    for function in records.functions:
        label = function.get("label")
        least = function.get("clarke_width", function.get("minimal_width"))
        sizes: dict[int, list[int]] = {}
        for width, found in records.strata.items():
            mine = [one for one in found if one.get("function") == label]
            if any(one.get("roles") == ["all"] for one in mine):
                break
            sizes[width] = [one.get("orbit_size", 0) for one in mine]
        else:
            for width in sizes:
                ledger.check(
                    ORBIT_COUNTING,
                    f"{label} at width {width}",
                    lambda s=sizes, w=width, n=least: _identity(s, w, n),
                )


def _identity(sizes: Mapping[int, list[int]], width: int, least: int) -> Fault:
    smaller = range(1, width + 1)
    if any(one not in sizes for one in smaller):
        raise NotChecked("the strata of a smaller width are not there")
    if width < least:
        return expect(not sizes[width], "strata below its least width")
    labelled = {one: sum(map(integer, sizes[one])) for one in smaller}
    number = strata_by_orbit_counting(labelled, width)
    return first_fault(
        expect(sizes[width] or width == 0, "no stratum over it"),
        expect(number == len(sizes[width]), f"by the labelled strata of all widths there are {number}"),
    )


def _counts(records: Records, ledger: Ledger) -> None:
    for width, rows in records.counts.items():
        found = records.strata.get(width)
        name = f"{records.name} at width {width}"
        if records.rows is None:
            ledger.check(STRATA_COUNTS, name, lambda w=width, rows=rows: _released_counts(records, w, rows))
        elif found is not None:
            ledger.check(STRATA_COUNTS, name, lambda rows=rows, found=found: _stored_counts(rows, found))


def _stored_counts(rows: list[Any], found: list[Record]) -> Fault:
    counted: Counter[tuple[Any, ...]] = Counter()
    labelled: Counter[tuple[Any, ...]] = Counter()
    for one in found:
        notions = one["stationarity"]
        listed = int(notions["directional"] != "no" or notions["smooth"] == "yes")
        key = (one["function"], listed, one["kind"], one["index"], one["hessian"])
        counted[key] += 1
        labelled[key] += one["orbit_size"]
    stored = {tuple(row[k] for k in ("function", "listed", "kind", "negative", "hessian")): row for row in rows}
    wrong = [
        key for key in {*counted, *stored}
        if key not in stored or stored[key]["strata"] != counted[key]
        or str(stored[key]["labelled"]) != str(labelled[key])
    ]
    return expect(not wrong and len(stored) == len(rows), f"{len(wrong)} counts are others, such as {wrong[:1]}")


def _released_counts(records: Records, width: int, rows: list[Any]) -> Fault:
    functions = {one.get("label") for one in records.functions}
    total = sum(sum(row["kinds"].values()) + row["only_clarke"] for row in rows)
    return first_fault(
        expect(len({row["function"] for row in rows}) == len(rows), "a function stands twice"),
        expect({row["function"] for row in rows} <= functions, "a function that is not in the file"),
        expect(all(set(row["kinds"]) <= set(KINDS) for row in rows), "an unknown kind"),
        expect(total == records.strata_surveys[width]["strata"], "they do not add up to the number of strata"),
    )
