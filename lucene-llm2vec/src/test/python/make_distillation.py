# SPDX-License-Identifier: Apache-2.0
"""Writes losses and gradients of distillation and of Matryoshka losses on the closed-form Llama.

Usage: make_distillation.py CHECKPOINTS_FOLDER OUTPUT.json
Runs in environment C (transformers 5.24, sentence-transformers 6.2), single precision, no dropout. All weights are
trained, and, where a case says so, a linear layer behind the pooling; weights, layer and
teacher's vectors are the formula. See README.md.

Every case has the loss, the norm of all gradients and the gradients of four tensors; the last also
the losses of ten updates by AdamW. The contrastive case is computed by sentence-transformers'
MatryoshkaLoss over MultipleNegativesRankingLoss.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoModel

from make_training_steps import TRIPLES, flat, rule, states

DENSE = 12
STEPS = 10
SHOWN = ["embed_tokens.weight", "layers.1.mlp.down_proj.weight", "dense.linear.weight", "dense.linear.bias"]
CASES = {
    "cosine": {"cosine": 1.0, "dense": True},
    "cosine without a layer": {"cosine": 1.0, "dense": False},
    "squared error": {"mse": 1.0, "dense": True},
    "squared error of unit vectors": {"mse": 1.0, "dense": True, "normalize": True},
    "similarity of all texts": {"similarity": 1.0, "dense": True},
    "similarity of queries and documents": {"similarity": 1.0, "dense": True, "queries": 2},
    "similarity without a layer": {"similarity": 1.0, "dense": False, "teacher": 12},
    "contrastive": {"contrastive": 1.0, "dense": True},
    "all at two widths": {
        "cosine": 1.0,
        "mse": 0.5,
        "similarity": 2.0,
        "contrastive": 0.25,
        "dense": True,
        "queries": 2,
        "dims": [12, 5],
        "weights": [0.75, 0.25],
    },
}


def pooled(model):
    vectors = []
    for rows in TRIPLES:
        hidden, real = states(model, rows)
        weights = real[:, :, None].float()
        vectors.append((hidden * weights).sum(1) / weights.sum(1))
    return torch.cat(vectors)


def distribution(vectors, queries, temperature):
    """Logarithms of probabilities over documents, or over all other texts."""
    u = F.normalize(vectors, dim=1)
    if queries:
        return F.log_softmax(u[:queries] @ u[queries:].T / temperature, 1)
    n = len(u)
    others = (u @ u.T / temperature)[~torch.eye(n, dtype=torch.bool)].reshape(n, n - 1)
    return F.log_softmax(others, 1)


def distillation(student, teacher, case):
    if case.get("normalize"):
        student = F.normalize(student, dim=1)
    dims = case.get("dims", [student.shape[1]])
    total = 0
    for width, weight in zip(dims, case.get("weights", [1.0])):
        s, t = student[:, :width], teacher[:, :width]
        loss = case.get("cosine", 0) * (1 - F.cosine_similarity(s, t)).mean() if "cosine" in case else 0
        if "mse" in case:
            loss = loss + case["mse"] * F.mse_loss(s, t)
        if "similarity" in case:
            of_student = distribution(s, case.get("queries", 0), 0.1)
            of_teacher = distribution(teacher, case.get("queries", 0), 0.1)
            divergence = F.kl_div(of_student, of_teacher, reduction="batchmean", log_target=True)
            loss = loss + case["similarity"] * divergence
        if "contrastive" in case:
            scores = F.normalize(s, dim=1) @ F.normalize(t, dim=1).T / 0.05
            loss = loss + case["contrastive"] * F.cross_entropy(scores, torch.arange(len(s)))
        total = total + weight * loss
    return total


def matryoshka(vectors):
    """The losses of sentence-transformers, whose model is asked for vectors that are there."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import losses

    class Given(SentenceTransformer):
        def __init__(self):
            torch.nn.Module.__init__(self)

        def get_embedding_dimension(self):
            return 16

        def forward(self, features, **kwargs):
            return {"sentence_embedding": features["vectors"]}

    model = Given()
    inner = losses.MultipleNegativesRankingLoss(model, scale=20.0)
    outer = losses.MatryoshkaLoss(model, inner, [16, 8, 3], [1.0, 0.5, 0.25])
    columns = [{"vectors": part} for part in vectors.split(2)]
    return outer(columns, None)


def loaded(folder, dense):
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").train()
    trained = dict(model.named_parameters())
    if dense:
        for name, shape in (("weight", (DENSE, 16)), ("bias", (DENSE,))):
            name = f"dense.linear.{name}"
            trained[name] = torch.nn.Parameter(rule(name, shape, 0.3))
    return model, trained


def run(folder, case):
    model, trained = loaded(folder, case["dense"])
    width = case.get("teacher", DENSE if case["dense"] else 16)
    teacher = rule("teacher", (6, width), 0.5)

    def loss():
        vectors = pooled(model)
        if case.get("matryoshka"):
            return matryoshka(vectors)
        if case["dense"]:
            vectors = F.linear(vectors, trained["dense.linear.weight"], trained["dense.linear.bias"])
        return distillation(vectors, teacher, case)

    optimiser = torch.optim.AdamW(trained.values(), lr=1e-3, weight_decay=0.0)
    result = dict(case, losses=[])
    for step in range(STEPS if "dims" in case else 1):
        optimiser.zero_grad()
        value = loss()
        value.backward()
        result["losses"].append(float(f"{value.item():.8g}"))
        if step == 0:
            result["norm"] = float(f"{torch.nn.utils.get_total_norm([p.grad for p in trained.values()]).item():.8g}")
            result["gradients"] = {n: flat(trained[n].grad) for n in SHOWN if n in trained}
        optimiser.step()
    return result


def main():
    torch.set_num_threads(1)
    folder = Path(sys.argv[1]) / "golden-llama"
    cases = dict(CASES, matryoshka={"matryoshka": True, "dense": False})
    result = {name: run(folder, case) for name, case in cases.items()}
    Path(sys.argv[2]).write_text(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
