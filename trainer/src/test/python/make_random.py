# SPDX-License-Identifier: Apache-2.0
"""Random numbers of Python and of PyTorch's CPU generator, by which the Java ones are checked.

Usage: make_random.py RESOURCES
"""

import json
import random
import sys
from pathlib import Path

import torch

SEEDS = [0, 1, 42, 1234, 2**31, 2**32 + 5, 2**40 + 17]


def python_case(seed):
    source = random.Random(seed)
    case = {"seed": seed, "words": [source.getrandbits(32) for _ in range(5)]}
    source = random.Random(seed)
    case["shuffles"] = []
    for size in (10, 5, 1, 2, 33, 700):
        items = list(range(size))
        source.shuffle(items)
        case["shuffles"].append(items)
    case["after"] = source.getrandbits(32)
    return case


def torch_case(seed):
    case = {"seed": seed, "permutations": []}
    for size in (1, 2, 10, 31, 1000):
        generator = torch.Generator().manual_seed(seed)
        case["permutations"].append(torch.randperm(size, generator=generator).tolist())
    torch.manual_seed(seed)
    case["uniform"] = torch.rand(40).tolist()
    case["bernoulli"] = []
    for p in (0.2, 0.8, 0.0, 0.15):
        mask = torch.bernoulli(torch.full((5, 7), p)).bool()
        case["bernoulli"].append({"p": p, "drawn": "".join("01"[x] for x in mask.view(-1).tolist())})
    case["below"] = []
    for bound in (2, 512, 32000, 128256):
        case["below"].append({"bound": bound, "drawn": torch.randint(bound, (4, 6), dtype=torch.long).view(-1).tolist()})
    case["seed_drawn"] = str(int(torch.empty((), dtype=torch.int64).random_()))
    case["next"] = torch.rand(1).item()
    return case


def main():
    target = Path(sys.argv[1]) / "io/github/llm2vec/trainer/random"
    target.mkdir(parents=True, exist_ok=True)
    cases = {"python": [python_case(s) for s in SEEDS], "torch": [torch_case(s) for s in SEEDS]}
    (target / "random.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
