"""Writes significance_fixtures.json by scipy 1.17.1, for test_significance.c: p-values of paired tests, end points of bootstrap intervals.

    python3 -m venv /tmp/tools && /tmp/tools/bin/pip install numpy==2.4.6 scipy==1.17.1
    /tmp/tools/bin/python tests/unit/eval/make_significance_fixtures.py
"""

import json
import os

import numpy as np
import scipy.stats as st

rng = np.random.default_rng(7)
EVERY = st.PermutationMethod(n_resamples=np.inf)


def pair(n, shift, ties):
    a, b = rng.normal(shift, 1, n), rng.normal(0, 1, n)
    return (np.round(a * 2) / 2, np.round(b * 2) / 2) if ties else (a, b)


def permuted(a, b, statistic):
    """Every way to change places."""
    return st.permutation_test((a, b), statistic, permutation_type="samples", n_resamples=np.inf, vectorized=False).pvalue


def mean_difference(a, b):
    return np.mean(a) - np.mean(b)


def permutations():
    for n, shift, ties in ((5, 1, False), (9, 0.5, False), (12, 0.4, True), (13, 0, False)):
        a, b = pair(n, shift, ties)
        yield {"a": a.tolist(), "b": b.tolist(), "weights": [1] * n, "root": False, "p": permuted(a, b, mean_difference)}
    weights = rng.integers(1, 9, 11)
    a, b = rng.gamma(weights, 1.0), rng.gamma(weights, 0.8)  # squared errors of so many rows
    p = permuted(a, b, lambda x, y: np.sqrt(x.sum() / weights.sum()) - np.sqrt(y.sum() / weights.sum()))
    yield {"a": a.tolist(), "b": b.tolist(), "weights": weights.tolist(), "root": True, "p": p}


def signed_ranks():
    for n, shift, ties, method in ((8, 0.5, False, "exact"), (45, 0.3, False, "exact"), (10, 0.5, True, EVERY), (12, 0.2, True, EVERY),
                                   (80, 0.2, False, "asymptotic"), (120, 0.1, True, "asymptotic")):
        a, b = pair(n, shift, ties)
        if method is EVERY:  # equal pairs are dropped first, as the test says
            a, b = a[a != b], b[a != b]
        p = st.wilcoxon(a, b, method=method, correction=False, zero_method="wilcox").pvalue
        yield {"a": a.tolist(), "b": b.tolist(), "p": p}


def coins():
    for only_a, only_b in ((0, 0), (0, 5), (3, 3), (4, 11), (60, 90), (500, 640), (2000, 2000), (1, 2500)):
        p = st.binomtest(only_a, only_a + only_b, 0.5).pvalue if only_a + only_b else 1.0
        yield {"only_a": only_a, "only_b": only_b, "p": p}


def intervals():
    for n, level in ((20, 0.95), (35, 0.9), (60, 0.99)):
        x = rng.gamma(1.5, 1, n)
        drawn = st.bootstrap((x,), np.mean, n_resamples=399, confidence_level=level, method="BCa", rng=rng)
        plain = st.bootstrap((x,), np.mean, n_resamples=0, bootstrap_result=drawn, confidence_level=level, method="percentile")
        yield {"x": x.tolist(), "level": level, "replicates": sorted(drawn.bootstrap_distribution.tolist()),
               "bca": list(drawn.confidence_interval), "percentile": list(plain.confidence_interval)}


out = {"permutation": list(permutations()), "wilcoxon": list(signed_ranks()), "mcnemar": list(coins()), "intervals": list(intervals())}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "significance_fixtures.json"), "w") as file:
    file.write("{\n" + ",\n".join(f'"{k}": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]" for k, cases in out.items()) + "\n}\n")
