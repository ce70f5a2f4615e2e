"""Writes label sequences with what seqeval says of them by default.

Labels are drawn at random, so that schemes are mixed and broken in every way; the parts of speech
show what seqeval makes of labels that have no spans.
"""

import json
import math
import pathlib
import random
import sys
import warnings

from seqeval.metrics import accuracy_score
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support

warnings.filterwarnings("ignore")


def support(value):
    return int(value) if value is not None else 0


def describe(name, truth, predicted):
    case = {"name": name, "truth": truth, "predicted": predicted,
            "accuracy": float(accuracy_score(truth, predicted))}
    for average in ("micro", "macro", "weighted"):
        p, r, f, s = precision_recall_fscore_support(truth, predicted, average=average)
        # The mean over no types at all is NaN in seqeval; it is 0 in Java.
        case[average] = [0.0 if math.isnan(x) else float(x) for x in (p, r, f)] + [support(s)]
    p, r, f, s = precision_recall_fscore_support(truth, predicted, average=None)
    case["by_type"] = [[float(a), float(b), float(c), int(d)] for a, b, c, d in zip(p, r, f, s)]
    return case


def sequences(draw, labels, sentences, length, errors):
    truth, predicted = [], []
    for _ in range(sentences):
        words = [draw.choice(labels) for _ in range(draw.randint(1, length))]
        truth.append(words)
        predicted.append([draw.choice(labels) if draw.random() < errors else w for w in words])
    return truth, predicted


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    draw = random.Random(5)
    kinds = {
        "iob2": ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
        "iob1": ["O", "I-PER", "I-PER", "B-PER", "I-LOC"],
        "iobes": ["O", "B-PER", "I-PER", "E-PER", "S-PER", "B-X-Y", "E-X-Y", "S-X-Y"],
        "everything": ["O", ".", "B", "I", "E", "S", "B-A", "I-A", "E-A", "S-A", "B-B", "I-B", "OO"],
        "parts of speech": ["NN", "NNP", "IN", "EX", "DT", ".", "``", "OTHER", "NN|SYM", "-LRB-"],
        "chunks": ["O", "B-NP", "I-NP", "B-VP", "I-VP", "B-PP", "B-SBAR"],
    }
    cases = []
    for name, labels in kinds.items():
        for errors in (0.0, 0.2, 1.0):
            truth, predicted = sequences(draw, labels, 25, 12, errors)
            cases.append(describe(f"{name}, {errors} wrong", truth, predicted))
    cases.append(describe("no spans at all", [["O", "O"]], [["O", "O"]]))
    cases.append(describe("nothing found", [["B-A", "O"]], [["O", "O"]]))
    cases.append(describe("nothing to find", [["O", "O"]], [["B-A", "O"]]))
    (out / "seqeval.json").write_text(json.dumps(cases) + "\n")


main()
