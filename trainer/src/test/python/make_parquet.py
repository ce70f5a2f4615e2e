# SPDX-License-Identifier: Apache-2.0
"""Small Parquet files as hub datasets have them, and what is in them.

Usage: make_parquet.py RESOURCES (pyarrow 17.0.0)
"""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TEXTS = [" = Heading = \n", "", "plain", "Straße, naïve 漢字 🙂", "tab\tand \"quotes\"", "x" * 300] * 5
TEXTS += [f"line {i}" for i in range(40)]


def main():
    target = Path(sys.argv[1]) / "io/github/llm2vec/trainer/data"
    target.mkdir(parents=True, exist_ok=True)
    table = pa.table({"id": pa.array(range(len(TEXTS)), pa.int64()), "text": TEXTS})
    for codec in ("none", "snappy", "zstd", "gzip", "lz4"):
        # Several row groups, as in files of more than a few thousand rows.
        pq.write_table(table, target / f"texts-{codec}.parquet", compression=codec, row_group_size=32)
    pq.write_table(table, target / "texts-plain-v2.parquet", use_dictionary=False, data_page_version="2.0", compression="zstd")
    pq.write_table(
        table, target / "texts-delta.parquet", use_dictionary=False, compression="snappy",
        column_encoding={"id": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY"},
    )
    (target / "texts.json").write_text(json.dumps(TEXTS, ensure_ascii=False) + "\n")
    words = pa.table(
        {
            "id": ["0", "1", "2"],
            "tokens": [["EU", "rejects", "German", "call"], ["Peter"], []],
            "pos_tags": pa.array([[22, 42, 16, 21], [22], []], pa.list_(pa.int64())),
            "chunk_tags": pa.array([[11, 21, 11, 12], [11], []], pa.list_(pa.int64())),
            "ner_tags": pa.array([[3, 0, 7, 0], [1], []], pa.list_(pa.int64())),
        }
    )
    pq.write_table(words, target.parent / "wordtask/conll.parquet", compression="snappy")
    triples = pa.table(
        {
            "anchor": ["q0", "q1", "q2"],
            "positive": ["p0", "p1", "p2"],
            "negative": ["n0", "n1", "n2"],
            "score": [0.5, 0.25, 1.0],
        }
    )
    pq.write_table(triples, target / "triples.parquet", compression="zstd")
    nulls = pa.table({"text": ["a", None, "b"]})
    pq.write_table(nulls, target / "nulls.parquet")


if __name__ == "__main__":
    main()
