"""Makes vectors of real texts without a model, to measure recall with RecallTableTest.

    python lsa_vectors.py corpus.jsonl queries.jsonl OUTPUT_FOLDER

Latent semantic analysis: tf-idf of the corpus ("title" and "text" of each line), reduced to 512
dimensions by a truncated singular value decomposition; queries ("text") are projected onto it.
Writes documents.npy and queries.npy, unit vectors of float32. Needs numpy and torch.
"""

import collections
import json
import math
import pathlib
import re
import sys

import numpy as np
import torch

DIMENSIONS = 512


def words(text):
    return re.findall(r"[a-z0-9]+", text.lower())


def tf_idf(texts, vocabulary, document_frequency, documents):
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        for word, count in collections.Counter(words(text)).items():
            if word in vocabulary:
                rows.append(row)
                columns.append(vocabulary[word])
                idf = math.log(documents / document_frequency[word])
                values.append((1 + math.log(count)) * idf)
    shape = (len(texts), len(vocabulary))
    return torch.sparse_coo_tensor([rows, columns], values, shape, dtype=torch.float32)


def unit(matrix):
    return (matrix / matrix.norm(dim=1, keepdim=True)).numpy().astype("<f4")


def main(corpus_file, queries_file, output):
    corpus = [json.loads(line) for line in open(corpus_file, encoding="utf-8")]
    corpus = [(line.get("title", "") + " " + line["text"]).strip() for line in corpus]
    queries = [json.loads(line)["text"] for line in open(queries_file, encoding="utf-8")]
    frequency = collections.Counter(word for text in corpus for word in set(words(text)))
    kept = (word for word, count in frequency.items() if count > 1)
    vocabulary = {word: index for index, word in enumerate(kept)}
    torch.manual_seed(0)
    documents = tf_idf(corpus, vocabulary, frequency, len(corpus))
    _, _, basis = torch.svd_lowrank(documents, q=DIMENSIONS, niter=2)
    for name, matrix in (
        ("documents", documents),
        ("queries", tf_idf(queries, vocabulary, frequency, len(corpus))),
    ):
        np.save(pathlib.Path(output) / f"{name}.npy", unit(torch.sparse.mm(matrix, basis)))


if __name__ == "__main__":
    main(*sys.argv[1:])
