# SPDX-License-Identifier: Apache-2.0
"""What transformers, datasets and llm2vec make of texts before a model sees them.

Usage: make_collation.py CHECKPOINTS INAUGURAL.txt.gz WIKIGOLD.conll RESOURCES

CHECKPOINTS are the tiny ones of the encoder's tests. (llm2vec 0.2.3, transformers 4.44.2,
datasets 2.21.0)
"""

import gzip
import hashlib
import json
import os
import sys
from itertools import chain
from pathlib import Path

os.environ["HF_DATASETS_OFFLINE"] = "1"

import datasets
import torch
from llm2vec import LLM2Vec
from transformers import AutoTokenizer, DataCollatorForLanguageModeling, DataCollatorForTokenClassification

datasets.disable_progress_bars()
torch.set_num_threads(1)

TOKENIZERS = ["llama3-gqa", "mistral-gqa", "qwen2"]


def texts_of(source):
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        # Public domain; cut, because only the cutting of tokens matters here.
        kept = [line.rstrip("\n")[:150] for line in lines][:60]
    return kept + ["under _ scores __init__ _x", "naïve café 漢字 🙂", "  spaces  \t", "typed <s> and <|eot_id|> </s>"]


def many(texts, count):
    return [f"{texts[i % len(texts)]} {i}" for i in range(count)]


def mask_token(tokenizer):
    # As run_mntp.py does with mask_token_type blank.
    if tokenizer.mask_token is None:
        tokenizer.mask_token = "_"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def grouped(tokenizer, texts, length, workers):
    def tokenize(examples):
        return tokenizer(examples["text"], return_special_tokens_mask=True)

    def group(examples):
        joined = {key: list(chain.from_iterable(rows)) for key, rows in examples.items()}
        total = len(joined["input_ids"]) // length * length
        return {key: [row[i : i + length] for i in range(0, total, length)] for key, row in joined.items()}

    data = datasets.Dataset.from_dict({"text": texts})
    data = data.map(tokenize, batched=True, num_proc=workers, remove_columns=["text"])
    return data.map(group, batched=True, num_proc=workers)


def digest(data):
    ids = "\n".join(" ".join(map(str, row)) for row in data["input_ids"])
    special = "\n".join(" ".join(map(str, row)) for row in data["special_tokens_mask"])
    return hashlib.sha256((ids + "\n\n" + special).encode()).hexdigest()


class AllMask(DataCollatorForLanguageModeling):
    """Masks every selected token."""

    def torch_mask_tokens(self, inputs, special_tokens_mask=None):
        labels = inputs.clone()
        share = torch.full(labels.shape, self.mlm_probability)
        share.masked_fill_(special_tokens_mask.bool(), value=0.0)
        selected = torch.bernoulli(share).bool()
        labels[~selected] = -100
        inputs[selected] = self.tokenizer.convert_tokens_to_ids(self.tokenizer.mask_token)
        return inputs, labels


def batch_case(kind, probability, collator_class, tokenizer, rows, seed, **kwargs):
    collator = collator_class(tokenizer=tokenizer, mlm_probability=probability, **kwargs)
    torch.manual_seed(seed)
    batch = collator([{k: list(v) for k, v in row.items()} for row in rows])
    return {
        "collator": kind,
        "probability": probability,
        "seed": seed,
        "rows": len(rows),
        "input_ids": batch["input_ids"].tolist(),
        "attention_mask": batch["attention_mask"].tolist(),
        "labels": batch["labels"].tolist(),
    }


def mntp(folder, texts):
    tokenizer = mask_token(AutoTokenizer.from_pretrained(folder))
    case = {"mask_id": tokenizer.mask_token_id, "size": len(tokenizer), "padding_side": tokenizer.padding_side, "groups": []}
    for count, length, workers in ((len(texts), 32, None), (2500, 64, None), (2503, 48, 3), (2, 4096, None)):
        data = grouped(tokenizer, many(texts, count), length, workers)
        case["groups"].append({"texts": count, "length": length, "workers": workers or 1, "blocks": len(data), "sha256": digest(data)})
    blocks = [grouped(tokenizer, texts, 24, None)[i] for i in range(4)]
    case["blocks"] = [
        batch_case("default", 0.2, DataCollatorForLanguageModeling, tokenizer, blocks, 42),
        batch_case("all_mask", 0.8, AllMask, tokenizer, blocks, 7),
        batch_case("default", 0.15, DataCollatorForLanguageModeling, tokenizer, blocks[:1], 2**33 + 1),
    ]
    lines = [text for text in texts if len(text) > 0 and not text.isspace()]
    encoded = tokenizer(lines, truncation=True, max_length=20, return_special_tokens_mask=True)
    rows = [{key: encoded[key][i] for key in encoded} for i in range(len(lines))]
    case["lines"] = [
        batch_case("default", 0.2, DataCollatorForLanguageModeling, tokenizer, rows[:6], 42),
        batch_case("all_mask", 0.8, AllMask, tokenizer, rows[-5:], 3),
    ]
    return case


CONTRASTIVE = [
    ("Given a question, retrieve passages; ", "who was the first president?"),
    ("Retrieve semantically similar text; ", ""),
    ("", "a document that is somewhat longer than the others and will be cut at its end"),
    ("", " spaces around "),
    ("", "naïve café 漢字 🙂"),
]
SEPARATOR = "!@#$%^&*()"


def contrastive(folder, pooling, max_length):
    model = LLM2Vec.from_pretrained(str(folder), enable_bidirectional=True, pooling_mode=pooling, max_length=max_length)

    def rows(strings):
        batch = model.tokenize(strings)
        found = []
        for ids, mask, pooled in zip(batch["input_ids"], batch["attention_mask"], batch["embed_mask"]):
            found.append({"ids": ids[mask.bool()].tolist(), "pool_length": int(pooled.sum())})
        return found

    supervised = [model.prepare_for_tokenization(before + SEPARATOR + text) for before, text in CONTRASTIVE]
    simcse = [text.strip() for _, text in CONTRASTIVE]
    return {
        "pooling": pooling,
        "max_length": max_length,
        "name_or_path": model.config._name_or_path,
        "supervised": rows(supervised),
        "simcse": rows(simcse),
        "columns": int(model.tokenize(simcse)["input_ids"].shape[1]),
    }


def sentences(source, count):
    rows, words, tags = [], [], []
    for line in Path(source).read_text(encoding="utf-8").splitlines():
        if line.startswith("-DOCSTART-") or not line.strip():
            if words:
                rows.append((words, tags))
            words, tags = [], []
        else:
            word, tag = line.split()
            words.append(word)
            tags.append(tag)
    return rows[:count]


def align(encoded, row, labels, mode):
    """The rule of upstream's tokenize_and_align_labels."""
    if mode == "next_word":
        labels = labels[1:] + [-100]
    ids, previous = [], None
    words = encoded.word_ids(batch_index=row)
    for word in words:
        ids.append(-100 if word is None or word == previous else labels[word])
        previous = word
    if mode == "next_token":
        ids, words = ids[1:] + [-100], words[1:] + [None]
    return ids, [-1 if word is None else word for word in words]


def words(folder, rows, names):
    tokenizer = mask_token(AutoTokenizer.from_pretrained(folder))
    cases = []
    for mode, length in (("same_token", 1024), ("next_token", 1024), ("next_token", 24), ("next_word", 24)):
        encoded = tokenizer([words for words, _ in rows], truncation=True, is_split_into_words=True, max_length=length)
        found = []
        for i, (_, tags) in enumerate(rows):
            labels, mapped = align(encoded, i, [names.index(tag) for tag in tags], mode)
            found.append({"ids": encoded["input_ids"][i], "labels": labels, "words": mapped})
        cases.append({"mode": mode, "max_length": length, "rows": found})
    # That padding brings nothing that is labelled.
    features = [{"input_ids": r["ids"], "labels": r["labels"]} for r in cases[0]["rows"]]
    batch = DataCollatorForTokenClassification(tokenizer=tokenizer)(features)
    assert int((batch["labels"] != -100).sum()) == sum(label != -100 for r in cases[0]["rows"] for label in r["labels"])
    return cases


def main():
    checkpoints, inaugural, wikigold, resources = map(Path, sys.argv[1:5])
    target = resources / "io/github/llm2vec/trainer/dataloader"
    target.mkdir(parents=True, exist_ok=True)
    texts = texts_of(inaugural)
    names = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]
    gold = sentences(wikigold, 15)
    document = {
        "texts": texts,
        "sentences": [{"words": w, "tags": t} for w, t in gold],
        "contrastive_texts": [[before, text] for before, text in CONTRASTIVE],
        "mntp": {name: mntp(checkpoints / name, texts) for name in TOKENIZERS},
        "contrastive": {
            name: [contrastive(checkpoints / name, p, n) for p, n in (("mean", 64), ("mean", 16), ("eos_token", 16))]
            for name in TOKENIZERS
        },
        "words": {name: words(checkpoints / name, gold, names) for name in TOKENIZERS},
    }
    (target / "collation.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
