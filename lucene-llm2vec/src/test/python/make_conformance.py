# SPDX-License-Identifier: Apache-2.0
"""Makes a tiny random checkpoint of every supported architecture with the real classes of
transformers, saves it as they save it, and records what they compute. See README.md.

Usage: make_conformance.py CONFORMANCE_FOLDER [ROW ...]
Run it with transformers 5 and again with transformers 4.44; each makes the rows that are its own.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
import transformers
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

NEW = int(transformers.__version__.split(".")[0]) >= 5
LENGTHS = (1, 5, 21)
VOCABULARY = 40
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "initializer_range": 0.3,
}
HEADS = {"head_dim": 8}
YARN = {
    "rope_type": "yarn",
    "rope_theta": 10000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 16,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
LONG = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0, 1.1],
    "long_factor": [1.5, 3.0],
}
MINISTRAL3 = {
    **YARN,
    "original_max_position_embeddings": 8,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "llama_4_scaling_beta": 0.1,
}
BY_LAYER = {
    "full_attention": {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
}
LOCAL_GLOBAL = ["sliding_attention", "full_attention"]

# name: (model_type, what config.json says beside the sizes, class that saves it)
ROWS = {
    "llama": ("llama", {}, AutoModelForCausalLM),
    "llama-biased-tied": (
        "llama",
        {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True, **HEADS},
        AutoModelForCausalLM,
    ),
    "llama-linear": (
        "llama",
        {"rope_parameters": {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}},
        AutoModel,
    ),
    "llama-dynamic": (
        "llama",
        {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}},
        AutoModel,
    ),
    "llama-llama3": ("llama", {"rope_parameters": LLAMA3}, AutoModel),
    "llama-yarn": ("llama", {"rope_parameters": YARN}, AutoModel),
    "llama-longrope": (
        "llama",
        {"rope_parameters": {**LONG, "original_max_position_embeddings": 8}},
        AutoModel,
    ),
    "mistral-window": ("mistral", {"sliding_window": 4}, AutoModelForCausalLM),
    "mistral": ("mistral", {"sliding_window": None, **HEADS}, AutoModel),
    "ministral": (
        "ministral",
        {"sliding_window": 4, "layer_types": LOCAL_GLOBAL, **HEADS},
        AutoModelForCausalLM,
    ),
    "ministral3": ("ministral3", {"rope_parameters": MINISTRAL3, **HEADS}, AutoModel),
    "ministral3-window": (
        "ministral3",
        {"rope_parameters": MINISTRAL3, "sliding_window": 4, **HEADS},
        AutoModelForCausalLM,
    ),
    "qwen2": ("qwen2", {}, AutoModelForCausalLM),
    "qwen2-window": (
        "qwen2",
        {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
        AutoModel,
    ),
    "qwen3": ("qwen3", {"tie_word_embeddings": True, **HEADS}, AutoModelForCausalLM),
    "qwen3-biased-window": (
        "qwen3",
        {
            "attention_bias": True,
            "use_sliding_window": True,
            "sliding_window": 4,
            "layer_types": LOCAL_GLOBAL,
            **HEADS,
        },
        AutoModel,
    ),
    "qwen3-yarn": ("qwen3", {"rope_parameters": YARN, **HEADS}, AutoModel),
    "gemma": ("gemma", HEADS, AutoModelForCausalLM),
    "gemma2": (
        "gemma2",
        {"sliding_window": 4, "query_pre_attn_scalar": 16, "attn_logit_softcapping": 2.0, **HEADS},
        AutoModelForCausalLM,
    ),
    "gemma2-uncapped": (
        "gemma2",
        {"sliding_window": 4, "attn_logit_softcapping": None, **HEADS},
        AutoModel,
    ),
    "gemma3-text": (
        "gemma3_text",
        {"sliding_window": 4, "query_pre_attn_scalar": 16, "layer_types": LOCAL_GLOBAL, **HEADS},
        AutoModelForCausalLM,
    ),
    "gemma3-text-scaled": (
        "gemma3_text",
        {
            "sliding_window": 4,
            "layer_types": LOCAL_GLOBAL,
            "rope_parameters": BY_LAYER,
            **HEADS,
        },
        AutoModel,
    ),
    "gemma3-text-bidirectional": (
        "gemma3_text",
        {
            "sliding_window": 6,
            "layer_types": LOCAL_GLOBAL,
            "use_bidirectional_attention": True,
            **HEADS,
        },
        AutoModel,
    ),
    "embedding-gemma2-text": (
        "embedding_gemma2_text",
        {
            "sliding_window": 3,
            "sliding_window_pattern": 2,
            "global_head_dim": 16,
            "hidden_size_per_layer_input": 8,
            "embedding_dim": 20,
            **HEADS,
        },
        AutoModel,
    ),
    "embedding-gemma2-text-proportional": (
        "embedding_gemma2_text",
        {
            "num_hidden_layers": 3,
            "sliding_window": 3,
            "sliding_window_pattern": 2,
            "global_head_dim": 16,
            "hidden_size_per_layer_input": 8,
            "embedding_dim": 12,
            "attention_bias": True,
            "rope_parameters": {
                "full_attention": {
                    "rope_type": "proportional",
                    "rope_theta": 1000000.0,
                    "partial_rotary_factor": 0.5,
                },
                "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            },
            **HEADS,
        },
        AutoModel,
    ),
    "olmo2": ("olmo2", {}, AutoModelForCausalLM),
    "olmo2-biased": ("olmo2", {"attention_bias": True, "rope_parameters": YARN}, AutoModel),
    "olmo3": (
        "olmo3",
        {"sliding_window": 4, "layer_types": LOCAL_GLOBAL},
        AutoModelForCausalLM,
    ),
    "olmo3-yarn": (
        "olmo3",
        {
            "sliding_window": 4,
            "num_hidden_layers": 4,
            "rope_parameters": {
                "full_attention": {**YARN, "rope_theta": 500000.0},
                "sliding_attention": {"rope_type": "default", "rope_theta": 500000.0},
            },
        },
        AutoModel,
    ),
    "phi3": ("phi3", {"sliding_window": 4}, AutoModelForCausalLM),
    "phi3-longrope": (
        "phi3",
        {"rope_parameters": LONG, "original_max_position_embeddings": 8},
        AutoModel,
    ),
    "phi3-partial": (
        "phi3",
        {
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "rope_parameters": {**LONG, "partial_rotary_factor": 0.5},
            "original_max_position_embeddings": 8,
        },
        AutoModelForCausalLM,
    ),
    "granite": (
        "granite",
        {
            "attention_multiplier": 0.3,
            "embedding_multiplier": 3.0,
            "residual_multiplier": 0.22,
            "logits_scaling": 4.0,
        },
        AutoModelForCausalLM,
    ),
    "granite-biased": (
        "granite",
        {"attention_bias": True, "mlp_bias": True, "attention_multiplier": 0.5},
        AutoModel,
    ),
    "smollm3": (
        "smollm3",
        {"num_hidden_layers": 3, "no_rope_layers": [1, 0, 1]},
        AutoModelForCausalLM,
    ),
    "smollm3-window": (
        "smollm3",
        {
            "num_hidden_layers": 4,
            "no_rope_layer_interval": 2,
            "use_sliding_window": True,
            "sliding_window": 4,
        },
        AutoModel,
    ),
    "seed-oss": ("seed_oss", HEADS, AutoModelForCausalLM),
    "seed-oss-biased": (
        "seed_oss",
        {"attention_bias": False, "attention_out_bias": True, "mlp_bias": True, **HEADS},
        AutoModel,
    ),
}

# Saved with transformers 4.44, in the spelling of its time.
OLD_ROWS = {
    "old-llama": ("llama", {}, AutoModelForCausalLM),
    "old-llama-llama3": (
        "llama",
        {"rope_scaling": {k: v for k, v in LLAMA3.items() if k != "rope_theta"}},
        AutoModelForCausalLM,
    ),
    "old-llama-yarn": (
        "llama",
        {"rope_scaling": {k: v for k, v in YARN.items() if k != "rope_theta"}},
        AutoModel,
    ),
    "old-mistral-window": ("mistral", {"sliding_window": 4}, AutoModelForCausalLM),
    "old-qwen2": ("qwen2", {"rope_theta": 1000000.0}, AutoModelForCausalLM),
    "old-gemma": ("gemma", {**HEADS, "hidden_act": "gelu_pytorch_tanh"}, AutoModelForCausalLM),
    "old-gemma2": (
        "gemma2",
        {"sliding_window": 4, "query_pre_attn_scalar": 16, "attn_logit_softcapping": 2.0, **HEADS},
        AutoModelForCausalLM,
    ),
    "old-phi3": ("phi3", {"sliding_window": None}, AutoModelForCausalLM),
}


def ids(length):
    return torch.tensor([[(7 * i + 3) % VOCABULARY for i in range(length)]])


def randomised(model):
    """Weights that make attention uneven and norms matter."""
    torch.manual_seed(11)
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if "norm" in name:
                offset = 0.0 if float(tensor.abs().max()) == 0 else 1.0
                tensor.copy_(offset + 0.2 * torch.randn(tensor.shape))
            elif name.endswith("layer_scalar"):
                tensor.copy_(0.9 + 0.05 * torch.randn(tensor.shape))
            elif name.endswith("bias"):
                tensor.copy_(0.3 * torch.randn(tensor.shape))
            elif "embed_tokens" in name and tensor.dim() == 2:
                tensor.copy_(torch.randn(tensor.shape))
            elif tensor.dim() == 2:
                tensor.copy_(1.1 * torch.randn(tensor.shape) / tensor.shape[1] ** 0.5)
    return model


def states(folder, causal, dtype):
    """The last hidden states of a text of every length, by the bare class."""
    config = AutoConfig.from_pretrained(folder)
    if not causal:
        config.is_causal = False
    arguments = {"dtype" if NEW else "torch_dtype": dtype}
    model = AutoModel.from_pretrained(
        folder, config=config, attn_implementation="eager", **arguments
    ).eval()
    result = []
    for length in LENGTHS:
        with torch.no_grad():
            result.append(model(ids(length)).last_hidden_state[0].float())
    return result


def numbers(tensor):
    return [float(f"{value:.8g}") for value in tensor.flatten().tolist()]


def attentions(model_type, settings):
    """Which directions the class has; transformers 4.44 has no switch."""
    if model_type == "embedding_gemma2_text" or settings.get("use_bidirectional_attention"):
        return ("bidirectional",)
    return ("causal", "bidirectional") if NEW else ("causal",)


def make(folder, model_type, settings, saver):
    shutil.rmtree(folder, ignore_errors=True)
    config = AutoConfig.for_model(model_type, **{**SIZES, **settings})
    config._attn_implementation = "eager"
    randomised(saver.from_config(config)).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    declared = settings.get("use_bidirectional_attention", False)
    expected = {
        "oracle": f"transformers {transformers.__version__}",
        "saved_by": f"{saver.__name__}, transformers {transformers.__version__}",
        "lengths": LENGTHS,
    }
    for attention in attentions(model_type, settings):
        causal = attention == "causal" or declared or model_type == "embedding_gemma2_text"
        single = states(folder, causal, torch.float32)
        half = states(folder, causal, torch.bfloat16)
        expected[attention] = {
            "states": [numbers(text) for text in single],
            "bfloat16_means": [numbers(text.mean(0)) for text in half],
        }
    (folder / "expected.json").write_text(json.dumps(expected) + "\n", encoding="utf-8")


def main():
    torch.set_num_threads(1)
    root = Path(sys.argv[1]).resolve()
    for name, (model_type, settings, saver) in (ROWS if NEW else OLD_ROWS).items():
        if len(sys.argv) == 2 or name in sys.argv[2:]:
            make(root / name, model_type, settings, saver)
            print(name)


if __name__ == "__main__":
    main()
