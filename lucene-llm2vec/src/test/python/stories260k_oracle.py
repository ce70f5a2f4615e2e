# SPDX-License-Identifier: Apache-2.0
"""Converts the llama2.c checkpoint stories260K to a Hugging Face folder and proves it. See README.md.

Usage: stories260k_oracle.py FOLDER_WITH_stories260K.bin_AND_tok512.bin CHECKPOINTS_FOLDER [TEXT.gz]
Runs in environment A. TEXT.gz: more lines on which the two tokenizers are compared.
"""

import gzip
import json
import struct
import sys
from pathlib import Path

import numpy as np
import torch
from llm2vec import LLM2Vec
from tokenizers import Tokenizer
from transformers import LlamaForCausalLM

from cases import TEXTS, group
from stories260k_texts import LINES, PRINTED, SENTENCES
from tiny_tokenizers import SENTENCEPIECE_DECODER, SPACE_TO_BAR, added, document, template, to_text
from tiny_weights import write_json, write_tensors

BAR = "\u2581"


def half_split(weight, heads):
    """Rows of Q or K from adjacent pairs (0,1)(2,3)... to halves (0, d/2)(1, d/2 + 1)..."""
    out, into = weight.shape
    pairs = weight.reshape(heads, out // heads // 2, 2, into)
    return np.ascontiguousarray(pairs.transpose(0, 2, 1, 3).reshape(out, into))


def read_weights(file):
    """The llama2.c legacy container: seven ints, then float32 tensors stacked over layers."""
    raw = file.read_bytes()
    dim, inner, layers, heads, kv_heads, vocab, length = struct.unpack("<7i", raw[:28])
    values = np.frombuffer(raw, dtype="<f4", offset=28)
    key = dim // heads * kv_heads
    position = 0

    def take(*shape):
        nonlocal position
        count = int(np.prod(shape))
        position += count
        return values[position - count : position].reshape(shape)

    tensors = {"embed_tokens.weight": take(vocab, dim)}
    stacks = (
        ("input_layernorm", (layers, dim)),
        ("self_attn.q_proj", (layers, dim, dim)),
        ("self_attn.k_proj", (layers, key, dim)),
        ("self_attn.v_proj", (layers, key, dim)),
        ("self_attn.o_proj", (layers, dim, dim)),
        ("post_attention_layernorm", (layers, dim)),
        ("mlp.gate_proj", (layers, inner, dim)),
        ("mlp.down_proj", (layers, dim, inner)),
        ("mlp.up_proj", (layers, inner, dim)),
    )
    turned = {"self_attn.q_proj": heads, "self_attn.k_proj": kv_heads}
    for name, shape in stacks:
        for i, weight in enumerate(take(*shape)):
            if name in turned:
                weight = half_split(weight, turned[name])
            tensors[f"layers.{i}.{name}.weight"] = weight
    tensors["norm.weight"] = take(dim)
    position += 2 * length * (dim // heads // 2)
    assert position == len(values), "weights of another size than the header says"
    config = {
        "architectures": ["LlamaForCausalLM"],
        "bos_token_id": 1,
        "eos_token_id": 2,
        "hidden_act": "silu",
        "hidden_size": dim,
        "intermediate_size": inner,
        "max_position_embeddings": length,
        "model_type": "llama",
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "num_key_value_heads": kv_heads,
        "rms_norm_eps": 1e-05,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "vocab_size": vocab,
    }
    return config, {name: torch.from_numpy(np.array(t)) for name, t in tensors.items()}


def read_pieces(file):
    """(piece, score) of each id: int32 longest, then float32 score, int32 length, bytes."""
    raw = file.read_bytes()
    position, pieces = 4, []
    while position < len(raw):
        score, length = struct.unpack_from("<fi", raw, position)
        text = raw[position + 8 : position + 8 + length].decode("utf-8")
        pieces.append((text, score))
        position += 8 + length
    return pieces


def tokenizer_json(pieces):
    """BPE with byte fallback. A pair's rank is the score of the piece that it makes."""
    names = {0: "<unk>", 1: "<s>", 2: "</s>"}
    vocab = {names.get(i, text.replace(" ", BAR)): i for i, (text, _) in enumerate(pieces)}
    assert len(vocab) == len(pieces)
    ranked = []
    for piece, i in vocab.items():
        if i < 259:
            continue
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in vocab and right in vocab:
                ranked.append((-pieces[i][1], vocab[left], vocab[right], f"{left} {right}"))
    merges = [rule for *_, rule in sorted(ranked)]
    prepend = {"type": "Prepend", "prepend": BAR}
    return document(
        added_tokens=[added(i, name) for i, name in names.items()],
        normalizer={"type": "Sequence", "normalizers": [prepend, SPACE_TO_BAR]},
        post_processor=template(vocab, before=("<s>",)),
        decoder=SENTENCEPIECE_DECODER,
        model={
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": vocab,
            "merges": merges,
        },
    )


def encode_by_scores(pieces, text):
    """What llama2.c does: letters or bytes first, then always the best pair, leftmost first."""
    index = {piece: i for i, (piece, _) in enumerate(pieces)}
    ids = []
    for letter in (" " + text) if text else "":
        known = index.get(letter)
        ids += [known] if known is not None else [byte + 3 for byte in letter.encode()]
    while True:
        best, where = None, None
        for i in range(len(ids) - 1):
            merged = index.get(pieces[ids[i]][0] + pieces[ids[i + 1]][0])
            if merged is not None and (best is None or pieces[merged][1] > pieces[best][1]):
                best, where = merged, i
        if best is None:
            return [1, *ids]
        ids[where : where + 2] = [best]


def write_folder(source, folder):
    """config.json, weights, tokenizer: what the Java converter has to produce as well."""
    config, tensors = read_weights(source / "stories260K.bin")
    pieces = read_pieces(source / "tok512.bin")
    write_json(folder / "config.json", config)
    write_tensors(folder, tensors, prefix="model.")
    (folder / "tokenizer.json").write_text(to_text(tokenizer_json(pieces)), encoding="utf-8")
    tokens = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    settings = {
        "add_bos_token": True,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": config["max_position_embeddings"],
        "tokenizer_class": "PreTrainedTokenizerFast",
        **tokens,
    }
    write_json(folder / "tokenizer_config.json", settings)
    write_json(folder / "special_tokens_map.json", tokens)
    return pieces


def check_generation(folder, tokenizer):
    """Greedy decoding from BOS tells the story that llama2.c prints for this model."""
    model = LlamaForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    ids = torch.tensor([[1]])
    limit = len(tokenizer.encode(PRINTED).ids)
    with torch.no_grad():
        while ids.shape[1] < limit:
            following = model(ids).logits[0, -1].argmax()
            ids = torch.cat([ids, following.reshape(1, 1)], dim=1)
    told = tokenizer.decode(ids[0].tolist())
    assert PRINTED.startswith(told) and len(PRINTED) - len(told) < 6, told
    return ids[0].tolist(), told


def check_tokenizer(pieces, tokenizer, lines):
    """The ids of tokenizer.json are llama2.c's; returns how many lines were compared."""
    compared = 0
    for line in lines:
        # A special token typed in the text is one id for tokenizer.json and letters for llama2.c.
        if any(name in line for name in ("<s>", "</s>", "<unk>")):
            continue
        expected = encode_by_scores(pieces, line)
        found = tokenizer.encode(line).ids
        assert found == expected, (line, found, expected)
        compared += 1
    return compared


def write_expected_files(folder):
    """Embeddings in the format of the tiny checkpoints."""
    import make_expected

    TEXTS.update(SENTENCES)
    names = [(name, "") for name in SENTENCES] + [("empty", ""), ("emoji", "")]
    asked = [(name, "Find a story like this one:") for name in list(SENTENCES)[:4]]
    groups = [
        group("mean", names),
        group("mean-instructions", asked),
        group("last-token", names[:6], "last_token"),
        group("shortened", names[:12], max_length=16, doc_max_length=12),
    ]
    for attention in ("bidirectional", "causal"):
        two_way = attention == "bidirectional"
        model = make_expected.load(str(folder), enable_bidirectional=two_way)
        assert isinstance(model, LLM2Vec)
        out = folder / "expected" / f"{attention}.json"
        make_expected.write(out, model, groups, attention=attention)


def main():
    torch.set_num_threads(1)
    source, folder = Path(sys.argv[1]), Path(sys.argv[2]).resolve() / "stories260K"
    folder.mkdir(parents=True, exist_ok=True)
    more = sys.argv[3:]
    sys.argv[1:] = [str(folder.parent)]  # make_expected reads its folder from there
    pieces = write_folder(source, folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids, told = check_generation(folder, tokenizer)
    lines = [*SENTENCES.values(), *LINES, *TEXTS.values()]
    print(check_tokenizer(pieces, tokenizer, lines), "lines tokenized alike")
    for file in more:
        text = gzip.open(file, "rt", encoding="utf-8").read().split("\n")
        print(check_tokenizer(pieces, tokenizer, text[:2000]), "lines tokenized alike in", file)
    result = {
        "greedy_ids": ids,
        "greedy_text": told,
        "lines": [{"text": line, "ids": tokenizer.encode(line).ids} for line in lines],
    }
    write_expected_files(folder)
    text = json.dumps(result, ensure_ascii=False).replace('{"text"', '\n{"text"')
    (folder / "stories260k-expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
