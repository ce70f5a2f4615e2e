# SPDX-License-Identifier: Apache-2.0
"""Writes tiny GGUF models as llama.cpp's converter lays them out, and what the reference makes of
them. See README.md.

Usage: make_gguf.py GGUF_FOLDER
Needs transformers 5 and gguf. The models are rows of make_conformance.py, stored in every type that
is supported; types that the gguf package cannot write are filled with random blocks. Expected are
the tensors as gguf dequantises them, under Hugging Face's names and in its order, the hidden states
that the class of transformers computes with them, and token ids by transformers' own loading.
"""

import json
import shutil
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as T
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.integrations.gguf.gguf_tokenizer_mapping import (
    convert_gguf_tokenizer,
    get_gguf_tokenizer,
)

from make_conformance import HEADS, SIZES, YARN, ids, numbers, randomised

LENGTHS = (1, 5, 21)
MERGES = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld", "Ġ t", "Ġt he", "i n"]
NAMES = {
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.qkv_proj": "attn_qkv",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "input_layernorm": "attn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.gate_up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "post_attention_layernorm": "ffn_norm",
}
AROUND = {
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
}
INTERLEAVED = ("llama", "mistral3", "granite", "smollm3", "llama-embed")
WIDE = {"hidden_size": 256, "intermediate_size": 32, "head_dim": 8}

# name: (GGUF architecture, model_type, settings, further metadata, types in turn, tokenizer)
ROWS = {
    "llama-plain": ("llama", "llama", {}, {}, [T.F32, T.F16, T.BF16], "gpt2:smollm"),
    "llama-blocks": (
        "llama",
        "llama",
        {**WIDE, "num_hidden_layers": 3},
        {},
        [T.Q8_0, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K],
        "gpt2:llama-bpe",
    ),
    "llama-pieces": (
        "llama",
        "llama",
        {"num_key_value_heads": 4},
        {"llama.pooling_type": 1, "llama.attention.causal": False},
        [T.F16],
        "llama",
    ),
    "qwen2": ("qwen2", "qwen2", {}, {"qwen2.pooling_type": 3}, [T.F32], "gpt2:qwen2"),
    "qwen3": (
        "qwen3",
        "qwen3",
        {**HEADS, "rope_parameters": YARN},
        {
            "qwen3.rope.scaling.type": "yarn",
            "qwen3.rope.scaling.factor": 4.0,
            "qwen3.rope.scaling.original_context_length": 16,
        },
        [T.F32],
        "gpt2:qwen2",
    ),
    "gemma": ("gemma", "gemma", HEADS, {}, [T.F32], "llama"),
    "gemma2": (
        "gemma2",
        "gemma2",
        {"sliding_window": 4, "query_pre_attn_scalar": 8, "attn_logit_softcapping": 2.0, **HEADS},
        {"gemma2.attn_logit_softcapping": 2.0, "gemma2.attention.sliding_window": 4},
        [T.F32],
        "llama",
    ),
    "gemma3": (
        "gemma3",
        "gemma3_text",
        {"sliding_window": 4, "num_hidden_layers": 6, "query_pre_attn_scalar": 8, **HEADS},
        {"gemma3.attention.sliding_window": 4},
        [T.F32],
        "llama",
    ),
    "phi3": ("phi3", "phi3", {}, {"phi3.rope.dimension_count": 4}, [T.F32], "llama"),
    "granite": (
        "granite",
        "granite",
        {
            "attention_multiplier": 0.25,
            "embedding_multiplier": 3.0,
            "residual_multiplier": 0.25,
        },
        {
            "granite.attention.scale": 0.25,
            "granite.embedding_scale": 3.0,
            "granite.residual_scale": 0.25,
        },
        [T.F32],
        "gpt2:refact",
    ),
    "smollm3": ("smollm3", "smollm3", {"num_hidden_layers": 4}, {}, [T.F32], "gpt2:gpt-2"),
    "olmo2": ("olmo2", "olmo2", {}, {}, [T.F32], "gpt2:dbrx"),
}


def permuted(weights, heads):
    """llama.cpp's order of the rows of queries and keys."""
    shape = weights.shape
    return weights.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def restored(weights, heads):
    shape = weights.shape
    return weights.reshape(heads, shape[0] // heads // 2, 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def gguf_name(name, around):
    module, leaf = name.removeprefix("model.").rsplit(".", 1)
    if module == "lm_head":
        return "output." + leaf
    if module.startswith("layers."):
        _, number, module = module.split(".", 2)
        translated = {**NAMES, **AROUND}[module] if around else NAMES[module]
        return f"blk.{number}.{translated}.{leaf}"
    return f"{NAMES[module]}.{leaf}"


def blocks(values, kind, random):
    """The bytes of a tensor; those of K-quants are drawn, with scales that keep values small."""
    try:
        return gguf.quantize(values, kind)
    except NotImplementedError:
        size, width = gguf.GGML_QUANT_SIZES[kind]
        data = random.integers(0, 256, (values.size // size, width), dtype=np.uint8)
        halves = {T.Q2_K: (80, 82), T.Q3_K: (108,), T.Q4_K: (0, 2), T.Q5_K: (0, 2), T.Q6_K: (208,)}
        for at in halves[kind]:
            scale = (0.0004 * random.standard_normal(len(data))).astype(np.float16)
            data[:, at : at + 2] = scale.view(np.uint8).reshape(-1, 2)
        return data.reshape(values.shape[0], -1)


def vocabulary(kind, size):
    """Tokens, types, and merges or scores."""
    if kind.startswith("gpt2"):
        alphabet = sorted({c for pair in MERGES for c in pair.replace(" ", "")} | set("aeiosĠ.,12é"))
        tokens = ["<|endoftext|>", "<s>", "</s>", "<extra>"] + alphabet
        tokens += [m.replace(" ", "") for m in MERGES]
        types = [3, 3, 3, 4] + [1] * (len(tokens) - 4)
    else:
        pieces = ["\u2581", "h", "e", "l", "o", "w", "r", "d", "t", "i", "n", "a", "."]
        pieces += ["he", "ll", "\u2581w", "hell", "or", "hello", "\u2581wor", "ld", "\u2581world"]
        pieces += ["\u2581hello", "\u2581t", "\u2581the"]
        tokens = ["<unk>", "<s>", "</s>", "<extra>"] + [f"<0x{b:02X}>" for b in b"\xc3\xa9\n!"]
        types = [2, 3, 3, 4] + [6] * 4 + [1] * len(pieces)
        tokens += pieces
    assert len(tokens) <= size, len(tokens)
    fill = size - len(tokens)
    return tokens + [f"<unused{i}>" for i in range(fill)], types + [5] * fill


def add_tokenizer(writer, kind, size):
    tokens, types = vocabulary(kind, size)
    model, _, pre = kind.partition(":")
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if model == "gpt2":
        writer.add_token_merges(MERGES)
        writer.add_add_bos_token(False)
    else:
        writer.add_token_scores([0.0] * 8 + [-float(i) for i in range(8, size)])
        writer.add_add_bos_token(True)
        writer.add_add_space_prefix(True)
        writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def add_config(writer, config):
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    rope = config.rope_parameters.get("full_attention") or config.rope_parameters
    writer.add_rope_freq_base(rope["rope_theta"])
    if getattr(config, "head_dim", None):
        writer.add_key_length(config.head_dim)
        writer.add_value_length(config.head_dim)


def make(folder, architecture, model_type, settings, metadata, types, tokenizer):
    folder.mkdir(parents=True)
    random = np.random.default_rng(5)
    size = 60
    config = AutoConfig.for_model(model_type, **{**SIZES, **settings, "vocab_size": size})
    config._attn_implementation = "eager"
    model = randomised(AutoModel.from_config(config)).eval()
    around = architecture in ("gemma2", "gemma3", "olmo2")
    writer = gguf.GGUFWriter(folder / "model.gguf", architecture)
    add_config(writer, config)
    for key, value in metadata.items():
        add = {bool: writer.add_bool, int: writer.add_uint32, float: writer.add_float32}
        add.get(type(value), writer.add_string)(key, value)
    add_tokenizer(writer, tokenizer, size)
    expected = {}
    matrices = 0
    for name, tensor in model.state_dict().items():
        values = tensor.float().numpy().copy()
        heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(
            name.split(".")[-2] if architecture in INTERLEAVED else ""
        )
        if heads:
            values = permuted(values, heads)
        if architecture.startswith("gemma") and name.endswith("norm.weight"):
            values = values + 1
        kind = T.F32
        if values.ndim == 2:
            fitting = [t for t in types if values.shape[1] % gguf.GGML_QUANT_SIZES[t][0] == 0]
            kind = fitting[matrices % len(fitting)] if fitting else T.F32
            matrices += 1
        data = blocks(values, kind, random) if kind != T.F32 else values
        writer.add_tensor(gguf_name(name, around), np.ascontiguousarray(data), raw_dtype=kind)
        back = gguf.dequantize(data, kind).reshape(values.shape) if kind != T.F32 else values
        if heads:
            back = restored(back, heads)
        if architecture.startswith("gemma") and name.endswith("norm.weight"):
            back = back - np.float32(1)
        expected["model." + name] = torch.from_numpy(np.ascontiguousarray(back, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, folder / "expected.safetensors")
    model.load_state_dict({n.removeprefix("model."): t for n, t in expected.items()})
    causal = []
    for length in LENGTHS:
        with torch.no_grad():
            causal.append(numbers(model(ids(length) % size).last_hidden_state[0]))
    return {"architecture": architecture, "lengths": LENGTHS, "states": causal}


def token_ids(folder, texts):
    """By AutoTokenizer, or, for an architecture that it does not load, by its converter."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="model.gguf")
        return [tokenizer(text)["input_ids"] for text in texts]
    except ValueError:
        architecture, description, settings = get_gguf_tokenizer(str(folder / "model.gguf"))
        backend, _ = convert_gguf_tokenizer(architecture, description)
        bos = [1] if settings["add_bos_token"] else []
        return [bos + backend.encode(text, add_special_tokens=False).ids for text in texts]


TEXTS = [
    "hello world", "the hello", "world. the end 12", "héllo", "", "a\nb", "<extra>hello</s>the",
    "hello  world", "\u2581the", "hello!",
]


def main():
    torch.set_num_threads(1)
    root = Path(sys.argv[1]).resolve()
    shutil.rmtree(root, ignore_errors=True)
    for name, row in ROWS.items():
        expected = make(root / name, *row)
        expected["texts"] = TEXTS
        expected["ids"] = token_ids(root / name, TEXTS)
        (root / name / "expected.json").write_text(json.dumps(expected) + "\n", encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
