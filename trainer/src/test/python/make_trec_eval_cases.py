"""Writes rankings and what pytrec_eval says of them, one folder per collection.

Per collection four runs: tf-idf, tf-idf rounded so that scores tie, a partial one (a third of the
queries missing, some with no hit, some with a single one) and one whose scores differ only beyond
float precision. The judgements are the collection's own; a second set, "graded", has random grades
from -2 to 3, so that graded, zero and negative ones are covered whatever the collection has.
"""

import argparse
import collections
import gzip
import json
import math
import pathlib
import random
import re

import numpy as np
import pytrec_eval

CUTOFFS = [1, 3, 5, 10, 20, 100, 1000]
MEASURES = {
    "map", "recip_rank", "ndcg", "set_recall", "set_P",
    *(f"{m}.{','.join(map(str, CUTOFFS))}" for m in ("map_cut", "ndcg_cut", "recall", "P")),
}


def lines(folder, name):
    for path in (folder / name, folder / (name + ".gz")):
        if path.exists():
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rt", encoding="utf-8") as file:
                return [line for line in file if line.strip()]
    raise FileNotFoundError(folder / name)


def read_qrels(folder):
    name = "qrels/test.tsv" if (folder / "qrels").is_dir() else "qrels.tsv"
    qrels = collections.defaultdict(dict)
    for line in lines(folder, name)[1:]:
        query, document, score = line.rstrip("\n").split("\t")
        qrels[query][document] = int(float(score))
    return dict(qrels)


def tf_idf(corpus, queries, hits):
    words = lambda text: re.findall(r"[a-z0-9]+", text.lower())
    frequency = collections.Counter()
    postings = collections.defaultdict(dict)
    for document, text in corpus.items():
        counts = collections.Counter(words(text))
        frequency.update(counts.keys())
        for word, count in counts.items():
            postings[word][document] = 1 + math.log(count)
    run = {}
    for query, text in queries.items():
        scores = collections.defaultdict(float)
        for word in words(text):
            idf = math.log(1 + len(corpus) / (1 + frequency[word]))
            for document, weight in postings[word].items():
                scores[document] += weight * idf
        best = sorted(scores.items(), key=lambda hit: -hit[1])[:hits]
        run[query] = dict(best)
    return run


def partial(run, draw):
    result = {}
    for i, query in enumerate(run):
        if i % 3 == 0:
            continue
        hits = list(run[query].items())
        result[query] = dict(hits[: draw.choice([0, 1, 2, 7, len(hits)])])
    return result


def mrr(qrels, run, cutoff):
    """MTEB's: ties by document id from last to first, scores as floats."""
    values = {}
    for query, hits in run.items():
        order = sorted(hits, key=lambda d: (np.float32(hits[d]), d.encode()), reverse=True)
        values[query] = next(
            (1 / (i + 1) for i, d in enumerate(order[:cutoff]) if qrels[query].get(d, 0) > 0), 0.0)
    return values


def expected(qrels, run):
    known = {query: hits for query, hits in run.items() if query in qrels}
    scores = pytrec_eval.RelevanceEvaluator(qrels, MEASURES).evaluate(known)
    for cutoff in CUTOFFS:
        for query, value in mrr(qrels, known, cutoff).items():
            scores[query][f"recip_rank_cut_{cutoff}"] = value
    names = sorted(next(iter(scores.values())))
    mean = lambda count: {n: sum(s[n] for s in scores.values()) / count for n in names}
    return {
        "names": names,
        "queries": {query: [values[n] for n in names] for query, values in scores.items()},
        "mean": mean(len(scores)),
        "mean_over_judged": mean(len(qrels)),
    }


def write(path, text):
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode())


def write_case(out, qrels, runs):
    out.mkdir(parents=True, exist_ok=True)
    write(out / "qrels.txt.gz", "".join(
        f"{q} 0 {d} {grade}\n" for q, docs in qrels.items() for d, grade in docs.items()))
    for name, run in runs.items():
        write(out / f"{name}.run.gz", "".join(
            f"{q} Q0 {d} {rank} {score!r} {name}\n"
            for q, hits in run.items() for rank, (d, score) in enumerate(hits.items(), 1)))
        # Queries without a hit are in the run but have no line in a run file.
        result = expected(qrels, run)
        result["empty"] = [q for q, hits in run.items() if not hits and q in qrels]
        write(out / f"{name}.expected.json.gz", json.dumps(result))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--queries", type=int, default=10**9)
    parser.add_argument("--hits", type=int, default=1000)
    parser.add_argument("collections", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    for folder in arguments.collections:
        draw = random.Random(7)
        corpus = {}
        for line in lines(folder, "corpus.jsonl"):
            document = json.loads(line)
            corpus[document["_id"]] = (document.get("title") or "") + " " + document["text"]
        qrels = read_qrels(folder)
        texts = {q["_id"]: q["text"] for q in map(json.loads, lines(folder, "queries.jsonl"))}
        queries = {q: texts[q] for q in list(qrels)[: arguments.queries] if q in texts}
        qrels = {q: qrels[q] for q in queries}
        base = tf_idf(corpus, queries, arguments.hits)
        close = lambda hits: {d: 1 + draw.random() * 3e-7 for d in hits}
        runs = {
            "tfidf": base,
            "ties": {q: {d: float(round(s)) for d, s in hits.items()} for q, hits in base.items()},
            "partial": partial(base, draw),
            "close": {q: close(hits) for q, hits in base.items()},
        }
        graded = {
            q: {d: draw.choice([-2, -1, 0, 1, 1, 2, 3])
                for d in draw.sample(sorted({*hits, *qrels[q]}), min(25, len({*hits, *qrels[q]})))}
            for q, hits in base.items()}
        graded = {q: docs for q, docs in graded.items() if docs}
        write_case(arguments.out / folder.name / "own", qrels, runs)
        write_case(arguments.out / folder.name / "graded", graded, runs)
        print(folder.name, len(queries), "queries")


if __name__ == "__main__":
    main()
