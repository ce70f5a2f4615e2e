# SPDX-License-Identifier: Apache-2.0
"""Writes gradients, losses and weights of training runs on the closed-form models. See README.md.

Usage: make_training_steps.py CHECKPOINTS_FOLDER OUTPUT.json
Runs in environment A (transformers 4.44.2, peft 0.12.0), single precision, no dropout.

Every run has the gradient of every trained tensor at its first step, the loss and the gradient norm
of each step, and the trained tensors after the last. Tensors are lists of flat values.
  mntp, contrastive: a LoRA adapter (rank 2, alpha 4, the formula with amplitude 0.1) on all linear
    layers, attention bidirectional; mntp with the head trained in full if it is not the embedding.
  causal: all weights of a causal language model, weight decay 0.1 on what Hugging Face's Trainer
    decays (its later rule, by which all norms are spared; 4.44 spares Llama's and Gemma's only).
"""

import json
import math
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModel, AutoModelForCausalLM

STEPS = 50
# Training all weights of the Gemma is chaotic: from step 40 on, transformers in double and in single
# precision differ by more than 1e-4 themselves.
CAUSAL_STEPS = 30
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
MASKED = [[5, 3, 7, 3], [1, 9, 3, 11, 12, 13]]
LABELS = [{1: 6, 3: 8}, {2: 10}]  # position -> id
TRIPLES = [
    [[5, 6, 7, 8], [1, 9, 10, 11, 12, 13]],
    [[5, 6, 7, 8, 14], [1, 9, 10, 11]],
    [[1, 20, 21, 22, 23, 24], [1, 25, 26, 27, 28, 29]],
]


def rule(name, shape, amplitude):
    s = sum(name.encode())
    k = torch.arange(math.prod(shape), dtype=torch.float64)
    return (amplitude * torch.sin(0.37 * k + 0.11 * s)).reshape(shape).float()


def padded(rows):
    """Left-padded ids, real tokens, and a 4-d mask by which every real token sees every other."""
    width = max(map(len, rows))
    ids = torch.tensor([[2] * (width - len(row)) + row for row in rows])
    real = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    unseen = (1 - real)[:, None, None, :].expand(-1, 1, width, width).float()
    return ids, real, unseen * torch.finfo(torch.float32).min


def states(model, rows):
    ids, real, mask = padded(rows)
    return model(input_ids=ids, attention_mask=mask).last_hidden_state, real


def masked_loss(model, head):
    hidden, real = states(model, MASKED)
    width = hidden.shape[1]
    losses = []
    for i, labels in enumerate(LABELS):
        for position, label in labels.items():
            at = width - len(MASKED[i]) + position - 1
            losses.append(-torch.log_softmax(head @ hidden[i, at], 0)[label])
    return torch.stack(losses).mean()


def contrastive_loss(model, _):
    vectors = []
    for rows in TRIPLES:
        hidden, real = states(model, rows)
        weights = real[:, :, None].float()
        vectors.append((hidden * weights).sum(1) / weights.sum(1))
    q, p, n = (torch.nn.functional.normalize(v, dim=-1) for v in vectors)
    scores = q @ torch.cat([p, n]).T * 20
    return torch.nn.functional.cross_entropy(scores, torch.arange(len(q)))


def causal_loss(model, _):
    """All rows apart, so that no padding takes part; the mean is over all predictions."""
    losses = []
    for row in TRIPLES[0] + TRIPLES[1]:
        logits = model(input_ids=torch.tensor([row])).logits[0]
        losses.append(-torch.log_softmax(logits, 1)[range(len(row) - 1), row[1:]])
    return torch.cat(losses).mean()


def flat(tensor):
    return [float(f"{value:.7g}") for value in tensor.detach().flatten().tolist()]


def run(loss, groups, trained, steps):
    optimiser = torch.optim.AdamW(groups, lr=3e-3, betas=(0.9, 0.98), eps=1e-6)
    result = {"losses": [], "norms": []}
    for step in range(steps):
        value = loss()
        value.backward()
        if step == 0:
            result["gradients"] = {name: flat(p.grad) for name, p in trained.items()}
        norm = torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        result["losses"].append(float(f"{value.item():.8g}"))
        result["norms"].append(float(f"{norm.item():.8g}"))
        optimiser.step()
        optimiser.zero_grad()
    result["values"] = {name: flat(p) for name, p in trained.items()}
    return result


def adapter_run(folder, objective):
    base = AutoModel.from_pretrained(folder, torch_dtype=torch.float32, attn_implementation="eager")
    config = LoraConfig(r=2, lora_alpha=4, target_modules=TARGETS, lora_dropout=0.0)
    model = get_peft_model(base, config).train()
    trained = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            short = name.replace("base_model.model.", "").replace(".default", "")
            p.data = rule(short, p.shape, 0.1)
            trained[short] = p
    head = base.get_input_embeddings().weight
    if objective == "mntp" and not base.config.tie_word_embeddings:
        head = torch.nn.Parameter(rule("lm_head.weight", head.shape, 0.3))
        trained["lm_head.weight"] = head
    compute = masked_loss if objective == "mntp" else contrastive_loss
    groups = [{"params": list(trained.values()), "weight_decay": 0.1}]
    return run(lambda: compute(model, head), groups, trained, STEPS)


def causal_run(folder):
    model = AutoModelForCausalLM.from_pretrained(
        folder, torch_dtype=torch.float32, attn_implementation="eager"
    ).train()
    if not model.config.tie_word_embeddings:
        model.lm_head.weight.data = rule("lm_head.weight", model.lm_head.weight.shape, 0.3)
    trained = {name.removeprefix("model."): p for name, p in model.named_parameters()}
    plain = [p for n, p in trained.items() if "norm" in n or "bias" in n]
    decayed = [p for n, p in trained.items() if "norm" not in n and "bias" not in n]
    groups = [
        {"params": decayed, "weight_decay": 0.1},
        {"params": plain, "weight_decay": 0.0},
    ]
    return run(lambda: causal_loss(model, None), groups, trained, CAUSAL_STEPS)


def main():
    torch.set_num_threads(1)
    checkpoints, output = Path(sys.argv[1]), Path(sys.argv[2])
    result = {}
    for name in ("llama", "qwen2", "gemma"):
        folder = checkpoints / f"golden-{name}"
        result[name] = {"mntp": adapter_run(folder, "mntp")}
        result[name]["contrastive"] = adapter_run(folder, "contrastive")
        result[name]["causal"] = causal_run(folder)
    output.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    for name, runs in result.items():
        for objective, r in runs.items():
            print(name, objective, r["losses"][0], r["losses"][-1], r["norms"][0], len(r["values"]))


if __name__ == "__main__":
    main()
