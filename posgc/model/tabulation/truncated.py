"""Laws over the integers, conditioned on the values of a variable: Poisson, binomial, and normal in unit cells.

`scipy.special` is slow to load and few games need it, so each law loads it for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from posgc.model.tabulation.table import Array

__all__ = ["PROBLEMS", "log_weights"]


def log_weights(family: str, parameters: Sequence[Array], values: Array) -> Array:
    """[..., k] logarithms of weights that are proportional to the probabilities of the integers `values` ([k]).

    `parameters` are floats of any shape `[...]`, such as `PROBLEMS` finds nothing wrong with.
    """
    with np.errstate(all="ignore"):
        return _LOG_WEIGHTS[family](*(np.asarray(p, np.float64)[..., None] for p in parameters), values)


def _poisson(mean: Array, k: Array) -> Array:
    from scipy import special

    inside = special.xlogy(k, mean) - special.gammaln(k + 1.0)
    return np.where(k >= 0, inside, -np.inf)


def _binomial(n: Array, p: Array, k: Array) -> Array:
    from scipy import special

    choose = -special.betaln(1.0 + n - k, 1.0 + k) - np.log1p(n)
    inside = choose + special.xlogy(k, p) + special.xlog1py(n - k, -p)
    return np.where((k >= 0) & (k <= n), inside, -np.inf)


def _normal(mean: Array, deviation: Array, k: Array) -> Array:
    from scipy import special

    low, high = (k - 0.5 - mean) / deviation, (k + 0.5 - mean) / deviation
    # mirrored right of the mean, so that both ends lie where the distribution function keeps its digits
    low, high = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
    upper, lower = special.log_ndtr(high), special.log_ndtr(low)
    return np.asarray(upper + np.log1p(-np.exp(lower - upper)))


_LOG_WEIGHTS: Mapping[str, Callable[..., Array]] = {"poisson": _poisson, "binomial": _binomial, "normal": _normal}

PROBLEMS: Mapping[str, Callable[..., Sequence[tuple[Array, str]]]] = {
    "poisson": lambda mean: [(~(mean >= 0), "the mean of `poisson` is negative")],
    "binomial": lambda n, p: [
        (~((n >= 0) & (n == np.floor(n))), "the number of trials of `binomial` is no whole number from 0 on"),
        (~((p >= 0) & (p <= 1)), "the probability of `binomial` lies outside [0, 1]"),
    ],
    "normal": lambda mean, deviation: [(~(deviation > 0), "the standard deviation of `normal` is not positive")],
}
"""By family: of its parameters, where each of these things is wrong with them."""
