# SPDX-License-Identifier: Apache-2.0
"""Makes src/test/resources/scifact: 200 documents and 20 queries of SciFact (BEIR layout).

    python scifact_sample.py path/to/scifact path/to/src/test/resources/scifact

The queries are the first 20 of the test judgements, in the order of their ids; the documents are
those judged relevant to them, then every 26th of the rest, until there are 200.
"""
import csv
import json
import pathlib
import sys

DOCUMENTS, QUERIES = 200, 20


def jsonl(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def main(source, target):
    with open(source / "qrels" / "test.tsv", encoding="utf-8") as lines:
        judged = [(row[0], row[1]) for row in list(csv.reader(lines, delimiter="\t"))[1:]]
    ids = sorted({query for query, _ in judged}, key=int)[:QUERIES]
    relevant = {document for query, document in judged if query in ids}
    corpus = jsonl(source / "corpus.jsonl")
    rest = [row for row in corpus if row["_id"] not in relevant][::26]
    chosen = [row for row in corpus if row["_id"] in relevant] + rest
    write(
        target / "corpus.jsonl",
        [{"id": r["_id"], "title": r["title"], "text": r["text"]} for r in chosen[:DOCUMENTS]],
    )
    texts = {row["_id"]: row["text"] for row in jsonl(source / "queries.jsonl")}
    write(target / "queries.jsonl", [{"id": i, "text": texts[i]} for i in ids])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
