# SPDX-License-Identifier: Apache-2.0
"""Every key of Hugging Face's TrainingArguments with its default, to show that none is forgotten.

Usage: make_training_arguments.py RESOURCES (in an environment each of transformers 4.44 and 5)
"""

import dataclasses
import json
import sys
from pathlib import Path

import transformers
from transformers import TrainingArguments


def default_of(field):
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return None
    value = getattr(value, "value", value)
    return value if isinstance(value, (bool, int, float, str, list, dict, type(None))) else str(value)


def main():
    major = transformers.__version__.split(".")[0]
    target = Path(sys.argv[1]) / "io/github/llm2vec/trainer/config"
    target.mkdir(parents=True, exist_ok=True)
    keys = {f.name: default_of(f) for f in dataclasses.fields(TrainingArguments) if f.init}
    document = {"transformers": transformers.__version__, "defaults": keys}
    (target / f"training-arguments-{major}.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
