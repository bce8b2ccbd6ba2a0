"""Finite data sets: exact stationary strata of shallow ReLU networks, and the saddle-to-saddle chain."""
