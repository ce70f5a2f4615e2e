# SPDX-License-Identifier: Apache-2.0
"""How Hugging Face's datasets and upstream's own classes read files, and upstream's order of E5.

Usage: make_datasets.py RESOURCES (llm2vec 0.2.3, datasets 2.21.0)
"""

import base64
import json
import os
import random
import sys
import tempfile
from pathlib import Path

os.environ["HF_DATASETS_OFFLINE"] = "1"

import datasets
from accelerate import PartialState
from llm2vec.dataset.E5Data import E5_EMBEDDING_PROMPTS, E5Data
from llm2vec.dataset.Wiki1M import Wiki1M

datasets.disable_progress_bars()
# Upstream logs through accelerate, which wants this.
PartialState()

FILES = {
    "ends.txt": b"one\ntwo\r\nthree\rfour\n\n \t \nvt\x0bff\x0cnel\xc2\x85ls\xe2\x80\xa8end\n\nlast",
    "final.txt": b"a\n\xc2\xa0b\xe3\x80\x80\nc\n",
    "returns.txt": b"\r\r\na\r",
    "empty.txt": b"",
    "first.json": b'{"title": "t0", "other": 1}\n{"title": "t1", "other": 2}\n',
    "text.json": b'{"id": 1, "text": "a\\nb"}\n\n{"id": 2, "text": "\\u00e9"}\n',
    "text.csv": b'id,text\n1,"a, ""b""\nc"\n\n2,d\n3,"e"\n',
    "first.csv": b"title,id\nx,1\ny,2\n",
}

SIZES = [7, 0, 12, 3, 5, 8, 4, 30, 9, 16, 11, 2, 6, 13]


def read(kind, path, folder):
    if path.stat().st_size == 0:
        return []
    loaded = datasets.load_dataset(kind, data_files={"train": str(path)}, cache_dir=str(folder / "cache"))["train"]
    # As run_mntp.py chooses it.
    column = "text" if "text" in loaded.column_names else loaded.column_names[0]
    return loaded[column]


def e5_case(folder, seed, batch):
    random.seed(seed)
    data = E5Data(file_path=str(folder), effective_batch_size=batch)
    samples = data.data
    return {
        "seed": seed,
        "batch": batch,
        "ids": [s.id_ for s in samples],
        "first": [[s.id_, s.query, s.positive, s.negative] for s in sorted(samples, key=lambda s: s.id_)[:: max(1, len(samples) // 12)]],
    }


def main():
    target = Path(sys.argv[1]) / "io/github/llm2vec/trainer/data"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = []
        for file, content in FILES.items():
            path = folder / file
            path.write_bytes(content)
            kind = {"txt": "text"}.get(path.suffix[1:], path.suffix[1:])
            case = {"file": file, "base64": base64.b64encode(content).decode(), "texts": read(kind, path, folder)}
            if kind == "text":
                case["wiki1m"] = [s.query for s in Wiki1M(file_path=str(path)).data]
            files.append(case)
        echo = folder / "echo"
        echo.mkdir()
        for size, dataset in zip(SIZES, E5_EMBEDDING_PROMPTS):
            with open(echo / f"{dataset}.jsonl", "w") as out:
                for i in range(size):
                    out.write(json.dumps({k: f"{dataset} {k} {i}" for k in ("query", "positive", "negative")}) + "\n")
        e5 = [e5_case(echo, seed, batch) for seed, batch in ((42, 4), (7, 3), (42, 1))]
    document = {"files": files, "sizes": SIZES, "prompts": E5_EMBEDDING_PROMPTS, "e5": e5}
    (target / "datasets.json").write_text(json.dumps(document, ensure_ascii=False, indent=None) + "\n")


if __name__ == "__main__":
    main()
