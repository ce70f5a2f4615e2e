#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes 1,000 abstracts and 100 claims out of SciFact in BEIR's layout.

usage: sample.py FOLDER_WITH_corpus.jsonl_queries.jsonl_AND_qrels

The claims are the first 100 of the test split in the order of their ids; all abstracts that are
relevant to them are in the sample, the rest is drawn at random. Only the standard library is used
and the result is the same on every run.
"""
import gzip
import json
import pathlib
import random
import sys

CLAIMS = 100
ABSTRACTS = 1000


def read(path):
    with open(path, encoding="utf-8") as lines:
        return {record["_id"]: record for record in map(json.loads, lines)}


def main():
    source = pathlib.Path(sys.argv[1])
    target = pathlib.Path(__file__).parent
    corpus = read(source / "corpus.jsonl")
    queries = read(source / "queries.jsonl")
    with open(source / "qrels" / "test.tsv", encoding="utf-8") as lines:
        qrels = [line.split() for line in lines][1:]

    claims = sorted({row[0] for row in qrels}, key=int)[:CLAIMS]
    qrels = [row for row in qrels if row[0] in set(claims)]
    relevant = {row[1] for row in qrels}
    others = sorted(set(corpus) - relevant, key=int)
    drawn = random.Random(2024).sample(others, ABSTRACTS - len(relevant))
    abstracts = sorted(relevant | set(drawn), key=int)

    documents = "".join(
        json.dumps({k: corpus[i][k] for k in ("_id", "title", "text")}, ensure_ascii=False) + "\n"
        for i in abstracts
    )
    (target / "corpus.jsonl.gz").write_bytes(gzip.compress(documents.encode(), 9, mtime=0))
    (target / "queries.jsonl").write_text(
        "".join(
            json.dumps({k: queries[i][k] for k in ("_id", "text")}, ensure_ascii=False) + "\n"
            for i in claims
        ),
        encoding="utf-8",
    )
    (target / "qrels.tsv").write_text(
        "query-id\tcorpus-id\tscore\n"
        + "".join("\t".join(row) + "\n" for row in sorted(qrels, key=lambda r: int(r[0]))),
        encoding="utf-8",
    )
    print(f"{len(abstracts)} abstracts, {len(claims)} claims, {len(qrels)} judgements")


if __name__ == "__main__":
    main()
