#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a llama2.c checkpoint (legacy format) and its tokenizer as a Hugging Face folder.

Usage: convert_llama2c.py CHECKPOINT TOKENIZER OUTPUT

Needs Python 3.8 and nothing else. What the checkpoint does not say is as llama2.c has it: RMSNorm epsilon
1e-5, rotary base 10,000. The weights are written last, so a folder that has them is complete.
"""

import json
import struct
import sys
from pathlib import Path

HEADER = struct.Struct("<7i")
VERSIONED_MAGIC = 0x616B3432  # first word of the newer formats, the letters "ak42"
MAX_SIZE = 1 << 24
BLANK = "\u2581"
SPECIAL = ["<unk>", "<s>", "</s>"]
FIRST_PIECE = 3 + 256  # ids 0 to 2 are special, 3 to 258 the bytes


def read_header(data, name):
    if len(data) < HEADER.size:
        sys.exit(f"{name} is too short for a llama2.c checkpoint")
    hidden, intermediate, layers, heads, kv_heads, vocab, positions = HEADER.unpack_from(data)
    if hidden == VERSIONED_MAGIC:
        sys.exit(
            f"{name} is a llama2.c checkpoint of version {intermediate}; only the legacy format is read:"
            " export the model with --version 0"
        )
    header = {
        "hidden": hidden,
        "intermediate": intermediate,
        "layers": layers,
        "heads": heads,
        "kv_heads": kv_heads,
        "vocab": abs(vocab),
        "positions": positions,
    }
    plausible = all(0 < size <= MAX_SIZE for size in header.values()) and hidden % heads == 0
    if not plausible or heads % kv_heads or hidden // heads % 2:
        sys.exit(f"{name} is not a llama2.c checkpoint: its header reads {header}; check the file")
    header["tied"] = vocab > 0  # the sign says whether the output layer is the embedding
    header["head_dim"] = hidden // heads
    return header


def layout(h):
    """The tensors in the order of the file: name, shape, and whether rotary pairs are reordered.

    After the header come, all float32 and little-endian and for all layers together: embedding, attention
    norms, q, k, v, output, MLP norms, gate, down, up; the final norm; cosines and sines, which are not
    needed (name None); the output layer unless it is the embedding.
    """
    hidden, kv, inner = h["hidden"], h["kv_heads"] * h["head_dim"], h["intermediate"]
    per_layer = [
        ("input_layernorm", [hidden], False),
        ("self_attn.q_proj", [hidden, hidden], True),
        ("self_attn.k_proj", [kv, hidden], True),
        ("self_attn.v_proj", [kv, hidden], False),
        ("self_attn.o_proj", [hidden, hidden], False),
        ("post_attention_layernorm", [hidden], False),
        ("mlp.gate_proj", [inner, hidden], False),
        ("mlp.down_proj", [hidden, inner], False),
        ("mlp.up_proj", [inner, hidden], False),
    ]
    yield "model.embed_tokens.weight", [h["vocab"], hidden], False
    for name, shape, rotary in per_layer:
        for layer in range(h["layers"]):
            yield f"model.layers.{layer}.{name}.weight", shape, rotary
    yield "model.norm.weight", [hidden], False
    yield None, [2, h["positions"], h["head_dim"] // 2], False
    if not h["tied"]:
        yield "lm_head.weight", [h["vocab"], hidden], False


def count(shape):
    product = 1
    for size in shape:
        product *= size
    return product


def halves(data, columns, head_dim):
    """Rows of a projection from neighbouring rotary pairs (2i, 2i+1) to Hugging Face's (i, i + D/2)."""
    row = 4 * columns
    rows = [data[i : i + row] for i in range(0, len(data), row)]
    out = []
    for head in range(0, len(rows), head_dim):
        out += rows[head : head + head_dim : 2] + rows[head + 1 : head + head_dim : 2]
    return b"".join(out)


def read_tensors(data, name, h):
    tensors = list(layout(h))
    expected = HEADER.size + 4 * sum(count(shape) for _, shape, _ in tensors)
    if len(data) != expected:
        sys.exit(
            f"{name} should have {expected} bytes by its header but has {len(data)}; it is cut off or of"
            " another format"
        )
    position = HEADER.size
    for tensor, shape, rotary in tensors:
        values = data[position : position + 4 * count(shape)]
        position += len(values)
        if tensor:
            yield tensor, shape, halves(values, shape[1], h["head_dim"]) if rotary else values


def read_pieces(path, size):
    """SentencePiece's vocabulary: the longest length, then per piece score, length and bytes."""
    data = path.read_bytes()
    pieces, position = [], 4
    try:
        (longest,) = struct.unpack_from("<i", data)
        while position < len(data):
            score, length = struct.unpack_from("<fi", data, position)
            if not 0 <= length <= longest:
                sys.exit(f"{path}: piece {len(pieces)} has length {length}, at most {longest}")
            position += 8 + length
            if position > len(data):
                raise struct.error
            pieces.append((data[position - length : position].decode("utf-8").replace(" ", BLANK), score))
    except struct.error:
        sys.exit(f"{path} ends within piece {len(pieces)}")
    if len(pieces) != size:
        sys.exit(f"{path} has {len(pieces)} pieces, the checkpoint's vocabulary {size}")
    for byte in range(min(256, size - 3)):
        if pieces[byte + 3][0] != f"<0x{byte:02X}>":
            sys.exit(
                f"{path}: id {byte + 3} should be <0x{byte:02X}> but is '{pieces[byte + 3][0]}'; only"
                " SentencePiece vocabularies with byte fallback are converted"
            )
    return pieces


def merges(pieces, vocabulary):
    """Every way to put a piece together from two others, in the order of the pieces' scores."""
    found = []
    for piece, score in pieces[FIRST_PIECE:]:
        for cut in range(1, len(piece)):
            left, right = vocabulary.get(piece[:cut], 0), vocabulary.get(piece[cut:], 0)
            # Bytes and special tokens are never merged.
            if left >= FIRST_PIECE and right >= FIRST_PIECE:
                found.append((-score, left, right))
    return [pieces[left][0] + " " + pieces[right][0] for _, left, right in sorted(found)]


def added_token(content):
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"content": content, **flags}


def replacement(old, new):
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def tokenizer(pieces, path):
    vocabulary = {}
    for i, (piece, _) in enumerate(pieces):
        vocabulary.setdefault(SPECIAL[i] if i < len(SPECIAL) else piece, i)
    if len(vocabulary) != len(pieces):
        sys.exit(f"{path} has the same piece twice")
    begin = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    second = [{"SpecialToken": {"id": "<s>", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, **added_token(token)} for i, token in enumerate(SPECIAL)],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [{"type": "Prepend", "prepend": BLANK}, replacement(" ", BLANK)],
        },
        "pre_tokenizer": None,
        # Begin of sentence before every text, as llama2.c has it.
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, text],
            "pair": [begin, text, *second],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                replacement(BLANK, " "),
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": vocabulary,
            "merges": merges(pieces, vocabulary),
        },
    }


def configuration(h):
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": h["vocab"],
        "hidden_size": h["hidden"],
        "intermediate_size": h["intermediate"],
        "num_hidden_layers": h["layers"],
        "num_attention_heads": h["heads"],
        "num_key_value_heads": h["kv_heads"],
        "head_dim": h["head_dim"],
        "hidden_act": "silu",
        "max_position_embeddings": h["positions"],
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "rope_scaling": None,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": h["tied"],
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": None,
        "torch_dtype": "float32",
    }


def write_safetensors(path, tensors):
    header, blocks, begin = {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape, values in tensors:
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, begin + len(values)]}
        blocks.append(values)
        begin += len(values)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def main(checkpoint, tokens, output):
    weights = output / "model.safetensors"
    if weights.exists():
        sys.exit(f"{weights} is there already")
    data = checkpoint.read_bytes()
    header = read_header(data, checkpoint)
    tensors = list(read_tensors(data, checkpoint, header))
    roles = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    files = {
        "config.json": configuration(header),
        "tokenizer.json": tokenizer(read_pieces(tokens, header["vocab"]), tokens),
        "tokenizer_config.json": {
            "added_tokens_decoder": {str(i): added_token(token) for i, token in enumerate(SPECIAL)},
            **roles,
            "clean_up_tokenization_spaces": False,
            "model_max_length": header["positions"],
            "tokenizer_class": "PreTrainedTokenizerFast",
        },
        "special_tokens_map.json": roles,
    }
    output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (output / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    write_safetensors(weights, tensors)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
