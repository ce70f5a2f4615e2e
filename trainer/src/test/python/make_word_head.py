# SPDX-License-Identifier: Apache-2.0
"""How PyTorch trains the head of a word task on a frozen model.

Usage: make_word_head.py CHECKPOINT RESOURCES

CHECKPOINT is the encoder's test checkpoint llama3-gqa; the sentences are those of collation.json.
(llm2vec 0.2.3, transformers 4.44.2, torch 2.13)
"""

import json
import sys
from pathlib import Path

import torch
from llm2vec.models import LlamaBiModel
from transformers import AutoTokenizer, LlamaModel, get_scheduler

torch.set_num_threads(1)

LABELS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]
UPDATES = 20


def align(encoded, row, tags, mode):
    """The rule of upstream's tokenize_and_align_labels, next_word as its name says."""
    labels = [LABELS.index(tag) for tag in tags]
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


def states_of(model, tokenizer, sentences, mode, merge):
    """States and labels of every sentence's labelled positions."""
    rows = []
    encoded = tokenizer([s["words"] for s in sentences], truncation=True, is_split_into_words=True, max_length=1024)
    for i, sentence in enumerate(sentences):
        labels, words = align(encoded, i, sentence["tags"], mode)
        with torch.no_grad():
            hidden = model(input_ids=torch.tensor([encoded["input_ids"][i]])).last_hidden_state[0]
        if merge:
            words = torch.tensor(words)
            merged = hidden.clone()
            for word in words[words >= 0].unique():
                merged[words == word] = hidden[words == word].mean(dim=0)
            hidden = merged
        kept = torch.tensor(labels) != -100
        rows.append((hidden[kept], torch.tensor(labels)[kept]))
    return rows


def train(rows, hidden, case):
    torch.manual_seed(case["seed"])
    head = torch.nn.Linear(hidden, len(LABELS))
    groups = [
        {"params": [head.weight], "weight_decay": case["weight_decay"]},
        {"params": [head.bias], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=case["learning_rate"], betas=(0.9, 0.999), eps=1e-8)
    per_epoch = -(-len(rows) // case["batch_size"])
    epochs = -(-UPDATES * case["accumulation"] // per_epoch)
    schedule = get_scheduler("linear", optimizer, case["warmup_steps"], UPDATES)
    losses, pending, batches = [], 0.0, 0
    for epoch in range(epochs + 1):
        # The order in which transformers' Trainer draws an epoch.
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(case["seed"] + epoch)).tolist()
        for start in range(0, len(rows), case["batch_size"]):
            if len(losses) == UPDATES:
                break
            chosen = [rows[i] for i in order[start : start + case["batch_size"]]]
            logits = head(torch.cat([states for states, _ in chosen]))
            loss = torch.nn.functional.cross_entropy(logits, torch.cat([labels for _, labels in chosen]))
            (loss / case["accumulation"]).backward()
            pending += loss.item() / case["accumulation"]
            batches += 1
            if batches % case["accumulation"] == 0:
                torch.nn.utils.clip_grad_norm_(head.parameters(), case["max_grad_norm"])
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
                losses.append(pending)
                pending = 0.0
    return head, losses


def run(checkpoint, sentences, case):
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    kind = LlamaBiModel if case["bidirectional"] else LlamaModel
    model = kind.from_pretrained(checkpoint, torch_dtype=torch.float32, attn_implementation="eager").eval()
    rows = states_of(model, tokenizer, sentences, case["retroactive_labels"], case["merge_subwords"])
    head, losses = train(rows, model.config.hidden_size, case)
    states = torch.cat([states for states, _ in rows])
    truth = torch.cat([labels for _, labels in rows])
    with torch.no_grad():
        logits = head(states)
    return case | {
        "losses": losses,
        "weight": [round(v, 8) for v in head.weight.flatten().tolist()],
        "bias": head.bias.tolist(),
        "words": len(truth),
        "eval_loss": torch.nn.functional.cross_entropy(logits, truth).item(),
        "accuracy": (logits.argmax(-1) == truth).float().mean().item(),
    }


def case(shift, merge, bidirectional, **other):
    defaults = {"batch_size": 4, "accumulation": 1, "learning_rate": 5e-3, "weight_decay": 0.0, "warmup_steps": 0, "max_grad_norm": 1.0, "seed": 42}
    return {"retroactive_labels": shift, "merge_subwords": merge, "bidirectional": bidirectional} | defaults | other


def main():
    checkpoint, resources = map(Path, sys.argv[1:3])
    base = resources / "io/github/llm2vec/trainer"
    sentences = json.loads((base / "dataloader/collation.json").read_text(encoding="utf-8"))["sentences"]
    cases = [
        case("next_token", True, True),
        case("same_token", False, False, accumulation=2, weight_decay=0.1, warmup_steps=3, seed=7),
        case("next_word", True, True, learning_rate=5e-2, max_grad_norm=0.05),
    ]
    target = base / "wordtask"
    target.mkdir(parents=True, exist_ok=True)
    document = {"cases": [run(checkpoint, sentences, c) for c in cases]}
    (target / "word-head.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
