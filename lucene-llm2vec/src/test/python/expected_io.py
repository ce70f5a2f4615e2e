# SPDX-License-Identifier: Apache-2.0
"""How expected values are rounded, compared and written."""

import json

import numpy as np


def numbers(values):
    """Floats with 8 significant digits: enough to give the same single-precision number within
    one unit in the last place."""
    return [float(f"{float(v):.8g}") for v in values]


def difference(left, right):
    """Largest absolute difference of two vectors after each is normalised."""
    left, right = (np.asarray(list(map(float, v)), dtype=np.float64) for v in (left, right))
    scale = lambda v: v / max(np.linalg.norm(v), 1e-12)
    return float(np.abs(scale(left) - scale(right)).max())


def one_line(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write_expected(path, header, groups):
    """Valid JSON with one case per line, so that a change shows as a line in a diff."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in header.items()]
    blocks = []
    for group in groups:
        head = {key: value for key, value in group.items() if key != "cases"}
        lines = ",\n".join("   " + one_line(case) for case in group["cases"])
        blocks.append(f"  {one_line(head)[:-1]},\"cases\":[\n{lines}\n  ]}}")
    body = ",\n".join(blocks)
    text = "{\n" + "\n".join(fields) + '\n "groups": [\n' + body + "\n ]\n}\n"
    assert json.loads(text)["groups"] == json.loads(json.dumps(groups)), path
    path.write_text(text, encoding="utf-8")
    report(path, groups)


def report(path, groups):
    """A line per group for whoever runs the script."""
    for group in groups:
        apart = [c["text_name"] for c in group["cases"] if "embedding_in_batch" in c]
        zero = [c["text_name"] for c in group["cases"] if c.get("pool_length") == 0]
        print(
            path.parent.parent.name, path.name, group["name"], len(group["cases"]),
            "batch", group.get("batch_difference"), "apart", apart, "zero", zero,
        )
