# SPDX-License-Identifier: Apache-2.0
"""Speed of training steps with transformers and PEFT as upstream's scripts run them. See README.md.

Usage: benchmark_training.py FOLDER ROWS.json --objective mntp|contrastive [--dtype float32]
       [--device cpu] [--threads 2] [--repeat 3] [--rank 16] [--dropout 0.05] [--checkpointing]
Prints one line of JSON. Runs in environment A.

ROWS.json: {"rows": [[id, ...], ...], "labels": [[id or -100, ...], ...], "queries": N}. mntp: all
rows are one batch for LLM2Vec's MNTP model, the loss over all logits as it computes it.
contrastive: the first N rows are queries, the next N positives, the rest hard negatives; three
forward passes, mean over tokens, HardNegativeNLLLoss. A step is forward, backward, clipping and
AdamW.
"""

import argparse
import json
import resource
import time

import torch
import transformers
from llm2vec.loss.HardNegativeNLLLoss import HardNegativeNLLLoss
from llm2vec.models import LlamaBiForMNTP, LlamaBiModel
from peft import LoraConfig, get_peft_model

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("rows")
    parser.add_argument("--objective", choices=("mntp", "contrastive"), required=True)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--checkpointing", action="store_true")
    for name, value in {"threads": 2, "repeat": 3, "rank": 16}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser.parse_args()


def padded(rows, labels, device):
    """Left-padded ids, mask and labels."""
    width = max(map(len, rows))
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    targets = torch.full((len(rows), width), -100)
    for i, row in enumerate(rows):
        ids[i, width - len(row) :] = torch.tensor(row)
        mask[i, width - len(row) :] = 1
        targets[i, width - len(row) :] = torch.tensor(labels[i])
    return ids.to(device), mask.to(device), targets.to(device)


def with_adapter(model, chosen):
    if chosen.checkpointing:
        options = {"use_reentrant": False}
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=options)
        model.enable_input_require_grads()
    config = LoraConfig(
        r=chosen.rank,
        lora_alpha=2 * chosen.rank,
        target_modules=TARGETS,
        lora_dropout=chosen.dropout,
    )
    return get_peft_model(model, config)


def masked_loss(chosen, data, options):
    model = LlamaBiForMNTP.from_pretrained(chosen.folder, **options)
    model.set_model_for_peft(with_adapter(model.get_model_for_peft(), chosen))
    model.to(chosen.device).train()
    ids, mask, labels = padded(data["rows"], data["labels"], chosen.device)
    return model, lambda: model(input_ids=ids, attention_mask=mask, labels=labels).loss


def contrastive_loss(chosen, data, options):
    model = with_adapter(LlamaBiModel.from_pretrained(chosen.folder, **options), chosen)
    model.to(chosen.device).train()
    loss = HardNegativeNLLLoss(scale=50.0)
    n = data["queries"]
    rows, labels = data["rows"], data["labels"]
    lists = [(0, n), (n, 2 * n), (2 * n, len(rows))]
    batches = [padded(rows[a:b], labels[a:b], chosen.device) for a, b in lists]

    def embed(ids, mask, _):
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask[:, :, None].to(states.dtype)
        return (states * weights).sum(1) / weights.sum(1)

    return model, lambda: loss(*[embed(*batch) for batch in batches])


def main():
    chosen = arguments()
    torch.set_num_threads(chosen.threads)
    transformers.logging.set_verbosity_error()
    with open(chosen.rows, encoding="utf-8") as file:
        data = json.load(file)
    options = dict(torch_dtype=getattr(torch, chosen.dtype), attn_implementation="sdpa")
    make = masked_loss if chosen.objective == "mntp" else contrastive_loss
    model, compute = make(chosen, data, options)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0)
    seconds, losses = [], []
    for _ in range(chosen.repeat + 1):
        start = time.perf_counter()
        loss = compute()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
        if chosen.device.startswith("cuda"):
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    tokens = sum(map(len, data["rows"]))
    report = {
        "objective": chosen.objective,
        "dtype": chosen.dtype,
        "threads": chosen.threads,
        "trained": sum(p.numel() for p in trained),
        "tokens": tokens,
        "seconds": [round(value, 3) for value in seconds],
        "tokens_per_second": round(tokens / min(seconds[1:]), 1),
        "losses": [round(value, 4) for value in losses],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
