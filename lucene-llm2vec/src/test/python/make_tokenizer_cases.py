# SPDX-License-Identifier: Apache-2.0
"""Writes what transformers makes of a tokenizer.json with various small files beside it.

Usage: make_tokenizer_cases.py CHECKPOINTS_FOLDER OUTPUT.json
Needs transformers 4.44.2. Each variant takes the tokenizer.json of a tiny checkpoint, changes it or
not, and puts other tokenizer_config.json, special_tokens_map.json, added_tokens.json and
config.json beside it.
"""

import json
import sys
import tempfile
from pathlib import Path

import transformers
from transformers import AutoTokenizer

TEXTS = [
    "",
    " ",
    "The quick brown fox",
    "def __init__(self, _x): return _",
    "a <s> b</s>c <mark> d<mark>e  <Mark> f",
    "keep  <left>  both  <right>  sides  <word>s <word> end",
    "<|endoftext|><|im_end|> <bos> <eos> <pad> <unk> <new>",
    "caf\u00e9 cafe\u0301 \U0001f600 \u6c49\u5b57 \u0000 tab\tnew\nline",
    "ﬁne İstanbul ＦＵＬＬ",
]


def token(content, special=True, **flags):
    """An added token as tokenizer_config.json writes it."""
    entry = {"content": content, "lstrip": False, "normalized": False, "rstrip": False}
    return {**entry, "single_word": False, "special": special, **flags}


LLAMA = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>"}
LLAMA["unk_token"] = "<unk>"
DECODER = {"0": token("<unk>"), "1": token("<s>"), "2": token("</s>")}
MASK = {**token("_"), "__type": "AddedToken"}
del MASK["special"]
GENERIC = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|begin_of_text|>"}
GENERIC["eos_token"] = "<|eot_id|>"
CUT = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
PAD = {"strategy": {"Fixed": 20}, "direction": "Left", "pad_to_multiple_of": None}
PAD.update(pad_id=0, pad_type_id=0, pad_token="<unk>")

# Name, folder of tokenizer.json, files beside it, changes of tokenizer.json.
VARIANTS = [
    ("plain-llama", "llama-mha", {"tokenizer_config.json": LLAMA}, {}),
    ("llama-fast-name", "llama-mha",
     {"tokenizer_config.json": {**LLAMA, "tokenizer_class": "LlamaTokenizerFast"}}, {}),
    ("add-eos", "llama-mha", {"tokenizer_config.json": {**LLAMA, "add_eos_token": True}}, {}),
    ("no-bos-add-eos", "mistral-gqa",
     {"tokenizer_config.json": {**LLAMA, "add_bos_token": False, "add_eos_token": True}}, {}),
    ("neither", "mistral-gqa",
     {"tokenizer_config.json": {**LLAMA, "add_bos_token": False, "add_eos_token": False}}, {}),
    ("eos-is-other", "llama-mha",
     {"tokenizer_config.json": {**LLAMA, "eos_token": "<unk>", "add_eos_token": True}}, {}),
    ("only-model-type", "llama-mha", {"config.json": {"model_type": "llama"}}, {}),
    ("model-type-mistral", "mistral-gqa", {"config.json": {"model_type": "mistral"}}, {}),
    ("class-in-model-config", "gemma",
     {"config.json": {"model_type": "llama", "tokenizer_class": "GemmaTokenizer"}}, {}),
    ("mask-string", "llama-mha", {"tokenizer_config.json": {**LLAMA, "mask_token": "_"}}, {}),
    ("mask-object", "mistral-gqa", {"tokenizer_config.json": {**LLAMA, "mask_token": MASK}}, {}),
    ("mask-in-map", "llama-mha",
     {"tokenizer_config.json": LLAMA,
      "special_tokens_map.json": {"mask_token": "_", "pad_token": "</s>"}}, {}),
    ("mask-in-map-object", "llama-mha",
     {"tokenizer_config.json": LLAMA,
      "special_tokens_map.json": {"mask_token": token("_", normalized=True)}}, {}),
    ("map-loses-to-decoder", "llama-mha",
     {"tokenizer_config.json": {**LLAMA, "added_tokens_decoder": DECODER},
      "special_tokens_map.json": {"mask_token": "_", "eos_token": "<unk>"}}, {}),
    ("mask-with-decoder", "llama-mha",
     {"tokenizer_config.json": {**LLAMA, "added_tokens_decoder": DECODER, "mask_token": "_"}}, {}),
    ("mask-byte-level", "llama3-gqa",
     {"tokenizer_config.json": {**GENERIC, "mask_token": "_"}}, {}),
    ("map-wins-over-config", "llama-mha",
     {"tokenizer_config.json": {**LLAMA, "add_eos_token": True},
      "special_tokens_map.json": {"eos_token": "<unk>"}}, {}),
    ("additional", "llama3-gqa",
     {"tokenizer_config.json": {**GENERIC, "additional_special_tokens": ["<mark>", "<new>"]}}, {}),
    ("additional-in-map", "mistral-gqa",
     {"tokenizer_config.json": {**LLAMA, "additional_special_tokens": ["<new>"]},
      "special_tokens_map.json": {"additional_special_tokens": [token("<mark>"), "<new>"]}}, {}),
    ("flags", "llama3-gqa",
     {"tokenizer_config.json": {**GENERIC, "added_tokens_decoder": {
         "500": token("<left>", lstrip=True),
         "501": token("<right>", rstrip=True),
         "502": token("<word>", special=False, single_word=True),
         "600": token("<mark>", special=False, normalized=True),
     }}}, {}),
    ("flags-normalized-nfc", "qwen2",
     {"tokenizer_config.json": {"tokenizer_class": "Qwen2Tokenizer", "added_tokens_decoder": {
         "700": token("<mark>", special=False, normalized=True),
         "650": token("caf\u00e9", special=False, normalized=True),
     }}}, {}),
    ("order-by-id", "llama-mha",
     {"tokenizer_config.json": {**LLAMA, "added_tokens_decoder": {
         "1000": token("<new>"), "999": token("<mark>"), **DECODER}}}, {}),
    ("known-token-becomes-special", "llama-mha",
     {"tokenizer_config.json": {**LLAMA, "added_tokens_decoder": {
         **DECODER, "300": token("th", special=True)}}}, {}),
    ("added-tokens-file", "llama-mha",
     {"tokenizer_config.json": LLAMA, "added_tokens.json": {"<new>": 900, "<mark>": 800}}, {}),
    ("null-tokens", "qwen2",
     {"tokenizer_config.json": {"tokenizer_class": "Qwen2Tokenizer", "bos_token": None,
                                "pad_token": None, "unk_token": None}}, {}),
    ("qwen-chat", "qwen2",
     {"tokenizer_config.json": {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>",
                                "add_eos_token": True}}, {}),
    ("generic-add-eos-is-ignored", "llama3-gqa",
     {"tokenizer_config.json": {**GENERIC, "add_eos_token": True, "add_bos_token": False}}, {}),
    ("gemma-defaults", "gemma", {"tokenizer_config.json": {"tokenizer_class": "GemmaTokenizer"}},
     {}),
    ("gemma-both", "gemma",
     {"tokenizer_config.json": {"tokenizer_class": "GemmaTokenizer", "add_eos_token": True}}, {}),
    ("truncation-and-padding", "llama-mha", {"tokenizer_config.json": LLAMA},
     {"truncation": CUT, "padding": PAD}),
    ("no-post-processor", "llama-mha", {"tokenizer_config.json": LLAMA}, {"post_processor": None}),
    ("generic-no-post-processor", "llama3-gqa", {"tokenizer_config.json": GENERIC},
     {"post_processor": None}),
]


def one_variant(root, name, source, files, changes):
    """Token ids with and without special tokens, nothing truncated or padded."""
    definition = json.loads((root / source / "tokenizer.json").read_text(encoding="utf-8"))
    definition.update(changes)
    with tempfile.TemporaryDirectory() as folder:
        for file, content in {**files, "tokenizer.json": definition}.items():
            (Path(folder) / file).write_text(json.dumps(content), encoding="utf-8")
        tokenizer = AutoTokenizer.from_pretrained(folder)
    options = {"truncation": False, "padding": False}
    return {
        "name": name,
        "tokenizer": source,
        "files": files,
        "changes": changes,
        "bos": tokenizer.bos_token_id,
        "eos": tokenizer.eos_token_id,
        "framed": [tokenizer(t, **options)["input_ids"] for t in TEXTS],
        "bare": [tokenizer(t, add_special_tokens=False, **options)["input_ids"] for t in TEXTS],
        "largest": max(tokenizer.get_vocab().values()),
    }


def main():
    root, output = Path(sys.argv[1]), Path(sys.argv[2])
    variants = [one_variant(root, *variant) for variant in VARIANTS]
    head = json.dumps({"oracle": f"transformers {transformers.__version__}", "texts": TEXTS})
    lines = ",\n".join(" " + json.dumps(variant) for variant in variants)
    output.write_text(f'{head[:-1]}, "variants": [\n{lines}\n]}}\n', encoding="utf-8")
    print(len(variants), "variants")


if __name__ == "__main__":
    main()
