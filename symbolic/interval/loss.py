"""The exact loss of a breakpoint-ordering region, its gradient and its Hessian, as SymPy expressions.

On a region f = sum_k c_k phi_k with features phi_k = g_k z_k + (1 - g) z_k 1_{I_k}, z_k(x) = w_k x + b_k
affine and I_k the fixed shape of the set where neuron k is active: [t, b] for "+", [a, t] for "-", [a, b] for
active, empty for inactive (the first term has factor leak). Hence

    L = int h^2 - 2 sum_k c_k T_k + sum_kl c_k c_l Q_kl,   T_k = int h phi_k,  Q_kl = int phi_k phi_l,

and every T and Q is a closed form in two (w, b) pairs at most: nothing is integrated by SymPy. The same
blocks serve
- the network's own parameters: coefficients c (feature 1) and v_j, inner variables w_j, b_j;
- the reduced coordinates: f(x) = d + s x + sum_j u_j z_j, z_j = (x - t_j)(g + (1 - g) 1_{I_j}) over the
  interior breakpoints, with slopes u_j = v_j w_j, breakpoints t_j, and of the affine neurons together the
  slope s = sum_active u_j + g sum_inactive u_j (absent where that sum is empty or 0) and the offset d = c +
  sum_active v_j b_j + g sum_inactive v_j b_j. In them L is a polynomial.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from sympy import Add, Expr, ImmutableMatrix, Integer, Rational, Symbol, sstr

from symbolic.errors import InvalidProblem
from symbolic.interval.orderings import Region
from symbolic.interval.problem import IntervalProblem

ZERO, ONE = Integer(0), Integer(1)


@dataclass(frozen=True)
class LossSetting:
    """Target, domain and leak of a loss, as SymPy expressions: numbers or symbols.

    Attributes:
        target: coefficients of h, constant term first.
        start, end: the ends a < b of the domain.
        leak: g, 0 <= g < 1; the number 0 drops every term of inactive neurons.
    """

    target: tuple[Expr, ...]
    start: Expr
    end: Expr
    leak: Expr


@dataclass(frozen=True)
class Feature:
    """One function of the sum f = sum_k coefficient_k phi_k: a state and the affine function w x + b.

    Attributes:
        coefficient: the symbol it is multiplied by.
        state: "+", "-", "active" or "inactive".
        weight, bias: w and b.
        inner: the symbols in w and b.
        place: rank of its breakpoint among the interior ones; 0 for the other features.
    """

    coefficient: Symbol
    state: str
    weight: Expr
    bias: Expr
    inner: tuple[Symbol, ...]
    place: int


def setting_of(problem: IntervalProblem) -> LossSetting:
    """Target, domain and leak of a problem.

    Raises:
        InvalidProblem: the activation is quadratic, which has no breakpoints and so no regions.
    """
    if problem.activation != "relu":
        raise InvalidProblem('breakpoint-ordering regions are for activation "relu", not "quadratic"')
    target = tuple(_rational(value) for value in problem.target)
    start, end = problem.domain
    return LossSetting(target, _rational(start), _rational(end), _rational(problem.leak))


def affine_setting(leak: Expr | Fraction | int = 0) -> LossSetting:
    """The target alpha x + beta on [a, b], all four of them symbols."""
    target = (Symbol("beta"), Symbol("alpha"))
    return LossSetting(target, Symbol("a"), Symbol("b"), _rational(leak))


def parameters(region: Region) -> tuple[Symbol, ...]:
    """The symbols w1..wn, b1..bn, v1..vn, c, in this order: the order of `gradient` and `hessian`."""
    numbers = range(1, region.width + 1)
    return (*(Symbol(f"{letter}{j}") for letter in "wbv" for j in numbers), Symbol("c"))


def reduced_coordinates(region: Region, leak: Expr | Fraction | int = 0) -> tuple[Symbol, ...]:
    """The symbols t1..tk, u1..uk, s (where some neuron is affine and not zero on [a, b]) and d."""
    numbers = [Symbol(f"{letter}{j}") for letter in "tu" for j in region.order]
    slope = [Symbol("s")] if region.active or (leak != 0 and region.inactive) else []
    return (*numbers, *slope, Symbol("d"))


def reduction(region: Region, leak: Expr | Fraction | int = 0) -> dict[Symbol, Expr]:
    """The reduced coordinates in terms of w, b, v, c: t_j = -b_j/w_j, u_j = v_j w_j, s and d as above.

    Guarantee: substituting them into `reduced_loss` gives `loss`.
    """
    factor = _rational(leak)
    inside = len(region.word)
    scale = {"active": ONE, "inactive": factor}
    values: dict[Symbol, Expr] = {}
    slope: list[Expr] = []
    offset: list[Expr] = [Symbol("c")]
    for j, state in enumerate(region.neurons, start=1):
        w, b, v = (Symbol(f"{letter}{j}") for letter in "wbv")
        if j <= inside:
            values[Symbol(f"t{j}")] = -b / w
            values[Symbol(f"u{j}")] = v * w
        else:
            slope.append(scale[state] * v * w)
            offset.append(scale[state] * v * b)
    values[Symbol("s")], values[Symbol("d")] = Add(*slope), Add(*offset)
    return {symbol: values[symbol] for symbol in reduced_coordinates(region, leak)}


def loss(region: Region, setting: LossSetting) -> Expr:
    """L = integral_a^b (f - h)^2 dx on the region, in w1..wn, b1..bn, v1..vn, c.

    Args:
        region: gives the numbering of the neurons; interior breakpoints are in increasing order.
        setting: target, domain, leak.

    Returns:
        A rational function; its denominators are powers of the weights of the interior neurons.

    Guarantee: equal to the integral at every point of the closure of the region where these weights do not
        vanish.
    """
    return _loss(_network_features(region), setting)


def gradient(region: Region, setting: LossSetting) -> tuple[Expr, ...]:
    """The derivatives of `loss` by `parameters(region)`, in that order: the gradient, on the open region."""
    return _gradient(_network_features(region), setting, parameters(region))


def hessian(region: Region, setting: LossSetting) -> ImmutableMatrix:
    """The second derivatives of `loss` by `parameters(region)`: the Hessian, on the open region."""
    return _hessian(_network_features(region), setting, parameters(region))


def reduced_loss(region: Region, setting: LossSetting) -> Expr:
    """L in the reduced coordinates: a polynomial, valid for a <= t_1 <= ... <= t_k <= b."""
    return _loss(_reduced_features(region, setting), setting)


def reduced_gradient(region: Region, setting: LossSetting) -> tuple[Expr, ...]:
    """The derivatives of `reduced_loss` by `reduced_coordinates`: the gradient equations of the region.

    Guarantee: let no s occur, or let some active neuron (for positive leak: active or inactive) have v_j or
        w_j not 0. Then a point of the open region is critical if and only if all of them vanish there,
        because dL/dc = dL/dd, and for an interior neuron dL/dv_j = w_j dL/du_j, dL/db_j = -(dL/dt_j)/w_j,
        dL/dw_j = v_j dL/du_j - (t_j/w_j) dL/dt_j, w_j != 0; for an affine neuron of scale k (1 or g) dL/dv_j
        = k (w_j dL/ds + b_j dL/dd), dL/dw_j = k v_j dL/ds, dL/db_j = k v_j dL/dd. Otherwise the equation of s
        drops out.
    """
    coordinates = reduced_coordinates(region, setting.leak)
    return _gradient(_reduced_features(region, setting), setting, coordinates)


def reduced_hessian(region: Region, setting: LossSetting) -> ImmutableMatrix:
    """The second derivatives of `reduced_loss` by `reduced_coordinates`."""
    coordinates = reduced_coordinates(region, setting.leak)
    return _hessian(_reduced_features(region, setting), setting, coordinates)


def loss_text(region: Region, problem: IntervalProblem) -> str:
    """SymPy text of `loss`: the same in every run, and read back by SymPy to the same expression."""
    return sstr(loss(region, setting_of(problem)))


def _network_features(region: Region) -> tuple[Feature, ...]:
    features = [Feature(Symbol("c"), "active", ZERO, ONE, (), 0)]
    for j, state in enumerate(region.neurons, start=1):
        w, b, v = (Symbol(f"{letter}{j}") for letter in "wbv")
        features.append(Feature(v, state, w, b, (w, b), j if j in region.order else 0))
    return tuple(features)


def _reduced_features(region: Region, setting: LossSetting) -> tuple[Feature, ...]:
    features = [Feature(Symbol("d"), "active", ZERO, ONE, (), 0)]
    if Symbol("s") in reduced_coordinates(region, setting.leak):
        features.append(Feature(Symbol("s"), "active", ONE, ZERO, (), 0))
    for j, mark in enumerate(region.word, start=1):
        t = Symbol(f"t{j}")
        features.append(Feature(Symbol(f"u{j}"), mark, ONE, -t, (t,), j))
    return tuple(features)


def _loss(features: tuple[Feature, ...], setting: LossSetting) -> Expr:
    terms = [_target_square(setting)]
    for i, one in enumerate(features):
        terms.append(-2 * one.coefficient * _with_target(one, setting))
        terms.append(one.coefficient**2 * _product(one, one, setting))
        factor = 2 * one.coefficient
        terms += [factor * other.coefficient * _product(one, other, setting) for other in features[i + 1 :]]
    return Add(*terms)


def _gradient(features: tuple[Feature, ...], setting: LossSetting, symbols: tuple[Symbol, ...]) -> tuple[Expr, ...]:
    found: dict[Symbol, Expr] = {}
    for one in features:
        found[one.coefficient] = _by_coefficient(one, features, setting, ())
        for x in one.inner:
            found[x] = _by_inner(one, features, setting, (x,))
    return tuple(found[symbol] for symbol in symbols)


def _hessian(features: tuple[Feature, ...], setting: LossSetting, symbols: tuple[Symbol, ...]) -> ImmutableMatrix:
    found: dict[tuple[Symbol, Symbol], Expr] = {}
    for one in features:
        for x in one.inner:
            found[one.coefficient, x] = _by_coefficient(one, features, setting, (x,))
            for y in one.inner:
                found[x, y] = _by_inner(one, features, setting, (x, y))
        for other in features:
            block = _product(one, other, setting)
            found[one.coefficient, other.coefficient] = 2 * block
            if other is one:
                continue
            for y in other.inner:
                found[one.coefficient, y] = 2 * other.coefficient * _diff(block, (y,))
                for x in one.inner:
                    found[x, y] = 2 * one.coefficient * other.coefficient * _diff(block, (x, y))
    rows = [[found[(x, y) if (x, y) in found else (y, x)] for y in symbols] for x in symbols]
    return ImmutableMatrix(rows)


def _by_coefficient(
    one: Feature, features: tuple[Feature, ...], setting: LossSetting, inner: tuple[Symbol, ...]
) -> Expr:
    """The derivative of L by c_k, and then by symbols inside phi_k: 2 sum_l c_l Q_kl - 2 T_k, derived."""
    terms = [-2 * _diff(_with_target(one, setting), inner)]
    terms += [2 * other.coefficient * _diff(_product(one, other, setting), inner) for other in features]
    return Add(*terms)


def _by_inner(one: Feature, features: tuple[Feature, ...], setting: LossSetting, inner: tuple[Symbol, ...]) -> Expr:
    """The derivative of c_k (c_k Q_kk + 2 sum_{l != k} c_l Q_kl - 2 T_k) by symbols inside phi_k."""
    terms = [-2 * _diff(_with_target(one, setting), inner)]
    for other in features:
        factor = one.coefficient if other is one else 2 * other.coefficient
        terms.append(factor * _diff(_product(one, other, setting), inner))
    return one.coefficient * Add(*terms)


@lru_cache(maxsize=65536)
def _diff(block: Expr, symbols: tuple[Symbol, ...]) -> Expr:
    for symbol in symbols:
        block = block.diff(symbol)
    return block


@lru_cache(maxsize=256)
def _target_square(setting: LossSetting) -> Expr:
    """int h^2."""
    h, a, b = setting.target, setting.start, setting.end
    return Add(
        *(p * q * (b ** (i + j + 1) - a ** (i + j + 1)) / (i + j + 1) for i, p in enumerate(h) for j, q in enumerate(h))
    )


@lru_cache(maxsize=4096)
def _with_target(one: Feature, setting: LossSetting) -> Expr:
    """T = int h phi."""
    a, b = setting.start, setting.end
    terms = []
    for factor, shape in _shapes(one.state, setting.leak):
        if shape == "active":
            piece = _moment(one, setting, b) - _moment(one, setting, a)
        elif shape == "+":
            piece = _moment(one, setting, b) + _tail(one, setting)
        else:
            piece = -_moment(one, setting, a) - _tail(one, setting)
        terms.append(factor * piece)
    return Add(*terms)


def _moment(one: Feature, setting: LossSetting, end: Expr) -> Expr:
    """The antiderivative of h z that vanishes at 0, z = w x + b, at `end`."""
    return one.weight * Add(*(p * end ** (k + 2) / (k + 2) for k, p in enumerate(setting.target))) + (
        one.bias * Add(*(p * end ** (k + 1) / (k + 1) for k, p in enumerate(setting.target)))
    )


def _tail(one: Feature, setting: LossSetting) -> Expr:
    """Minus that antiderivative at the breakpoint t = -b/w: sum_k h_k w t^(k+2) / ((k+1)(k+2))."""
    w, b = one.weight, one.bias
    return Add(*(p * (-b) ** (k + 2) / ((k + 1) * (k + 2) * w ** (k + 1)) for k, p in enumerate(setting.target)))


@lru_cache(maxsize=65536)
def _product(one: Feature, other: Feature, setting: LossSetting) -> Expr:
    """Q = int phi_1 phi_2."""
    terms = []
    for factor, shape in _shapes(one.state, setting.leak):
        for other_factor, other_shape in _shapes(other.state, setting.leak):
            block = _overlap((one, shape), (other, other_shape), setting)
            terms.append(factor * other_factor * block)
    return Add(*terms)


def _shapes(state: str, leak: Expr) -> tuple[tuple[Expr, str], ...]:
    """s(z) as a sum of factor * z * 1_I: the factors and the shapes I, without those whose factor is 0."""
    if state == "active":
        return ((ONE, "active"),)
    whole = ((leak, "active"),) if leak != 0 else ()
    return whole if state == "inactive" else (*whole, (1 - leak, state))


def _overlap(one: tuple[Feature, str], other: tuple[Feature, str], setting: LossSetting) -> Expr:
    """int z_1 z_2 over the common part of two shapes; breakpoints are ordered by `place`.

    With e the end of the common part and (w, b) the neuron whose breakpoint is its other end, z = w x + b and
    Z = W x + B, the integral is +-z(e)^2 (2 w W e + 3 w B - W b) / (6 w^2) (substitute z for x), which is
    +-z(e)^3 / (3 w) for Z = z. A "+" left of a "-": int_{t_1}^{t_2} z Z dx = -w W (t_2 - t_1)^3 / 6.
    """
    (first, first_shape), (second, second_shape) = sorted((one, other), key=lambda item: item[0].place)
    shapes = first_shape, second_shape
    if shapes == ("active", "active"):
        return _whole(first, second, setting)
    if shapes == ("+", "-"):
        w, b, wide, shift = first.weight, first.bias, second.weight, second.bias
        return -((b * wide - shift * w) ** 3) / (6 * w**2 * wide**2)
    if shapes == ("-", "+"):
        return ZERO
    right = "+" in shapes
    # The end of the overlap that is a breakpoint: the last one of "+" shapes, the first one of "-" shapes.
    bounded = [item for item, shape in zip((first, second), shapes, strict=True) if shape != "active"]
    inner = bounded[-1] if right else bounded[0]
    outer = second if inner is first else first
    end, sign = (setting.end, 1) if right else (setting.start, -1)
    w, b = inner.weight, inner.bias
    value = w * end + b
    if (outer.weight, outer.bias) == (w, b):
        return sign * value**3 / (3 * w)
    mixed = 2 * w * outer.weight * end + 3 * w * outer.bias - outer.weight * b
    return sign * value**2 * mixed / (6 * w**2)


def _whole(one: Feature, other: Feature, setting: LossSetting) -> Expr:
    """int_a^b z_1 z_2."""
    a, b = setting.start, setting.end
    mixed = one.weight * other.bias + other.weight * one.bias
    return Add(
        one.weight * other.weight * (b**3 - a**3) / 3,
        mixed * (b**2 - a**2) / 2,
        one.bias * other.bias * (b - a),
    )


def _rational(value: Expr | Fraction | int) -> Expr:
    """A rational as a SymPy number; expressions stay as they are."""
    if isinstance(value, Expr):
        return value
    fraction = Fraction(value)
    return Rational(fraction.numerator, fraction.denominator)
