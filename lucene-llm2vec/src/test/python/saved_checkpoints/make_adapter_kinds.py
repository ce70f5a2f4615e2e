# SPDX-License-Identifier: Apache-2.0
"""Adapters of every kind that PEFT saves around a Llama and a Qwen2: make_adapter_kinds.py DIR."""

import json
import sys
import warnings
from pathlib import Path

import numpy
import peft
import torch
import harness
import tiny_tokenizers
from harness import Case, LAST, TEXTS, last_state, llama_config
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.numpy import load_file, save_file
from transformers import AutoModel, AutoModelForCausalLM, PreTrainedTokenizerFast

warnings.filterwarnings("ignore")
ROOT = Path(sys.argv[1])
TOOL = f"PEFT {peft.__version__}"
A, C = AutoModel, AutoModelForCausalLM


def base(name, tied_head=False, **config):
    case = Case(ROOT, name)
    llama = load_file(ROOT / "llama/model.safetensors")
    random = numpy.random.default_rng(5)
    case.json("base/config.json", llama_config(520, **config))
    case.json("base/tokenizer.json", tiny_tokenizers.llama2())
    case.json("base/tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"})
    if config.get("model_type") == "qwen2":
        for layer in range(2):
            for part, width in {"q": 16, "k": 8, "v": 8}.items():
                name = f"model.layers.{layer}.self_attn.{part}_proj.bias"
                llama[name] = random.standard_normal(width).astype(numpy.float32) * 0.3
    save_file(llama, case.folder / "base/model.safetensors", metadata={"format": "pt"})
    case.only_files()


def adapter(name, what, cls, base="adapter-base", edit=None, refused=None, **lora):
    case = Case(ROOT, f"adapter-{name}", base, family="llama", tool=TOOL, what=what, model="base", adapters=["adapter"])
    folder = case.assembled()
    torch.manual_seed(3)
    model = get_peft_model(cls.from_pretrained(folder / "base"), LoraConfig(**{"r": 2, "lora_alpha": 5, "target_modules": ["q_proj", "down_proj"], **lora}))
    for parameter in (p for p in model.parameters() if p.requires_grad):
        parameter.data += torch.randn_like(parameter) * 0.2
    model.save_pretrained(case.folder / "adapter")
    (case.folder / "adapter/README.md").unlink(missing_ok=True)
    file = case.folder / "adapter/adapter_config.json"
    config = json.loads(file.read_text())
    config["base_model_name_or_path"] = "../base"
    config.update(edit or {})
    case.json("adapter/adapter_config.json", config)
    if refused:
        case.refused(refused, LAST)
        return
    loaded = PeftModel.from_pretrained(cls.from_pretrained(folder / "base"), case.folder / "adapter").eval()
    # Not AutoTokenizer, which takes Qwen2's own class, whatever tokenizer_config.json says.
    case.record(last_state(loaded, PreTrainedTokenizerFast.from_pretrained(folder / "base")), TEXTS[:3], options=LAST)


base("adapter-base")
base("adapter-qwen2", model_type="qwen2", architectures=["Qwen2ForCausalLM"], use_sliding_window=False)
for kind, cls in (("encoder", A), ("causal", C)):
    adapter(f"plain-{kind}", "LoRA", cls)
    key = "layers.1.self_attn.q_proj"
    adapter(f"alpha-{kind}", "alpha_pattern with a path", cls, alpha_pattern={key: 64})
    adapter(f"alpha-model-{kind}", "alpha_pattern with a path from model. on", cls, alpha_pattern={"model." + key: 64})
    adapter(f"alpha-anchored-{kind}", "alpha_pattern from the start", cls, alpha_pattern={"^layers.1.self_attn.q_proj": 64, "^model.layers.0.mlp.*": 32})
    adapter(f"rank-{kind}", "rank_pattern with an expression", cls, rank_pattern={r".*\.0\.mlp\.down_proj": 3, "q_proj": 1})
adapter("regex", "target_modules as an expression", C, target_modules=r"model\.layers\.\d+\.self_attn\.[qv]_proj")
adapter("all-linear", "all linear layers", C, target_modules="all-linear")
adapter("layers", "layers_to_transform", C, layers_to_transform=[1])
adapter("layers-pattern", "layers_to_transform with layers_pattern", A, layers_to_transform=[1], layers_pattern="layers")
adapter("layers-whole", "a module that is named whole, which layers_to_transform does not take out", A, target_modules=["embed_tokens", "q_proj"], layers_to_transform=[1])
adapter("excluded", "exclude_modules", C, exclude_modules=r"model\.layers\.0\..*")
adapter("rslora", "rank-stabilised", A, use_rslora=True)
adapter("dora", "DoRA", A, use_dora=True)
adapter("dora-causal", "DoRA around a language model", C, use_dora=True, target_modules="all-linear")
adapter("embedding", "LoRA of the embedding", C, target_modules=["q_proj", "embed_tokens"])
adapter("embedding-dora", "DoRA of the embedding", A, target_modules=["q_proj", "embed_tokens"], use_dora=True)
adapter("tokens", "trainable tokens", C, trainable_token_indices=[1, 300, 301])
adapter("tokens-named", "trainable tokens of a named module", A, trainable_token_indices={"embed_tokens": [270, 1]})
adapter("saved-embedding", "the embedding and the final norm in modules_to_save", C, modules_to_save=["embed_tokens", "norm"])
adapter("saved-norms", "norms and a linear layer in modules_to_save", A, modules_to_save=["input_layernorm", "o_proj"])
adapter("lm-head", "lm_head as a target", C, target_modules=["q_proj", "lm_head"])
adapter("lm-head-alone", "lm_head alone", C, target_modules=["lm_head"])
adapter("lm-head-saved", "lm_head in modules_to_save", C, modules_to_save=["lm_head"])
adapter("lm-head-tied", "lm_head in modules_to_save, tied", C, modules_to_save=["lm_head"], ensure_weight_tying=True)
adapter("bias-all", "biases of a Qwen2", A, "adapter-qwen2", bias="all")
adapter("bias-lora-only", "biases beside LoRA", C, "adapter-qwen2", bias="lora_only")
adapter("lora-bias", "lora_bias on layers with a bias", A, "adapter-qwen2", lora_bias=True, target_modules=["q_proj", "v_proj"])
adapter("lora-bias-refused", "lora_bias on layers without", A, lora_bias=True, refused="lora_bias")
adapter("saved-missing", "modules_to_save without their tensors", A, edit={"modules_to_save": ["norm"]}, refused="modules_to_save")
adapter("pissa", "an initialisation that changes the base", A, edit={"init_lora_weights": "pissa"}, refused="init_lora_weights")
