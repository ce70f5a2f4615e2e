# SPDX-License-Identifier: Apache-2.0
"""Token ids of real tokenizers for 10,000 lines of real text. See README.md.

Usage: make_token_ids.py PACKAGES TOKENIZERS FULL RESOURCES
PACKAGES: a folder into which the three Debian packages of real_lines.py were unpacked
TOKENIZERS: a folder with NAME/tokenizer.json or NAME/tokenizer.json.gz
FULL: gets all lines with all ids, and the tokenizers
RESOURCES: gets every seventh line with hashes of the ids, and the tokenizers, compressed
"""

import gzip
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path

import tokenizers
from tokenizers import Tokenizer

from real_lines import collect, order

NAMES = ("gpt2", "mistral-7b-v0.1", "qwen2")
QUOTAS = {"apache2-doc": 620, "python3-django": 34, "unicode-cldr-core": 12}
WANTED = 10_000


def read_tokenizer(folder):
    """The bytes of tokenizer.json."""
    packed = folder / "tokenizer.json.gz"
    if packed.exists():
        return gzip.decompress(packed.read_bytes())
    return (folder / "tokenizer.json").read_bytes()


def digest(ids):
    """Number of ids, and 16 hexadecimal digits of the SHA-256 of them, decimal, one space between."""
    text = " ".join(map(str, ids))
    return [len(ids), hashlib.sha256(text.encode("ascii")).hexdigest()[:16]]


def pack(path, data):
    """Gzip without a time stamp."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, 9, mtime=0))


def choose(root):
    """The lines in a fixed order; the first WANTED of them."""
    lines = collect(root, QUOTAS)
    lines.sort(key=lambda entry: order(*entry))
    assert len(lines) >= WANTED, len(lines)
    return lines[:WANTED]


def main():
    packages, source, full, resources = map(Path, sys.argv[1:5])
    lines = choose(packages)
    files = {name: read_tokenizer(source / name) for name in NAMES}
    found = {name: Tokenizer.from_str(data.decode("utf-8")) for name, data in files.items()}
    rows = []
    for kind, language, text in lines:
        ids = {name: found[name].encode(text).ids for name in NAMES}
        rows.append({"source": f"{kind}/{language}", "text": text, "ids": ids})
    full.mkdir(parents=True, exist_ok=True)
    with (full / "lines.jsonl").open("w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    for name, data in files.items():
        (full / name).mkdir(exist_ok=True)
        (full / name / "tokenizer.json").write_bytes(data)
        pack(resources / "tokenizers" / name / "tokenizer.json.gz", data)
    kept = []
    for row in rows[::7]:
        hashes = {name: digest(ids) for name, ids in row["ids"].items()}
        kept.append(json.dumps({**row, "ids": hashes}, ensure_ascii=False) + "\n")
    pack(resources / "tokenizers" / "lines.jsonl.gz", "".join(kept).encode("utf-8"))
    languages = Counter(language for _, language, _ in lines)
    total = {name: sum(len(row["ids"][name]) for row in rows) for name in NAMES}
    print(f"tokenizers {tokenizers.__version__}: {len(rows)} lines, {len(kept)} kept,")
    print(f"{len(languages)} languages, {Counter(kind for kind, _, _ in lines)}, tokens {total}")


if __name__ == "__main__":
    main()
