# SPDX-License-Identifier: Apache-2.0
"""What every case is made of: a folder of files over those of a base, and vectors.

A case is a folder with a case.json; ../../resources/saved-checkpoints/README.md says what stands in it.
The script of a kind writes the files of its cases as the tool saves them, lays them over those of
their base in a folder of its own, opens that with the tool and records what it gives.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

TEXTS = [
    "Once upon a time there was a little girl named Lily.",
    "  two  spaces, a tab\tand a line\nbreak ",
    "Die Brücke: naïve café, İstanbul — 漢字 かな 🙂 e\u0301",
    "<s> inside </s> of <|endoftext|> a text",
    "CAPITALS and 12345 numbers, don't they?",
    "hi",
]


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n")


class Case:
    """One folder of the output."""

    def __init__(self, root, name, base=None, **description):
        self.folder = Path(root) / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.description = description
        self.base = base
        if base:
            self.description["base"] = f"../{base}"

    def json(self, name, value):
        write_json(self.folder / name, value)
        return self

    def assembled(self):
        """A new folder with the files of the base and of the case."""
        target = Path(tempfile.mkdtemp()) / "model"
        layers, folder = [], self.folder
        while folder:
            layers.insert(0, folder)
            file = folder / "case.json"
            described = json.loads(file.read_text()) if file.exists() else self.description
            folder = folder / described["base"] if "base" in described else None
            folder = folder.resolve() if folder else None
        for layer in layers:
            shutil.copytree(layer, target, dirs_exist_ok=True)
        (target / "case.json").unlink(missing_ok=True)
        return target

    def only_files(self):
        """For cases that others build upon."""
        write_json(self.folder / "case.json", self.description)

    def record(self, encode, texts=TEXTS, roles=("document",), options=None, instructions=None, **more):
        """Records encode(role, text), with the instruction of a role beside it if it has one."""
        vectors = []
        for role in roles:
            for text in texts:
                vector = numpy.asarray(encode(role, text), dtype=numpy.float64)
                entry = {"role": role, "text": text}
                if role in (instructions or {}):
                    entry["instruction"] = instructions[role]
                vectors.append({**entry, "vector": [round(float(x), 7) for x in vector]})
        self.description["options"] = options or {}
        self.description.update(more)
        self.description["vectors"] = vectors
        write_json(self.folder / "case.json", self.description)

    def refused(self, message, options=None):
        """Records that the case is refused with words of a message."""
        self.description["options"] = options or {}
        self.description["refused"] = message
        write_json(self.folder / "case.json", self.description)


LAST = {"enable_bidirectional": False, "pooling": "last_token"}


def last_state(model, tokenizer):
    """The reference of most cases: the last token's state of a causal model."""
    inner = getattr(model, "get_base_model", lambda: model)()
    inner = getattr(inner, "model", inner)

    def encode(role, text):
        ids = tokenizer(text)["input_ids"]
        with torch.no_grad():
            return inner(input_ids=torch.tensor([ids]))[0][0, -1].float().numpy()

    return encode


def llama_config(vocab_size, **more):
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": vocab_size,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "hidden_act": "silu",
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    config.update(more)
    return config
