# SPDX-License-Identifier: Apache-2.0
"""Writes what the first layers of a model give, by transformers. See README.md.

Usage: make_pruned_states.py CHECKPOINTS RESOURCES

The mean, over all tokens but the first, of the states behind the third of five layers and the last
norm.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

TEXTS = [
    "Once upon a time there was a little girl who loved her red ball.",
    "The dog ran to the park and saw a big tree.",
    "Lily and Tom played all day.",
]


def main():
    torch.set_num_threads(1)
    folder = Path(sys.argv[1]) / "stories260K"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    states = []
    seen = []
    model.layers[2].register_forward_hook(
        lambda module, args, out: seen.append(out[0] if isinstance(out, tuple) else out)
    )
    for text in TEXTS:
        with torch.no_grad():
            model(**tokenizer(text, return_tensors="pt"))
            state = model.norm(seen.pop())
        states.append([float(f"{x:.7g}") for x in state.reshape(-1, 64)[1:].mean(0).tolist()])
    result = {"texts": TEXTS, "vectors": states}
    (Path(sys.argv[2]) / "pruning").mkdir(exist_ok=True)
    (Path(sys.argv[2]) / "pruning/three-layers.json").write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
