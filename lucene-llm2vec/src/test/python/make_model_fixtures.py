# SPDX-License-Identifier: Apache-2.0
"""Makes the fixtures of io.github.llm2vec.model with the Python libraries as the oracle.

    python src/test/python/make_model_fixtures.py src/test/resources/io/github/llm2vec/model

Needs torch, safetensors, transformers 5 and peft; run with one thread.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

torch.set_num_threads(1)


def floats(tensor):
    """Values as JSON numbers that survive the way to single precision and back."""
    return [float(x) for x in tensor.float().flatten()]


def safetensors_fixtures(out):
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(37, 5, generator=generator) * torch.logspace(-9, 4, 37)[:, None]
    save_file(
        {
            "single": values,
            "half": values.half(),
            "brain": values.bfloat16(),
            "scalar": torch.tensor(2.5),
            "empty": torch.zeros(0, 4),
            "ids": torch.arange(3),
            "flags": torch.tensor([True, False]),
        },
        out / "python.safetensors",
        metadata={"format": "pt"},
    )
    expected = {
        "single": floats(values),
        "half": floats(values.half()),
        "brain": floats(values.bfloat16()),
    }
    (out / "python.safetensors.json").write_text(json.dumps(expected))

    # What rounding must do: random bits of every size, ties between neighbours, the limits.
    bits = torch.randint(-(2**31), 2**31, (1500,), generator=generator).to(torch.int32)
    random = bits.view(torch.float32)
    random = random[~random.isnan()]
    scaled = torch.randn(1000, generator=generator) * torch.logspace(-9, 5, 1000)
    neighbours = torch.arange(0, 31743, 61, dtype=torch.int32).to(torch.int16).view(torch.float16)
    following = (neighbours.view(torch.int16) + 1).view(torch.float16)
    ties16 = (neighbours.float() + following.float()) / 2
    brains = (torch.arange(0, 32000, 97, dtype=torch.int32) << 16) + 0x8000
    limits = torch.tensor([0.0, -0.0, 65504.0, 65519.996, 65520.0, 2.0**-24, 2.0**-25, 3.0e38])
    rounding = torch.cat([random, scaled, ties16, -ties16, brains.view(torch.float32), limits])
    save_file(
        {"single": rounding, "half": rounding.half(), "brain": rounding.bfloat16()},
        out / "rounding.safetensors",
        metadata={"format": "pt"},
    )


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    safetensors_fixtures(out)


if __name__ == "__main__":
    main()
