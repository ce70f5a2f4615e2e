# SPDX-License-Identifier: Apache-2.0
"""Fifty updates of MNTP, SimCSE and supervised training by transformers, peft and llm2vec.

Usage: make_training_runs.py CHECKPOINTS RESOURCES (llm2vec 0.2.3, transformers 4.44.2, peft 0.12.0)

CHECKPOINTS are the tiny ones of the encoder's tests. Of every run are written: the data, the
configuration, the loss of every batch, gradient norms, learning rates and the trained adapter.
Trainer, collators, datasets and loss are theirs; what the pip package of llm2vec lacks (its
experiments' collator and step) is done as those scripts do it. There is no dropout, since its random
numbers are not portable.
"""

import json
import math
import random
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from llm2vec import LLM2Vec
from llm2vec.dataset import E5Data, Wiki1M
from llm2vec.dataset.E5Data import E5_EMBEDDING_PROMPTS
from llm2vec.loss.utils import load_loss
from llm2vec.models import LlamaBiForMNTP
from peft import LoraConfig, get_peft_model
from torch.utils.data import DataLoader, SequentialSampler
from transformers import (
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

torch.set_num_threads(1)

BASE = "llama-mha"
UPDATES = 50
RANK = 4
TARGETS = ["q_proj", "v_proj", "k_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
WORDS = (
    "the river ran past an old mill where children played until evening came and small boats of "
    "paper sailed under a bridge while rain fell on green fields and someone sang about winter"
).split()


def sentence(source):
    return " ".join(source.choice(WORDS) for _ in range(source.randint(3, 14)))


def rule(name, shape, amplitude):
    # The closed form of the golden checkpoints' weights.
    total = sum(name.encode())
    count = math.prod(shape)
    values = [amplitude * math.sin(0.37 * k + 0.11 * total) for k in range(count)]
    return torch.tensor(values, dtype=torch.float64).to(torch.float32).reshape(shape)


def with_adapter(model):
    config = LoraConfig(
        r=RANK, lora_alpha=2 * RANK, target_modules=TARGETS, lora_dropout=0.0, bias="none", task_type=None
    )
    model = get_peft_model(model, config)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            plain = name.removeprefix("base_model.model.").replace(".default", "")
            parameter.data.copy_(rule(plain, parameter.shape, 0.1))
    return model


class Log(TrainerCallback):
    def __init__(self):
        self.norms = []
        self.rates = []

    def on_log(self, args, state, control, logs=None, **kwargs):
        if "grad_norm" in logs:
            self.norms.append(logs["grad_norm"])
            self.rates.append(logs["learning_rate"])


class MntpTrainer(Trainer):
    def __init__(self, batches, **kwargs):
        super().__init__(**kwargs)
        self.batches = batches
        self.losses = []

    def get_train_dataloader(self):
        return DataLoader(self.batches, batch_size=None, shuffle=False)

    def compute_loss(self, model, inputs, return_outputs=False):
        loss = super().compute_loss(model, inputs)
        self.losses.append(loss.item())
        return loss


class ContrastiveCollator:
    def __init__(self, model, template):
        self.model = model
        self.template = template

    def __call__(self, features):
        lists = [[feature.texts[i] for feature in features] for i in range(len(features[0].texts))]
        if self.template:
            lists = [[self.model.prepare_for_tokenization(text) for text in texts] for texts in lists]
        return [self.model.tokenize(texts) for texts in lists], torch.zeros(len(features))


class ContrastiveTrainer(Trainer):
    def __init__(self, scale, sequential, **kwargs):
        super().__init__(**kwargs)
        self.loss_function = load_loss("HardNegativeNLLLoss", scale=scale)
        self.sequential = sequential
        self.losses = []

    def get_train_dataloader(self):
        if not self.sequential:
            return super().get_train_dataloader()
        return DataLoader(
            self.train_dataset,
            batch_size=self.args.per_device_train_batch_size,
            sampler=SequentialSampler(self.train_dataset),
            collate_fn=self.data_collator,
        )

    def compute_loss(self, model, inputs, return_outputs=False):
        features, _ = inputs
        reps = [self.model(feature) for feature in features]
        loss = self.loss_function(*reps)
        self.losses.append(loss.item())
        return loss


def arguments(config):
    known = {
        key: config[key]
        for key in (
            "learning_rate",
            "weight_decay",
            "warmup_steps",
            "max_grad_norm",
            "max_steps",
            "lr_scheduler_type",
            "per_device_train_batch_size",
            "gradient_accumulation_steps",
            "seed",
        )
    }
    return TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        use_cpu=True,
        report_to=[],
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        remove_unused_columns=False,
        **known,
    )


def finish(target, name, trainer, log, adapter, config):
    trainer.add_callback(log)
    trainer.train()
    folder = Path(tempfile.mkdtemp())
    adapter.save_pretrained(folder)
    shutil.copy(folder / "adapter_model.safetensors", target / f"{name}-expected.safetensors")
    (target / f"{name}.json").write_text(json.dumps(config, indent=2) + "\n")
    found = {"losses": trainer.losses, "norms": log.norms, "rates": log.rates}
    (target / f"{name}-expected.json").write_text(json.dumps(found) + "\n")
    print(name, trainer.losses[0], trainer.losses[-1])


COMMON = {
    "max_grad_norm": 1.0,
    "max_steps": UPDATES,
    "lora_r": RANK,
    "lora_dropout": 0.0,
    "do_train": True,
    "logging_steps": 1,
}


def mntp(base, target):
    config = COMMON | {
        "learning_rate": 5e-3,
        "weight_decay": 0.01,
        "warmup_steps": 5,
        "lr_scheduler_type": "linear",
        "per_device_train_batch_size": 3,
        "gradient_accumulation_steps": 2,
        "seed": 42,
    }
    set_seed(config["seed"])
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.mask_token = "_"
    tokenizer.pad_token = tokenizer.eos_token
    collator = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.3)
    source = random.Random(7)
    batches = []
    while len(batches) < 2 * UPDATES:
        rows = [tokenizer(sentence(source), return_special_tokens_mask=True) for _ in range(3)]
        batch = collator(rows)
        if (batch["labels"][:, 1:] != -100).any():
            batches.append(dict(batch))
    with open(target / "mntp-batches.jsonl", "w") as out:
        for batch in batches:
            lists = {key: value.tolist() for key, value in batch.items()}
            out.write(json.dumps(lists, separators=(",", ":")) + "\n")
    model = LlamaBiForMNTP.from_pretrained(base)
    model.model = with_adapter(model.model)
    trainer = MntpTrainer(batches, model=model, args=arguments(config), train_dataset=batches)
    finish(target, "mntp", trainer, Log(), model.model, config)


def contrastive(base, target, name, config, dataset):
    model = LLM2Vec.from_pretrained(
        str(base), enable_bidirectional=True, max_length=config["max_seq_length"], pooling_mode="mean"
    )
    model.model = with_adapter(model.model)
    trainer = ContrastiveTrainer(
        config["loss_scale"],
        name == "supervised",
        model=model,
        args=arguments(config),
        train_dataset=dataset,
        data_collator=ContrastiveCollator(model, name == "supervised"),
    )
    finish(target, name, trainer, Log(), model.model, config)


def simcse(base, target):
    config = COMMON | {
        "bidirectional": True,
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "warmup_steps": 0,
        "lr_scheduler_type": "cosine",
        "per_device_train_batch_size": 6,
        "gradient_accumulation_steps": 1,
        "seed": 7,
        "max_seq_length": 24,
        "loss_scale": 4.0,
    }
    source = random.Random(8)
    file = target / "simcse.txt"
    file.write_text("".join(sentence(source) + "\n" for _ in range(100)))
    set_seed(config["seed"])
    dataset = Wiki1M(dataset_name="Wiki1M", split="train", file_path=str(file))
    contrastive(base, target, "simcse", config, dataset)


def supervised(base, target):
    config = COMMON | {
        "bidirectional": True,
        "learning_rate": 2e-3,
        "weight_decay": 0.0,
        "warmup_steps": 10,
        "lr_scheduler_type": "linear",
        "per_device_train_batch_size": 4,
        "gradient_accumulation_steps": 1,
        "seed": 42,
        "max_seq_length": 96,
        "loss_scale": 50.0,
    }
    source = random.Random(9)
    folder = target / "e5"
    folder.mkdir(exist_ok=True)
    for name in E5_EMBEDDING_PROMPTS:
        with open(folder / f"{name}.jsonl", "w") as out:
            for _ in range(9):
                triple = {key: sentence(source) for key in ("query", "positive", "negative")}
                out.write(json.dumps(triple) + "\n")
    set_seed(config["seed"])
    dataset = E5Data(
        dataset_name="E5", split="train", file_path=str(folder), effective_batch_size=4
    )
    contrastive(base, target, "supervised", config, dataset)


def main():
    base = Path(sys.argv[1]) / BASE
    target = Path(sys.argv[2]) / "io/github/llm2vec/trainer/loop"
    target.mkdir(parents=True, exist_ok=True)
    mntp(base, target)
    simcse(base, target)
    supervised(base, target)


if __name__ == "__main__":
    main()
