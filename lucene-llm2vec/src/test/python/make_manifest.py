# SPDX-License-Identifier: Apache-2.0
"""Writes manifest.json: every checkpoint, what it exercises and its expected files.

Usage: make_manifest.py CHECKPOINTS_FOLDER
"""

import json
import sys
from pathlib import Path

from checkpoint_configs import CHECKPOINTS
from tiny_weights import write_json

OTHERS = {
    "hub": "a chain of hub ids in the layout of the hub cache: tiny/base, tiny/mntp (config, "
    "tokenizer with `_` as mask token, adapter), tiny/mntp-supervised and, with rslora, "
    "tiny/mntp-unsup-simcse; both second adapters name tiny/base as their base",
    "chain-local": "a chain of folders that name ../base: base stored as bf16, mntp with rslora "
    "and bf16 matrices, patterns with rank_pattern, alpha_pattern, three target modules and its "
    "own llm2vec_config.json, patterns-causal-names with base_model.model.model. names",
    "llama-merged": "what LLM2Vec.save(merge_before_save=True) wrote for hub base + mntp + "
    "supervised: class LlamaBiModel, names without prefix, llm2vec_config.json",
    "stories260K": "a real, trained Llama converted to a Hugging Face folder",
}
HEADER = ("style", "attention", "dtype", "base", "adapters", "same_as_adapters")


def describe(root, file):
    """Where the file lies, and its header without the templates."""
    header = json.loads(file.read_text(encoding="utf-8"))
    kept = {key: header[key] for key in HEADER if key in header}
    cases = sum(len(group["cases"]) for group in header.get("groups", []))
    if cases:
        kept["cases"] = cases
    return {"file": str(file.relative_to(root)), **kept}


def exercises(name):
    if name in CHECKPOINTS:
        return CHECKPOINTS[name]["exercises"]
    if name.startswith("golden-"):
        return "weights by formula; hidden states agree with published components"
    return OTHERS[name]


def main():
    root = Path(sys.argv[1]).resolve()
    entries = []
    for folder in sorted(p for p in root.iterdir() if p.is_dir()):
        expected = sorted((folder / "expected").glob("*.json"))
        entry = {"name": folder.name, "exercises": exercises(folder.name)}
        entry["expected"] = [describe(root, file) for file in expected]
        entries.append(entry)
    write_json(root / "manifest.json", {"checkpoints": entries})


if __name__ == "__main__":
    main()
