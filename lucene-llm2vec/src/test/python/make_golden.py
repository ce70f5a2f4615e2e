# SPDX-License-Identifier: Apache-2.0
"""Writes decoders whose weights are a formula, and their hidden states. See README.md.

Usage: make_golden.py CHECKPOINTS_FOLDER
Needs transformers 5. The published components below were computed independently of this script.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoConfig, AutoModel

from expected_io import numbers
from tiny_weights import fresh, shapes, write_json, write_tensors

IDS = [[2, 2, 5, 6, 7, 8], [1, 9, 10, 11, 12, 13]]
MASK = [[0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]
SCALING = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


def config(model_type, architecture, **values):
    result = {
        "architectures": [architecture],
        "model_type": model_type,
        "vocab_size": 32,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 4,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "max_position_embeddings": 64,
        "torch_dtype": "float32",
    }
    result.update(values)
    return result


CONFIGS = {
    "llama": config("llama", "LlamaModel", rms_norm_eps=1e-5),
    "mistral": config("mistral", "MistralModel", rms_norm_eps=1e-5, sliding_window=None),
    "llama-llama3": config(
        "llama", "LlamaModel", rms_norm_eps=1e-5, rope_theta=500000.0, rope_scaling=SCALING
    ),
    "qwen2": config("qwen2", "Qwen2Model", rope_theta=1000000.0, use_sliding_window=False),
    "qwen3": config("qwen3", "Qwen3Model", rope_theta=1000000.0, head_dim=8),
    "gemma": config(
        "gemma", "GemmaModel", head_dim=8, hidden_act="gelu_pytorch_tanh", pad_token_id=0
    ),
    "gemma3": config(
        "gemma3_text",
        "Gemma3TextModel",
        head_dim=8,
        hidden_activation="gelu_pytorch_tanh",
        query_pre_attn_scalar=8,
        sliding_window=4,
        use_bidirectional_attention=True,
        rope_theta=1000000.0,
        rope_local_base_freq=10000.0,
        layer_types=["sliding_attention", "full_attention"],
        pad_token_id=0,
    ),
}
# (row, positions that are averaged) -> first four components
LLAMA = {
    (0, (5,)): (-0.35830, -1.07894, -1.48120, -1.25625),
    (0, (2, 3, 4, 5)): (-0.86422, -1.23176, -1.06383, -0.35080),
    (1, (0, 1, 2, 3, 4, 5)): (-0.14664, -0.61216, -0.96622, -0.96652),
    (0, (0, 1, 2, 3, 4, 5)): (-0.63096, -1.13132, -1.18048, -0.66171),
}
PUBLISHED = {
    "llama": LLAMA,
    "mistral": LLAMA,
    "llama-llama3": {
        (0, (5,)): (-0.35684, -1.07811, -1.48151, -1.25779),
        (0, (2, 3, 4, 5)): (-0.86374, -1.23146, -1.06396, -0.35144),
        (1, (0, 1, 2, 3, 4, 5)): (-0.15324, -0.61643, -0.96315, -0.95411),
    },
    "qwen2": {
        (0, (5,)): (-0.41345, -1.10932, -1.44097, -1.12887),
        (0, (2, 3, 4, 5)): (-0.87792, -1.17176, -0.92062, -0.15766),
        (1, (0, 1, 2, 3, 4, 5)): (-0.43501, -0.85928, -1.01412, -0.74170),
    },
    "qwen3": {
        (0, (5,)): (-1.23995, -0.42261, 0.65637, 1.45299),
        (0, (2, 3, 4, 5)): (-0.47431, 0.20481, 0.82234, 1.05854),
        (1, (0, 1, 2, 3, 4, 5)): (-0.69207, -0.62996, -0.24616, 0.27871),
    },
    "gemma": {
        (0, (5,)): (-1.00571, 0.03020, 1.06302, 1.57024),
        (0, (2, 3, 4, 5)): (-0.35301, 0.24122, 0.73547, 0.89207),
        (1, (0, 1, 2, 3, 4, 5)): (-0.57111, -0.56334, -0.29303, 0.11177),
    },
    "gemma3": {(0, (0, 1, 2, 3, 4, 5)): (-0.20224, -0.48752, -0.82014, -1.04218)},
}
CAUSAL_LLAMA = {(0, (2, 3, 4, 5)): (-0.75654, -1.07519, -0.88619, -0.19793)}
WEIGHTED_LLAMA = (-0.68852, -1.20082, -1.23647, -0.67556)


def formula(name, shape, offset_norms):
    """0.3 sin(0.37 k + 0.11 s), s the sum of the name's bytes, k the flat index; see README.md."""
    phase = 0.11 * sum(name.encode())
    wave = np.array([math.sin(0.37 * k + phase) for k in range(math.prod(shape))])
    if "norm" in name:
        values = 0.1 * wave + (0.0 if offset_norms else 1.0)
    else:
        values = 0.3 * wave
    return torch.from_numpy(values.reshape(shape).astype(np.float32))


def four_dimensional(mask, causal):
    """Additive mask of shape [batch, 1, from, to]."""
    mask = torch.tensor(mask)
    blocked = (mask == 0)[:, None, None, :].expand(-1, 1, mask.shape[1], -1)
    if causal:
        blocked = blocked | torch.ones(mask.shape[1], mask.shape[1]).triu(1).bool()
    return torch.zeros(blocked.shape).masked_fill(blocked, torch.finfo(torch.float32).min)


def hidden_states(folder, name, causal):
    """Rows of the input, their mask, and the last hidden states [row, position, component]."""
    settings = AutoConfig.from_pretrained(folder)
    settings._attn_implementation = "eager"
    model, info = AutoModel.from_pretrained(
        folder, config=settings, dtype=torch.float32, output_loading_info=True
    )
    assert not any(info[key] for key in info if key.endswith("_keys")), info
    model.eval()
    rows, mask = (IDS[1:], MASK[1:]) if name == "gemma3" else (IDS, MASK)
    given = torch.tensor(mask) if name == "gemma3" else four_dimensional(mask, causal)
    positions = torch.arange(6)[None, :].expand(len(rows), -1)
    with torch.no_grad():
        states = model(torch.tensor(rows), attention_mask=given, position_ids=positions)
    return rows, mask, states.last_hidden_state


def worst(states, published):
    """Largest distance from the published components."""
    distances = [0.0]
    for (row, positions), components in published.items():
        mean = states[row, list(positions)].mean(0)[:4]
        distances.append(float((mean - torch.tensor(components)).abs().max()))
    return max(distances)


def main():
    torch.set_num_threads(1)
    root = Path(sys.argv[1]).resolve()
    for name, settings in CONFIGS.items():
        folder = fresh(root / f"golden-{name}")
        write_json(folder / "config.json", dict(sorted(settings.items())))
        offset = settings["model_type"].startswith("gemma")
        tensors = {n: formula(n, shape, offset) for n, shape in shapes(settings).items()}
        write_tensors(folder, tensors)
        result = {"oracle": f"transformers {transformers.__version__}", "style": "hidden-states"}
        for attention in ("bidirectional",) if name == "gemma3" else ("bidirectional", "causal"):
            causal = attention == "causal"
            rows, mask, states = hidden_states(folder, name, causal)
            published = PUBLISHED[name] if not causal else {}
            if causal and name == "llama":
                published = CAUSAL_LLAMA
            away = worst(states, published)
            if name == "llama" and not causal:
                weights = torch.tensor([0, 0, 1, 2, 3, 4]) / 10
                pooled = (states[0] * weights[:, None]).sum(0)[:4]
                away = max(away, float((pooled - torch.tensor(WEIGHTED_LLAMA)).abs().max()))
            print(name, attention, len(published), "published rows, largest difference", away)
            assert away < 2e-5, name
            result.update(ids=rows, mask=mask)
            result[attention] = [[numbers(p) for p in row] for row in states]
        out = folder / "expected"
        out.mkdir(exist_ok=True)
        text = json.dumps(result).replace("[[[", "\n[[[").replace("], [", "],\n[")
        (out / "hidden-states.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
