# SPDX-License-Identifier: Apache-2.0
"""Speed of the Python reference on a checkpoint and a file of texts. See README.md.

Usage: benchmark_reference.py FOLDER TEXTS.jsonl [--way llm2vec|transformers] [--dtype float32]
       [--device cpu] [--threads 2] [--batch-size 32] [--batch-tokens 4096] [--limit 0] [--warmup 8]
       [--repeat 1] [--max-length 512] [--attention sdpa] [--vectors FILE.npy]
Prints one line of JSON. TEXTS: one {"text": ...} a line. Runs in environment A.

llm2vec: upstream's encode as it is. transformers: batches of texts sorted by their number of
tokens, at most --batch-tokens padded tokens each (0: --batch-size texts), mean over all tokens.
"""

import argparse
import json
import time

import numpy as np
import torch
import transformers
from llm2vec import LLM2Vec


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("texts")
    parser.add_argument("--way", choices=("llm2vec", "transformers"), default="llm2vec")
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    parser.add_argument("--vectors", help="where to write the vectors of the last run")
    numbers = {"threads": 2, "batch-size": 32, "batch-tokens": 4096, "limit": 0, "warmup": 8}
    for name, value in {**numbers, "repeat": 1, "max-length": 512}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser.parse_args()


def read_texts(path, limit):
    with open(path, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines if line.strip()]
    return texts[:limit] if limit else texts


def wait(device):
    """Work on a GPU is over before a clock is read."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)


class Upstream:
    """LLM2Vec.encode; tokens are counted where upstream hands a batch to the model."""

    def __init__(self, model, chosen):
        self.model, self.chosen = model, chosen
        self.real = self.padded = 0
        inner = model.tokenize

        def tokenize(texts):
            features = inner(texts)
            self.real += int(features["attention_mask"].sum())
            self.padded += features["attention_mask"].numel()
            return features

        model.tokenize = tokenize

    def encode(self, texts):
        options = dict(batch_size=self.chosen.batch_size, show_progress_bar=False)
        return self.model.encode(texts, device=self.chosen.device, **options).float()


class Plain:
    """The same model without LLM2Vec around it, fed as well as padding allows."""

    def __init__(self, model, chosen):
        self.model, self.tokenizer, self.chosen = model.model, model.tokenizer, chosen
        self.real = self.padded = 0
        self.model.to(chosen.device).eval()

    def batches(self, lengths):
        """Indices by falling length, cut by padded tokens or by number of texts."""
        batch = []
        for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
            widest = lengths[batch[0]] if batch else lengths[i]
            if self.chosen.batch_tokens:
                full = batch and widest * (len(batch) + 1) > self.chosen.batch_tokens
            else:
                full = len(batch) == self.chosen.batch_size
            if full:
                yield batch
                batch = []
            batch.append(i)
        if batch:
            yield batch

    def encode(self, texts):
        limit = dict(truncation=True, max_length=self.chosen.max_length)
        rows = self.tokenizer(texts, **limit)["input_ids"]
        lengths = [len(row) for row in rows]
        result = torch.empty(len(rows), self.model.config.hidden_size)
        for batch in self.batches(lengths):
            width = lengths[batch[0]]
            ids = torch.full((len(batch), width), self.tokenizer.pad_token_id)
            mask = torch.zeros(len(batch), width, dtype=torch.long)
            for row, i in enumerate(batch):
                ids[row, width - lengths[i] :] = torch.tensor(rows[i])
                mask[row, width - lengths[i] :] = 1
            self.real += int(mask.sum())
            self.padded += mask.numel()
            result[batch] = self.forward(ids, mask).float().cpu()
        return result

    def forward(self, ids, mask):
        ids, mask = ids.to(self.chosen.device), mask.to(self.chosen.device)
        with torch.inference_mode():
            states = self.model(ids, attention_mask=mask, use_cache=False).last_hidden_state
            weights = mask[:, :, None].to(states.dtype)
            return (states * weights).sum(1) / weights.sum(1)


def main():
    chosen = arguments()
    torch.set_num_threads(chosen.threads)
    transformers.logging.set_verbosity_error()
    texts = read_texts(chosen.texts, chosen.limit)
    model = LLM2Vec.from_pretrained(
        chosen.folder,
        torch_dtype=getattr(torch, chosen.dtype),
        attn_implementation=chosen.attention,
        max_length=chosen.max_length,
    )
    way = (Upstream if chosen.way == "llm2vec" else Plain)(model, chosen)
    way.encode(texts[: chosen.warmup])
    seconds = []
    for _ in range(chosen.repeat):
        way.real = way.padded = 0
        wait(chosen.device)
        start = time.perf_counter()
        vectors = way.encode(texts)
        wait(chosen.device)
        seconds.append(time.perf_counter() - start)
    best = min(seconds)
    if chosen.vectors:
        np.save(chosen.vectors, vectors.numpy().astype(np.float32))
    report = {
        "way": chosen.way,
        "dtype": chosen.dtype,
        "device": chosen.device,
        "attention": chosen.attention,
        "threads": chosen.threads,
        "batch_size": chosen.batch_size,
        "batch_tokens": chosen.batch_tokens,
        "texts": len(texts),
        "tokens": way.real,
        "seconds": [round(value, 3) for value in seconds],
        "tokens_per_second": round(way.real / best, 1),
        "padding_waste": round(1 - way.real / way.padded, 4),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
