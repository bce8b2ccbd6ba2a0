"""Scalar input, integral loss: f(x) = c + sum_j v_j s(w_j x + b_j) on [a, b] against a polynomial target."""
