#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the sample in this folder from a 5,000-document subset of DBpedia-Entity in BEIR's layout.

    python3 sample.py FOLDER_OF_THE_SUBSET

All entities that are judged relevant to a query are kept, others are drawn at random by a fixed
seed. The result is the same, byte for byte, every time.
"""

import gzip
import json
import random
import re
import sys
from pathlib import Path

DOCUMENTS = 3000
SEED = 42
# Some texts of the source go on with RDF of the next entity.
RDF = re.compile(r"\s*@en\s+<http.*", re.DOTALL)


def plain(entity):
    """<dbpedia:Tango> is called Tango here; its page is https://dbpedia.org/resource/Tango."""
    return re.sub(r"^<dbpedia:(.*)>$", r"\1", entity)


def main(source, target):
    rows = [line.split("\t") for line in (source / "qrels/test.tsv").read_text().splitlines()[1:]]
    relevant = {plain(entity) for _, entity, score in rows if int(score) > 0}
    documents = {}
    for line in (source / "corpus.jsonl").read_text(encoding="utf-8").splitlines():
        entity = json.loads(line)
        text = " ".join(RDF.sub("", entity["text"]).split())
        documents[plain(entity["_id"])] = {
            "_id": plain(entity["_id"]),
            "title": " ".join(entity["title"].split()),
            "text": text,
        }
    others = sorted(name for name, d in documents.items() if name not in relevant and d["text"])
    draw = random.Random(SEED)
    chosen = sorted(relevant | set(draw.sample(others, DOCUMENTS - len(relevant))))
    # Shuffled, so that a collection that is still being indexed holds a bit of everything.
    draw.shuffle(chosen)
    lines = [json.dumps(documents[name], ensure_ascii=False) for name in chosen]
    with open(target / "corpus.jsonl.gz", "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0, compresslevel=9) as zipped:
            zipped.write(("\n".join(lines) + "\n").encode("utf-8"))
    judged = {query for query, _, _ in rows}
    queries = [json.loads(q) for q in (source / "queries.jsonl").read_text().splitlines()]
    with open(target / "queries.jsonl", "w", encoding="utf-8", newline="\n") as file:
        for query in sorted(queries, key=lambda q: q["_id"]):
            if query["_id"] in judged:
                line = {"_id": query["_id"], "text": " ".join(query["text"].split())}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    with open(target / "qrels.tsv", "w", encoding="utf-8", newline="\n") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        for query, entity, score in sorted(rows):
            if plain(entity) in chosen:
                file.write(f"{query}\t{plain(entity)}\t{score}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).resolve().parent)
