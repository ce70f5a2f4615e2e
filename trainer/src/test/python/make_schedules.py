# SPDX-License-Identifier: Apache-2.0
"""Learning rates of transformers.get_scheduler and step counts of transformers.Trainer.

Usage: make_schedules.py RESOURCES (transformers 4.44.2, accelerate 1.15)
"""

import json
import math
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from transformers import Trainer, TrainerCallback, TrainingArguments, get_scheduler, set_seed

# name, base rate, warm-up, total, num_cycles or None
SCHEDULES = [
    ("linear", 2e-4, 300, 8000, None),
    ("linear", 5e-5, 0, 100, None),
    ("linear", 1e-3, 7, 13, None),
    ("linear", 3e-5, 20, 10, None),
    ("cosine", 2e-4, 300, 8000, None),
    ("cosine", 1e-3, 0, 50, None),
    ("cosine", 7e-5, 5, 40, 1.5),
    ("constant", 1e-4, 10, 100, None),
    ("constant_with_warmup", 1e-4, 10, 100, None),
]


def rates(name, base, warmup, total, cycles):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([parameter], lr=base)
    kwargs = {} if cycles is None else {"num_cycles": cycles}
    scheduler = get_scheduler(name, optimizer, warmup, total, scheduler_specific_kwargs=kwargs)
    found = []
    for _ in range(total + 3):
        # repr keeps every bit of a double.
        found.append(repr(float(scheduler.get_last_lr()[0])))
        optimizer.step()
        scheduler.step()
    steps = range(len(found)) if total <= 100 else [0, 1, 2, 150, 299, 300, 301, 999, 4000, 4321, 7999, 8000, 8001]
    return {str(t): found[t] for t in steps}


class Numbers(torch.utils.data.Dataset):
    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return {"value": torch.tensor([float(index)]), "index": index}


class Recorder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.batches = []

    def forward(self, value, index):
        self.batches.append(index.tolist())
        return {"loss": (self.weight * value).mean() * 0}


class Updates(TrainerCallback):
    def __init__(self, model):
        self.model = model
        self.after = []

    def on_optimizer_step(self, args, state, control, **kwargs):
        self.after.append(len(self.model.batches))


def run(examples, batch, accumulation, seed, **kwargs):
    set_seed(seed)
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=accumulation,
        seed=seed,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        remove_unused_columns=False,
        **kwargs,
    )
    model = Recorder()
    updates = Updates(model)
    trainer = Trainer(model=model, args=arguments, train_dataset=Numbers(examples), callbacks=[updates])
    trainer.train()
    return {
        "examples": examples,
        "batch": batch,
        "accumulation": accumulation,
        "seed": seed,
        **kwargs,
        "total": trainer.state.max_steps,
        "warmup": arguments.get_warmup_steps(trainer.state.max_steps),
        "updates_after": updates.after,
        "batches": model.batches,
    }


def main():
    target = Path(sys.argv[1]) / "io/github/llm2vec/trainer/optim"
    target.mkdir(parents=True, exist_ok=True)
    schedules = [
        {"type": n, "base": b, "warmup": w, "total": t, "cycles": c, "rates": rates(n, b, w, t, c)}
        for n, b, w, t, c in SCHEDULES
    ]
    runs = [
        run(10, 3, 1, 42, num_train_epochs=3),
        run(10, 2, 2, 42, num_train_epochs=3, warmup_ratio=0.3),
        run(11, 2, 4, 7, num_train_epochs=2.5),
        run(9, 4, 8, 42, num_train_epochs=3),
        run(20, 3, 3, 1, num_train_epochs=4, warmup_steps=2, warmup_ratio=0.5),
        run(10, 3, 1, 42, max_steps=6),
        run(10, 3, 2, 5, max_steps=9, dataloader_drop_last=True),
        run(100, 8, 1, 42, num_train_epochs=0.3),
    ]
    document = {"transformers": transformers.__version__, "schedules": schedules, "runs": runs}
    (target / "schedules.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
