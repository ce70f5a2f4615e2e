"""Writes lists of numbers with scipy's correlations and paired tests of them."""

import json
import pathlib
import sys

import numpy as np
from scipy import stats


def number(value):
    return None if np.isnan(value) else float(value)


def correlations(name, left, right):
    with np.errstate(all="ignore"):
        return {
            "name": name, "left": list(map(float, left)), "right": list(map(float, right)),
            "pearson": number(stats.pearsonr(left, right)[0]),
            "spearman": number(stats.spearmanr(left, right)[0]),
        }


def paired(name, first, second):
    difference = np.asarray(second) - np.asarray(first)
    with np.errstate(all="ignore"):
        t = stats.ttest_rel(second, first).pvalue
    case = {"name": name, "first": list(map(float, first)), "second": list(map(float, second)),
            "mean_difference": float(difference.mean()), "t_test": number(t)}
    if len(difference) <= 14:
        case["randomisation"] = float(stats.permutation_test(
            (second, first), lambda a, b: np.mean(a - b), permutation_type="samples",
            n_resamples=np.inf).pvalue)
    return case


def main():
    out = pathlib.Path(sys.argv[1])
    draw = np.random.default_rng(11)
    left = draw.normal(size=60)
    grades = draw.integers(0, 6, size=200).astype(float)
    cases = {"correlations": [
        correlations("continuous", left, left + draw.normal(size=60)),
        correlations("many ties", grades, np.round(grades / 2 + draw.normal(size=200))),
        correlations("similarities", grades, np.tanh(grades / 5 + draw.normal(size=200) / 3)),
        correlations("opposite", left, -left),
        correlations("same", left, left),
        correlations("signed zeros", [0.0, -0.0, 1.0, 2.0], [1.0, 2.0, 3.0, 4.0]),
        correlations("two", [1.0, 2.0], [5.0, 3.0]),
        correlations("constant", [1.0, 1.0, 1.0], [1.0, 2.0, 3.0]),
        correlations("large and small", left * 1e12, left * 1e-12 + draw.normal(size=60) * 1e-12),
    ], "paired": []}
    for n in (2, 3, 8, 12, 14, 50, 300, 2000):
        first = draw.random(n)
        shift = draw.normal(0.02, 0.1, n)
        cases["paired"].append(paired(f"{n} pairs", first, first + shift))
    first = draw.random(12)
    second = first.copy()
    second[:4] += 0.25
    cases["paired"].append(paired("most equal", first, second))
    cases["paired"].append(paired("clear", draw.random(100), draw.random(100) + 1))
    (out / "statistics.json").write_text(json.dumps(cases, indent=None) + "\n")


main()
