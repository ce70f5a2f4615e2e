# SPDX-License-Identifier: Apache-2.0
"""Makes the fixtures of io.github.llm2vec.checkpoint with the Python libraries as the oracle.

    python src/test/python/make_model_fixtures.py src/test/resources/io/github/llm2vec/checkpoint

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


TINY = dict(
    vocab_size=32,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=8,
    num_attention_heads=4,
    num_key_value_heads=2,
)
YARN = dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=64)
LONG = dict(rope_type="longrope", original_max_position_embeddings=64, long_factor=[2.0] * 4)

# name -> config.json; what transformers makes of each is the expectation.
CONFIGS = {
    "llama defaults": dict(model_type="llama"),
    "mistral defaults": dict(model_type="mistral"),
    "qwen2 defaults": dict(model_type="qwen2"),
    "qwen3 defaults": dict(model_type="qwen3"),
    "gemma defaults": dict(model_type="gemma"),
    "gemma3 defaults": dict(model_type="gemma3_text"),
    "llama biases": dict(TINY, model_type="llama", attention_bias=True, mlp_bias=True),
    "llama head_dim": dict(TINY, model_type="llama", head_dim=16, rms_norm_eps=1e-5),
    "llama old key heads": {k: v for k, v in dict(TINY, model_type="llama").items()
                            if k != "num_key_value_heads"},
    "llama 3.1": dict(
        TINY, model_type="llama", hidden_size=512, rope_theta=500000.0,
        max_position_embeddings=131072,
        rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0,
                          high_freq_factor=4.0, original_max_position_embeddings=8192)),
    "llama 3.2 in new spelling": dict(
        TINY, model_type="llama", head_dim=64, max_position_embeddings=131072, dtype="bfloat16",
        rope_parameters=dict(rope_type="llama3", rope_theta=500000.0, factor=32.0,
                             low_freq_factor=1.0, high_freq_factor=4.0,
                             original_max_position_embeddings=8192)),
    "llama linear, type in old spelling": dict(
        TINY, model_type="llama", rope_scaling=dict(type="linear", factor=2.5)),
    "llama dynamic": dict(
        TINY, model_type="llama", max_position_embeddings=128,
        rope_scaling=dict(type="dynamic", factor=4.0)),
    "llama longrope": dict(
        TINY, model_type="llama", max_position_embeddings=256,
        rope_scaling=dict(LONG, short_factor=[1.0, 1.1, 1.3, 1.7])),
    "llama longrope with factors": dict(
        TINY, model_type="llama", max_position_embeddings=256,
        rope_scaling=dict(LONG, short_factor=[1.0, 1.1, 1.3, 1.7], factor=3.0,
                          attention_factor=1.25)),
    "qwen2 yarn": dict(
        TINY, model_type="qwen2", head_dim=64, rope_theta=1000000.0, max_position_embeddings=32768,
        rope_scaling=dict(YARN, original_max_position_embeddings=32768)),
    "mistral yarn without truncation": dict(
        TINY, model_type="mistral", head_dim=32, max_position_embeddings=256,
        rope_scaling=dict(YARN, truncate=False, beta_fast=16.0, beta_slow=2.0)),
    "llama yarn mscale": dict(
        TINY, model_type="llama", head_dim=64, max_position_embeddings=4096,
        rope_scaling=dict(YARN, mscale=0.707, mscale_all_dim=1.5)),
    "llama yarn attention factor": dict(
        TINY, model_type="llama", head_dim=16, max_position_embeddings=4096,
        rope_scaling=dict(YARN, attention_factor=0.8)),
    "mistral null window": dict(TINY, model_type="mistral", sliding_window=None),
    "mistral window": dict(TINY, model_type="mistral", sliding_window=7, rope_theta=1000000.0),
    "qwen2 window": dict(
        TINY, model_type="qwen2", use_sliding_window=True, sliding_window=5, max_window_layers=3),
    "qwen2 window not used": dict(
        TINY, model_type="qwen2", use_sliding_window=False, sliding_window=5, max_window_layers=3),
    "qwen3 layer types": dict(
        TINY, model_type="qwen3", head_dim=16, use_sliding_window=True, sliding_window=5,
        layer_types=["full_attention", "sliding_attention"] * 4, attention_bias=True),
    "gemma with old activation": dict(
        TINY, model_type="gemma", head_dim=16, hidden_act="gelu", hidden_activation=None),
    "embeddinggemma": dict(
        TINY, model_type="gemma3_text", head_dim=16, use_bidirectional_attention=True,
        sliding_window=512, rope_theta=1000000.0, rope_local_base_freq=10000.0,
        query_pre_attn_scalar=64, _sliding_window_pattern=6, max_position_embeddings=2048),
    "gemma3 causal with scaling": dict(
        TINY, model_type="gemma3_text", head_dim=16, sliding_window=9, sliding_window_pattern=3,
        rope_scaling=dict(rope_type="linear", factor=8.0)),
    "gemma3 in new spelling": dict(
        TINY, model_type="gemma3_text", head_dim=16, sliding_window=9,
        layer_types=["sliding_attention", "full_attention"] * 4,
        rope_parameters=dict(
            full_attention=dict(rope_type="linear", factor=8.0, rope_theta=300000.0),
            sliding_attention=dict(rope_type="default", rope_theta=20000.0))),
}


def described(config, model, rotary):
    """What the forward pass of transformers would use."""
    layers = []
    for i, layer in enumerate(model.layers):
        kind = (getattr(config, "layer_types", None) or [None] * len(model.layers))[i]
        if config.model_type == "mistral":
            window = config.sliding_window
        else:
            window = getattr(layer.self_attn, "sliding_window", None)
        prefix = kind + "_" if config.model_type == "gemma3_text" else ""
        scaling = getattr(rotary, prefix + "attention_scaling")
        layers.append(
            dict(
                window=window or 0,
                inv_freq=floats(getattr(rotary, prefix + "inv_freq")),
                attention_factor=float(scaling),
            )
        )
    first = model.layers[0]
    return dict(
        attention_scale=float(first.self_attn.scaling),
        activation=type(first.mlp.act_fn).__name__,
        eps=float(config.rms_norm_eps),
        layer_count=len(layers),
        # Most are alike; keep each different one once.
        layers=[layers[0]] + [l if l != layers[i] else i for i, l in enumerate(layers[1:])],
        tensors={
            name: list(tensor.shape)
            for name, tensor in model.state_dict().items()
            if not name.startswith("layers.") or name.startswith("layers.0.")
        },
    )


def config_fixtures(out):
    import tempfile

    from transformers import AutoConfig, AutoModel

    cases = []
    for name, raw in CONFIGS.items():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "config.json").write_text(json.dumps(raw))
            config = AutoConfig.from_pretrained(folder)
        with torch.device("meta"):
            model = AutoModel.from_config(config)
        rotary = type(model.rotary_emb)(config)
        cases.append(dict(name=name, config=raw, expected=described(config, model, rotary)))
    (out / "configs.json").write_text(json.dumps(cases, indent=0))


ADAPTERS = {
    # As upstream's training scripts save it, around the encoder.
    "lora-encoder": (
        "encoder",
        dict(r=4, lora_alpha=8, target_modules=[
            "q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]),
    ),
    # Around a language model, with everything that changes rank and scale.
    "lora-causal": (
        "causal",
        dict(r=4, lora_alpha=6, use_rslora=True, target_modules=r".*\.(q|v|down)_proj",
             rank_pattern={"layers.1.self_attn.q_proj": 2}, alpha_pattern={"v_proj": 3}),
    ),
}


def adapter_fixtures(out):
    from peft import LoraConfig, get_peft_model
    from peft.tuners.lora import LoraLayer
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaModel

    config = LlamaConfig(vocab_size=16, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
                         num_attention_heads=4, num_key_value_heads=2)
    config.save_pretrained(out / "lora-base")
    for name, (kind, options) in ADAPTERS.items():
        torch.manual_seed(2)
        base = (LlamaModel if kind == "encoder" else LlamaForCausalLM)(config)
        base.name_or_path = "lora-base"
        base.config._name_or_path = "lora-base"
        model = get_peft_model(base, LoraConfig(**options))
        for parameter_name, parameter in model.named_parameters():
            if "lora_B" in parameter_name:
                torch.nn.init.normal_(parameter)
        model.save_pretrained(out / name)
        scales, deltas = {}, {}
        for path, module in model.named_modules():
            if isinstance(module, LoraLayer):
                path = path.removeprefix("base_model.model.").removeprefix("model.")
                scales[path] = module.scaling["default"]
                deltas[path] = module.get_delta_weight("default").detach().contiguous()
        save_file(deltas, out / name / "deltas.safetensors", metadata={"format": "pt"})
        (out / name / "scales.json").write_text(json.dumps(scales, indent=0))
        (out / name / "README.md").unlink(missing_ok=True)


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    safetensors_fixtures(out)
    config_fixtures(out)
    adapter_fixtures(out)


if __name__ == "__main__":
    main()
