# SPDX-License-Identifier: Apache-2.0
"""Writes how the Python LLM2Vec prepares texts: template, EOS text, shortening, ids, embed mask.

Usage: make_preparation_cases.py CHECKPOINTS_FOLDER OUTPUT.json
Needs llm2vec 0.2.3 and transformers 4.44.2. Only LLM2Vec's preparation runs, so a stub with the
right configuration class and name stands for the model. The tokenizers are those of the tiny
checkpoints; max_length and doc_max_length are small so that the cases stay readable.
"""

import json
import sys
from pathlib import Path

import transformers
from llm2vec import LLM2Vec
from transformers import AutoTokenizer, GemmaConfig, LlamaConfig, MistralConfig, Qwen2Config

CONFIGS = {
    "llama": LlamaConfig,
    "mistral": MistralConfig,
    "gemma": GemmaConfig,
    "qwen2": Qwen2Config,
}
SEPARATOR = "!@#$%^&*()"
ENGLISH = (
    "The ferry left at noon, carrying forty passengers, two goats and a piano that nobody had "
    "ordered. By evening the sea was flat as glass; the captain, who disliked music, let them play."
)
CHINESE = "渡船在中午离开，载着四十名乘客、两只山羊和一架没有人订购的钢琴。"
TEXTS = {
    "short": "what is a ferry?",
    "trailing": "what is a ferry? \n\u00a0\u3000",
    "leading": "\n\t what is a ferry?",
    "empty": "",
    "blank": " \u2003\n",
    "english": ENGLISH,
    "chinese": CHINESE,
    "mixed": f"Ferry: {CHINESE} {CHINESE}",
    "first-word-short": f"x {CHINESE * 2}",
    "odd-spaces": ENGLISH.replace(" ", "\u00a0\u2009 "),
    "no-space-url": "https://example.org/" + "ferry/" * 20,
    "control-spaces": "a\x1cb\x1dc\x1ed\x1fe\x85f\u180eg\u200bh",
    "separator": f"one {SEPARATOR} two",
    "separator-first": f"{SEPARATOR}one",
    "separator-last": f"one{SEPARATOR}",
    "near-separator": "one !@#$%^&* () two",
    "specials": "a<s>b</s> c<|eot_id|> d <bos><eos> e<|im_end|><|endoftext|>",
    "template": "[INST] a [/INST] <|start_header_id|>user<|end_header_id|>\n\nb<|eot_id|>",
    "emoji": "👩‍👩‍👧 🇪🇺 e\u0301 ﷽ 🤷🏽‍♀️",
    "underscore": "_a __b__ c_d",
}
INSTRUCTIONS = {
    "none": "",
    "web": "Given a web search query, retrieve relevant passages that answer the query:",
    "padded": " \n Find it: \u00a0",
    "blank": "  ",
    "separator": f"Find {SEPARATOR} it:",
}
# Tokenizer folder, kind of configuration, name that chooses the template.
MODELS = [
    ("llama3-gqa", "llama", "meta-llama/Meta-Llama-3-8B-Instruct"),
    ("llama3-gqa", "llama", "meta-llama/Meta-Llama-3-8B"),
    ("llama3-gqa", "llama", "meta-llama/Meta-Llama-3.1-8B-Instruct"),
    ("llama-mha", "llama", "meta-llama/Llama-2-7b-chat-hf"),
    ("llama-mha", "llama", "princeton-nlp/Sheared-LLaMA-1.3B"),
    ("mistral-gqa", "mistral", "mistralai/Mistral-7B-Instruct-v0.2"),
    ("mistral-gqa", "mistral", "./mistralai/Mistral-7B-Instruct-v0.2"),
    ("e5-mistral", "mistral", "mistralai/Mistral-7B-Instruct-v0.2"),
    ("gemma", "gemma", "google/gemma-2-9b-it"),
    ("gemma", "gemma", "google/gemma-7b"),
    ("qwen2", "qwen2", "Qwen/Qwen2-1.5B-Instruct"),
    ("qwen2", "qwen2", "Qwen/Qwen2.5-7B-Instruct"),
]
SETTINGS = [("mean", 64, 40), ("mean", 24, 12), ("eos_token", 48, 40)]
FEW = ["short", "trailing", "empty", "english", "chinese", "mixed", "separator", "specials"]


def stub(kind, name):
    """What LLM2Vec's preparation looks at: the configuration's class and _name_or_path."""
    holder = type("Stub", (), {})()
    holder.config = CONFIGS[kind]()
    holder.config._name_or_path = name
    return holder


def encoder(tokenizer, kind, name):
    """An LLM2Vec without the module machinery of its constructor."""
    model = LLM2Vec.__new__(LLM2Vec)
    model.__dict__.update(model=stub(kind, name), tokenizer=tokenizer)
    return model


def pairs(setting):
    """Everything for the first setting, a choice for the others."""
    if setting == SETTINGS[0]:
        plain = [(text, "none") for text in TEXTS]
        return plain + [(text, "web") for text in FEW] + [
            (text, name) for name in ("padded", "blank", "separator") for text in FEW[:3]
        ]
    chosen = FEW + ["first-word-short", "odd-spaces", "no-space-url", "template"]
    return [(text, "none") for text in chosen] + [(text, "web") for text in FEW[:4]]


def one_case(model, text, instruction):
    prepared = model.prepare_for_tokenization(
        model._convert_to_str(INSTRUCTIONS[instruction], TEXTS[text])
    )
    case = {"text": text, "instruction": instruction, "prepared": prepared}
    try:
        features = model.tokenize([prepared])
    except RuntimeError:
        # The suffix alone has more tokens than the row.
        case["ids"] = model.tokenizer(
            prepared.replace(SEPARATOR, ""), truncation=True, max_length=model.max_length
        )["input_ids"]
        return {**case, "window_too_long": True}
    ids = features["input_ids"][0].tolist() if features["input_ids"].numel() else []
    return {**case, "ids": [int(i) for i in ids], "window": int(features["embed_mask"].sum())}


def main():
    root, output = Path(sys.argv[1]), Path(sys.argv[2])
    groups = []
    for folder, kind, name in MODELS:
        tokenizer = AutoTokenizer.from_pretrained(str(root / folder))
        tokenizer.pad_token = tokenizer.eos_token
        tokenizer.padding_side = "left"
        model = encoder(tokenizer, kind, name)
        for setting in SETTINGS:
            pooling, max_length, doc_max_length = setting
            model.__dict__.update(
                pooling_mode=pooling, max_length=max_length, doc_max_length=doc_max_length
            )
            head = {
                "tokenizer": folder,
                "model_type": kind,
                "name_or_path": name,
                "pooling_mode": pooling,
                "max_length": max_length,
                "doc_max_length": doc_max_length,
            }
            groups.append({**head, "cases": [one_case(model, *pair) for pair in pairs(setting)]})
    oracle = f"llm2vec 0.2.3, transformers {transformers.__version__}"
    lines = []
    for group in groups:
        cases = ",\n".join("  " + json.dumps(case) for case in group.pop("cases"))
        lines.append(f' {json.dumps(group)[:-1]}, "cases": [\n{cases}\n ]}}')
    head = json.dumps({"oracle": oracle, "texts": TEXTS, "instructions": INSTRUCTIONS})
    body = head[:-1] + ', "groups": [\n' + ",\n".join(lines) + "\n]}\n"
    assert len(json.loads(body)["groups"]) == len(MODELS) * len(SETTINGS)
    output.write_text(body, encoding="utf-8")
    print(sum(body.count(key) for key in ('"prepared"',)), "cases", len(body), "bytes")


if __name__ == "__main__":
    main()
