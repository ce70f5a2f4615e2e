# SPDX-License-Identifier: Apache-2.0
"""Random weights for a decoder, drawn by numpy from a seed, and safetensors folders."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

LINEARS = {
    "self_attn.q_proj": ("query", "hidden"),
    "self_attn.k_proj": ("key", "hidden"),
    "self_attn.v_proj": ("key", "hidden"),
    "self_attn.o_proj": ("hidden", "query"),
    "mlp.gate_proj": ("intermediate", "hidden"),
    "mlp.up_proj": ("intermediate", "hidden"),
    "mlp.down_proj": ("hidden", "intermediate"),
}


def head_dim(config):
    return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


def widths(config):
    """What the words in LINEARS stand for."""
    return {
        "hidden": config["hidden_size"],
        "intermediate": config["intermediate_size"],
        "query": config["num_attention_heads"] * head_dim(config),
        "key": config["num_key_value_heads"] * head_dim(config),
    }


def biased(config, linear):
    """Which linears of which family have a bias."""
    if config["model_type"] == "qwen2":
        return linear in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    key = "attention_bias" if linear.startswith("self_attn") else "mlp_bias"
    return bool(config.get(key))


def shapes(config):
    """Names without prefix and shapes, in the order of the modules."""
    size = widths(config)
    result = {"embed_tokens.weight": (config["vocab_size"], size["hidden"])}
    norms = ["input_layernorm", "post_attention_layernorm"]
    if config["model_type"] == "gemma3_text":
        norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
    for i in range(config["num_hidden_layers"]):
        layer = f"layers.{i}."
        for linear, (out, into) in LINEARS.items():
            result[f"{layer}{linear}.weight"] = (size[out], size[into])
            if biased(config, linear):
                result[f"{layer}{linear}.bias"] = (size[out],)
        if config["model_type"] in ("qwen3", "gemma3_text"):
            result[layer + "self_attn.q_norm.weight"] = (head_dim(config),)
            result[layer + "self_attn.k_norm.weight"] = (head_dim(config),)
        for norm in norms:
            result[f"{layer}{norm}.weight"] = (size["hidden"],)
    result["norm.weight"] = (size["hidden"],)
    return result


def random_tensors(config, seed):
    """Weights large enough that attention is uneven and layers matter; norms away from one."""
    random = np.random.default_rng(seed)
    offset_norms = config["model_type"].startswith("gemma")
    result = {}
    for name, shape in shapes(config).items():
        values = random.standard_normal(shape)
        if "norm" in name:
            values = 0.2 * values + (0.0 if offset_norms else 1.0)
        elif name.endswith("bias"):
            values = 0.3 * values
        elif name.startswith("embed"):
            values = values * (0.2 if offset_norms else 1.0)
        else:
            values = values * 1.1 / np.sqrt(shape[1])
        result[name] = torch.from_numpy(values.astype(np.float32))
    return result


def random_adapter(config, seed, rank, ranks=None, targets=None, prefix="base_model.model."):
    """LoRA matrices with a B that is not zero; ranks overrides the rank of some modules."""
    random = np.random.default_rng(seed)
    size = widths(config)
    result = {}
    for i in range(config["num_hidden_layers"]):
        for linear, (out, into) in LINEARS.items():
            name = f"layers.{i}.{linear}"
            if targets and linear.split(".")[-1] not in targets:
                continue
            r = (ranks or {}).get(name, rank)
            a = random.standard_normal((r, size[into])) / np.sqrt(size[into])
            b = random.standard_normal((size[out], r)) * 0.2
            for side, values in (("A", a), ("B", b)):
                tensor = torch.from_numpy(values.astype(np.float32))
                result[f"{prefix}{name}.lora_{side}.weight"] = tensor
    return result


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_tensors(folder, tensors, dtype=torch.float32, prefix="", shards=1, extra=None):
    """model.safetensors, or shards with their index; extra tensors are stored as they are."""
    named = {}
    for name, tensor in tensors.items():
        full = name if name.startswith("lm_head") else prefix + name
        named[full] = tensor.to(dtype).contiguous()
    named.update(extra or {})
    if shards == 1:
        save_file(named, folder / "model.safetensors", metadata={"format": "pt"})
        return
    names = list(named)
    per_shard = -(-len(names) // shards)
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = names[shard * per_shard : (shard + 1) * per_shard]
        save_file({n: named[n] for n in part}, folder / file, metadata={"format": "pt"})
        weight_map.update({n: file for n in part})
    total = sum(t.numel() * t.element_size() for t in named.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    write_json(folder / "model.safetensors.index.json", index)


def fresh(folder: Path):
    """An empty folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        if file.is_file():
            file.unlink()
    return folder
