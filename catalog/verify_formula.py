"""Formulas of losses as text, evaluated at rational points by a whitelist; nothing in a text is ever executed."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from flint import fmpq

LONGEST = 200_000
LARGEST_POWER = 64


def value_of(text: str, values: Mapping[str, fmpq]) -> fmpq:
    """The value of a rational expression in named numbers: integers, + - * /, ** by integers, parentheses.

    Raises:
        ValueError: anything else, or a name without a value.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError("a formula is too long, or no text")
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, RecursionError, MemoryError):
        raise ValueError("a formula cannot be read") from None
    return _value(tree.body, values)


def _value(node: ast.expr, values: Mapping[str, fmpq]) -> fmpq:
    match node:
        case ast.Constant(value=bool()):
            pass
        case ast.Constant(value=int(number)):
            return fmpq(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, values)
        case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
            power = _value(exponent, values)
            if power.q != 1 or abs(int(power.p)) > LARGEST_POWER:
                raise ValueError("a formula has a power that is no small integer")
            return _value(base, values) ** int(power.p)
        case ast.BinOp(left=left, op=operator, right=right):
            a, b = _value(left, values), _value(right, values)
            match operator:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
                case ast.Div():
                    return a / b
    raise ValueError(f"a formula holds {ast.unparse(node)[:40]!r}, which is no rational expression")
