# SPDX-License-Identifier: Apache-2.0
"""Which labels upstream puts on which tokens, for 1,000 real sentences.

Usage: make_word_alignment.py RUN_WORD_TASK.py TOKENIZERS CHECKPOINT GUM-DEV.txt.gz GUM-TEST.txt.gz RESOURCES

RUN_WORD_TASK.py is `experiments/run_word_task.py` of a checkout of upstream (read at c5cb6d7); its function
tokenize_and_align_labels and its way of merging subwords are run as they stand there. TOKENIZERS are the
real tokenizers of the encoder's tests, CHECKPOINT is their tiny Llama. (transformers 4.44.2, tokenizers
0.19.1, torch 2.13.0)
"""

import ast
import gzip
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import torch
from transformers import AutoTokenizer, DataCollatorForTokenClassification

COUNT = 1000
# How many of them go through upstream's loop over words, which takes a second for eight.
CHECKED = 32
# How many are written in full, so that a difference can be read; the others are a hash each.
SPELLED_OUT = 40
LENGTHS = [1024, 24]
COLUMNS = {"pos_tags": 1, "chunk_tags": 2, "ner_tags": 3}
MODES = ["same_token", "next_token", "next_word"]
CHUNKS = ["O"] + [
    f"{edge}-{kind}"
    for kind in ("ADJP", "ADVP", "CONJP", "INTJ", "LST", "NP", "PP", "PRT", "SBAR", "UCP", "VP")
    for edge in "BI"
]
NAMES = ["O"] + [f"{edge}-{kind}" for kind in ("PER", "ORG", "LOC", "MISC") for edge in "BI"]
# What those who publish the tokenizers write beside them, as far as it changes tokens.
CONFIGS = {
    "mistral-7b-v0.1": {
        "tokenizer_class": "LlamaTokenizer",
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "legacy": False,
    },
    "qwen2": {
        "tokenizer_class": "Qwen2Tokenizer",
        "add_prefix_space": False,
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": None,
    },
}


def upstream(path):
    """Upstream's two functions, out of the file that cannot be imported without data and a GPU's kernels."""
    wanted = {"tokenize_and_align_labels", "_merge_subwords"}
    found = [node for node in ast.walk(ast.parse(path.read_text())) if getattr(node, "name", None) in wanted]
    assert {node.name for node in found} == wanted
    scope = {"torch": torch}
    exec(compile(ast.Module(found, []), str(path), "exec"), scope)
    return scope


def sentences(files):
    """The first sentences, and the lines they stand on."""
    rows, lines, words = [], [], []
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8", newline="\n") as source:
            for line in source.read().split("\n"):
                if len(rows) == COUNT:
                    return rows, lines
                lines.append(line)
                if not line or line.startswith("-DOCSTART-"):
                    rows += [words] if words else []
                    words = []
                else:
                    words.append(line.split(" "))
    raise ValueError(f"there are only {len(rows)} sentences")


def open_tokenizer(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.model_input_names.append("token_type_ids")
    return tokenizer


def align(scope, tokenizer, examples, mode, task, length):
    if mode == "next_word":
        # Upstream refuses it; what its test script has in a comment is the same with labels moved by a word.
        examples = {**examples, task: [labels[1:] + [-100] for labels in examples[task]]}
        mode = "same_token"
    model = SimpleNamespace(model_class="custom")
    scope.update(
        tokenizer=tokenizer,
        max_seq_length=length,
        data_args=SimpleNamespace(pad_to_max_length=False),
        model_args=model,
        custom_args=SimpleNamespace(task=task, retroactive_labels=mode, model_class="custom"),
    )
    return scope["tokenize_and_align_labels"](examples)


def check_merging(scope, tokenizer, encoded):
    """That merged states are means over the positions of one word, also in padded batches."""
    collate = DataCollatorForTokenClassification(tokenizer=tokenizer)
    for start in range(0, CHECKED, 8):
        rows = range(start, start + 8)
        batch = collate([{key: list(encoded[key][i]) for key in encoded} for i in rows])
        # With one state per position that is 1 there and 0 elsewhere, a merged state shows its weights.
        positions = batch["input_ids"].shape[1]
        states = torch.eye(positions).repeat(len(rows), 1, 1)
        merged = scope["_merge_subwords"](None, states, batch["token_type_ids"], batch["attention_mask"])
        for row, i in enumerate(rows):
            words = encoded["token_type_ids"][i]
            real = batch["attention_mask"][row].bool()
            own = torch.tensor(words)
            weights = (own[:, None] == own[None, :]).float()
            weights[own == -1] = torch.eye(len(words))[own == -1]
            weights /= weights.sum(1, keepdim=True)
            found = merged[row][real]
            assert torch.equal(found[:, ~real], torch.zeros(len(words), int((~real).sum())))
            assert torch.allclose(found[:, real], weights)


def main():
    source, tokenizers, checkpoint, dev, test, resources = map(Path, sys.argv[1:7])
    scope = upstream(source)
    rows, lines = sentences([dev, test])
    tags = {task: [[word[column] for word in row] for row in rows] for task, column in COLUMNS.items()}
    labels = {
        # GUM has parts of speech that CoNLL-2003 does not have.
        "pos_tags": sorted({tag for row in tags["pos_tags"] for tag in row}),
        "chunk_tags": CHUNKS,
        "ner_tags": NAMES,
    }
    examples = {"tokens": [[word[0] for word in row] for row in rows]}
    for task in COLUMNS:
        examples[task] = [[labels[task].index(tag) for tag in row] for row in tags[task]]

    document = [{"labels": labels, "tokenizer_configs": CONFIGS}]
    with tempfile.TemporaryDirectory() as temporary:
        folders = {checkpoint.name: checkpoint}
        for name, config in CONFIGS.items():
            folders[name] = Path(temporary, name)
            folders[name].mkdir()
            packed = gzip.decompress((tokenizers / name / "tokenizer.json.gz").read_bytes())
            (folders[name] / "tokenizer.json").write_bytes(packed)
            (folders[name] / "tokenizer_config.json").write_text(json.dumps(config))
        for name, folder in folders.items():
            tokenizer = open_tokenizer(folder)
            for length in LENGTHS:
                document += cases(scope, tokenizer, examples, length, name)

    target = resources / "io/github/llm2vec/trainer/wordtask/gum"
    target.mkdir(parents=True, exist_ok=True)
    write(target / "sentences.txt.gz", lines)
    write(
        target / "alignment.jsonl.gz",
        [json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in document],
    )


def cases(scope, tokenizer, examples, length, name):
    found = {mode: {task: align(scope, tokenizer, examples, mode, task, length) for task in COLUMNS} for mode in MODES}
    for mode in MODES:
        check_merging(scope, tokenizer, found[mode]["pos_tags"])
    for i in range(COUNT):
        ids = found["same_token"]["pos_tags"]["input_ids"][i]
        arrays = {}
        for mode in MODES:
            by_task = found[mode]
            assert all(by_task[task]["input_ids"][i] == ids for task in COLUMNS)
            arrays[mode] = {"words": by_task["pos_tags"]["token_type_ids"][i]}
            arrays[mode].update({task: by_task[task]["labels"][i] for task in COLUMNS})
        # A sentence that is not cut is the same at every length.
        if length == LENGTHS[0] or len(ids) == length:
            row = {"tokenizer": name, "max_length": length, "sentence": i, "sha256": digest(ids, arrays)}
            yield {**row, "ids": ids, **arrays} if i < SPELLED_OUT else row


def digest(ids, arrays):
    """The hash of a line for the ids and, for every mode, one for the words and one for each task's labels."""
    lines = [ids] + [values for mode in MODES for values in arrays[mode].values()]
    return hashlib.sha256("\n".join(" ".join(map(str, line)) for line in lines).encode()).hexdigest()


def write(path, lines):
    text = "".join(line + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
