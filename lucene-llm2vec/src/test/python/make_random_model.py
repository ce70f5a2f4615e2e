# SPDX-License-Identifier: Apache-2.0
"""Writes a Llama of realistic width with random weights, to measure speed with. See README.md.

Usage: make_random_model.py FOLDER TOKENIZER [--layers 4] [--hidden 2048] [--intermediate 5504]
       [--heads 32] [--kv-heads 8] [--dtype bfloat16] [--seed 0]
TOKENIZER: tokenizer.json, or tokenizer.json.gz, of a real model; gives the vocabulary.
"""

import argparse
import gzip
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from tiny_weights import shapes, write_json


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("tokenizer", type=Path)
    for name, value in (("layers", 4), ("hidden", 2048), ("intermediate", 5504), ("heads", 32)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--kv-heads", type=int, default=8)
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="bfloat16")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def special(tokenizer, *names):
    """The first of the names that the tokenizer has, with its id."""
    ids = {entry["content"]: entry["id"] for entry in tokenizer["added_tokens"]}
    return next(((name, ids[name]) for name in names if name in ids), (None, None))


def write_tokenizer(folder, source):
    """Copies tokenizer.json and names its special tokens; returns what config.json needs."""
    raw = gzip.decompress(source.read_bytes()) if source.suffix == ".gz" else source.read_bytes()
    (folder / "tokenizer.json").write_bytes(raw)
    tokenizer = json.loads(raw)
    bos, bos_id = special(tokenizer, "<s>", "<|begin_of_text|>")
    eos, eos_id = special(tokenizer, "</s>", "<|end_of_text|>", "<|endoftext|>")
    tokens = {"bos_token": bos, "eos_token": eos, "pad_token": eos}
    tokens = {key: value for key, value in tokens.items() if value}
    settings = {
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": 4096,
        "tokenizer_class": "PreTrainedTokenizerFast",
        **tokens,
    }
    write_json(folder / "tokenizer_config.json", settings)
    write_json(folder / "special_tokens_map.json", tokens)
    ids = list(tokenizer["model"]["vocab"].values())
    size = max(ids + [entry["id"] for entry in tokenizer["added_tokens"]]) + 1
    return {"vocab_size": size, "bos_token_id": bos_id, "eos_token_id": eos_id}


def main():
    chosen = arguments()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["LlamaModel"],
        "hidden_act": "silu",
        "hidden_size": chosen.hidden,
        "intermediate_size": chosen.intermediate,
        "max_position_embeddings": 4096,
        "model_type": "llama",
        "num_attention_heads": chosen.heads,
        "num_hidden_layers": chosen.layers,
        "num_key_value_heads": chosen.kv_heads,
        "rms_norm_eps": 1e-05,
        "rope_theta": 10000.0,
        "torch_dtype": chosen.dtype,
        **write_tokenizer(chosen.folder, chosen.tokenizer),
    }
    write_json(chosen.folder / "config.json", config)
    generator = torch.Generator().manual_seed(chosen.seed)
    dtype = getattr(torch, chosen.dtype)
    tensors = {}
    for name, shape in shapes(config).items():
        if "norm" in name:
            tensors[name] = torch.ones(shape, dtype=dtype)
            continue
        scale = 1.0 if name.startswith("embed") else shape[1] ** -0.5
        tensors[name] = (torch.randn(shape, generator=generator) * scale).to(dtype)
    save_file(tensors, chosen.folder / "model.safetensors", metadata={"format": "pt"})
    parameters = sum(tensor.numel() for tensor in tensors.values())
    print(json.dumps({"folder": str(chosen.folder), "parameters": parameters}))


if __name__ == "__main__":
    main()
