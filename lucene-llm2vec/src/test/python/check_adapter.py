# SPDX-License-Identifier: Apache-2.0
"""Loads an adapter with PEFT and compares pooled vectors with recorded ones. See README.md.

Usage: check_adapter.py BASE_FOLDER ADAPTER_FOLDER VECTORS.json
VECTORS.json: {"rows": [[id, ...], ...], "vectors": [[...], ...]}, the mean over all tokens of a row,
attention bidirectional. Prints the largest difference of a component; fails above 1e-5.
"""

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModel


def main():
    base, adapter, recorded = sys.argv[1:]
    data = json.loads(Path(recorded).read_text())
    model = AutoModel.from_pretrained(base, torch_dtype=torch.float32, attn_implementation="eager")
    model = PeftModel.from_pretrained(model, adapter).eval()
    worst = 0.0
    with torch.inference_mode():
        for row, expected in zip(data["rows"], data["vectors"], strict=True):
            mask = torch.zeros(1, 1, len(row), len(row))
            states = model(input_ids=torch.tensor([row]), attention_mask=mask).last_hidden_state
            difference = states[0].mean(0) - torch.tensor(expected)
            worst = max(worst, difference.abs().max().item())
    print(f"{len(data['rows'])} vectors, largest difference {worst:.2e}")
    if worst > 1e-5:
        sys.exit(1)


if __name__ == "__main__":
    main()
