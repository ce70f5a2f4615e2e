# SPDX-License-Identifier: Apache-2.0
"""Writes the tiny random checkpoints and adapters. See README.md.

Usage: make_checkpoints.py OUTPUT_FOLDER
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

# Read by the imports below: the hub chain is loaded by hub id, from the fixtures alone.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_CACHE"] = str(Path(sys.argv[1]).resolve() / "hub")

import numpy as np
import torch
from llm2vec import LLM2Vec
from safetensors.torch import save_file

import tiny_tokenizers
from checkpoint_configs import CHECKPOINTS, LLAMA3_INSTRUCT, LLAMA3_SCALING, llama
from tiny_weights import fresh, random_adapter, random_tensors, write_json, write_tensors

TARGETS = ["q_proj", "v_proj", "k_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ENCODER_NAMES = "base_model.model."
KINDS = {
    "llama2": dict(bos="<s>", eos="</s>", unk="<unk>", cls="LlamaTokenizer"),
    "e5": dict(bos="<s>", eos="</s>", unk="<unk>", pad="</s>", cls="LlamaTokenizer", add_eos=True),
    "llama3": dict(bos="<|begin_of_text|>", eos="<|eot_id|>", cls="PreTrainedTokenizerFast"),
    "qwen2": dict(eos="<|im_end|>", pad="<|endoftext|>", cls="Qwen2Tokenizer"),
    "qwen3": dict(eos="<|im_end|>", pad="<|endoftext|>", cls="Qwen2Tokenizer"),
    "gemma": dict(bos="<bos>", eos="<eos>", unk="<unk>", pad="<pad>", cls="GemmaTokenizer"),
    "gemma3": dict(
        bos="<bos>", eos="<eos>", unk="<unk>", pad="<pad>", cls="GemmaTokenizer", add_eos=True
    ),
}


def seed_of(name):
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def token_entry(content):
    flags = ("lstrip", "normalized", "rstrip", "single_word")
    return {"content": content, **{flag: False for flag in flags}}


def write_tokenizer(folder, tokenizer, kind, mask=None):
    """tokenizer.json, tokenizer_config.json and special_tokens_map.json.

    mask: a mask token that is named in the two small files only, as LLM2Vec's MNTP folders do
    """
    facts = KINDS[kind]
    (folder / "tokenizer.json").write_text(tiny_tokenizers.to_text(tokenizer), encoding="utf-8")
    tokens = {f"{key}_token": facts[key] for key in ("bos", "eos", "unk", "pad") if key in facts}
    if mask:
        tokens.update(mask_token=mask, pad_token=facts["eos"])
    decoder = {
        str(entry["id"]): {k: v for k, v in entry.items() if k != "id"}
        for entry in tokenizer["added_tokens"]
    }
    settings = {
        "added_tokens_decoder": decoder,
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": 1000000000000000019884624838656,
        "tokenizer_class": facts["cls"],
        **tokens,
    }
    if facts["cls"] in ("LlamaTokenizer", "GemmaTokenizer"):
        settings.update(add_bos_token=True, add_eos_token=facts.get("add_eos", False))
    if kind in ("llama2", "gemma"):
        tokens = {k: v if k == "mask_token" else token_entry(v) for k, v in tokens.items()}
    write_json(folder / "tokenizer_config.json", settings)
    write_json(folder / "special_tokens_map.json", tokens)


def complete(config, tokenizer):
    """config.json with what follows from the tokenizer, keys sorted as transformers writes them."""
    vocab = len(tokenizer["model"]["vocab"])
    size = max([vocab] + [entry["id"] + 1 for entry in tokenizer["added_tokens"]])
    result = {"vocab_size": size, "transformers_version": "4.44.2", **config}
    ids = {entry["content"]: entry["id"] for entry in tokenizer["added_tokens"]}
    for key, names in (
        ("bos_token_id", ("<s>", "<|begin_of_text|>", "<bos>")),
        ("eos_token_id", ("</s>", "<|eot_id|>", "<eos>")),
    ):
        result[key] = next((ids[name] for name in names if name in ids), None)
    return dict(sorted(result.items()))


def write_model(folder, config, seed, storage):
    """Weights of one checkpoint, stored as its entry says."""
    shape = {**config, "num_key_value_heads": kv_heads(config)}
    tensors = random_tensors(shape, seed)
    random = np.random.default_rng(seed + 1)
    if storage.get("lm_head"):
        head = random.standard_normal((config["vocab_size"], config["hidden_size"]))
        tensors["lm_head.weight"] = torch.from_numpy(head.astype(np.float32))
    extra = {}
    if storage.get("inv_freq"):
        for i in range(config["num_hidden_layers"]):
            # Old exports stored this table; wrong on purpose, so that reading it would show.
            extra[f"model.layers.{i}.self_attn.rotary_emb.inv_freq"] = torch.full((4,), 0.5)
    dtype = getattr(torch, storage.get("dtype", "float32"))
    prefix, shards = storage.get("prefix", ""), storage.get("shards", 1)
    write_tensors(folder, tensors, dtype, prefix, shards, extra)


def kv_heads(config):
    return config.get("num_key_value_heads") or config["num_attention_heads"]


def write_sentence_transformers(folder, config, pooling, prompts):
    """modules.json and what it names, as sentence-transformers writes them."""
    kinds = ("", "Pooling", "Normalize")
    modules = []
    for i, kind in enumerate(kinds):
        path = f"{i}_{kind}" if i else ""
        name = f"sentence_transformers.models.{kind or 'Transformer'}"
        modules.append({"idx": i, "name": str(i), "path": path, "type": name})
    write_json(folder / "modules.json", modules)
    modes = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
    settings = {"word_embedding_dimension": config["hidden_size"]}
    for mode in (*modes, "weightedmean_tokens", "lasttoken"):
        settings[f"pooling_mode_{mode}"] = mode == pooling
    settings["include_prompt"] = True
    write_json(fresh(folder / "1_Pooling") / "config.json", settings)
    transformer = {"max_seq_length": 512, "do_lower_case": False}
    write_json(folder / "sentence_bert_config.json", transformer)
    prompts = {"prompts": prompts or {}, "default_prompt_name": None}
    prompts["similarity_fn_name"] = "cosine"
    write_json(folder / "config_sentence_transformers.json", prompts)


def write_checkpoint(root, name, entry):
    folder = fresh(root / name)
    tokenizer = entry["tokenizer"]()
    config = complete(entry["config"], tokenizer)
    config = {k: v for k, v in config.items() if v is not None or k == "rope_scaling"}
    write_json(folder / "config.json", config)
    write_tokenizer(folder, tokenizer, entry["kind"])
    write_model(folder, config, seed_of(name), entry["storage"])
    if "pooling" in entry and name != "llama-bidirec":
        write_sentence_transformers(folder, config, entry["pooling"], entry.get("prompts"))


# ----------------------------------------------------------------------------------- adapters


def adapter_config(base, rank, alpha, **values):
    """adapter_config.json as peft 0.12 writes it."""
    mapping = {"base_model_class": "LlamaEncoderModel", "parent_library": "modeling_llama_encoder"}
    result = {
        "alpha_pattern": {},
        "auto_mapping": mapping,
        "base_model_name_or_path": base,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "layer_replication": None,
        "layers_pattern": None,
        "layers_to_transform": None,
        "loftq_config": {},
        "lora_alpha": alpha,
        "lora_dropout": 0.05,
        "megatron_config": None,
        "megatron_core": "megatron.core",
        "modules_to_save": None,
        "peft_type": "LORA",
        "r": rank,
        "rank_pattern": {},
        "revision": None,
        "target_modules": TARGETS,
        "task_type": None,
        "use_dora": False,
        "use_rslora": False,
    }
    result.update(values)
    return result


def write_adapter(folder, config, settings, name, ranks=None, prefix=ENCODER_NAMES, dtype=None):
    """adapter_config.json and adapter_model.safetensors."""
    write_json(folder / "adapter_config.json", settings)
    targets = settings["target_modules"]
    tensors = random_adapter(config, seed_of(name), settings["r"], ranks, targets, prefix)
    tensors = {k: v.to(dtype or torch.float32) for k, v in tensors.items()}
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})


def write_mntp_files(folder, config, tokenizer):
    """The config and tokenizer that published MNTP folders keep beside their adapter."""
    auto_map = {"AutoModel": "modeling_llama_encoder.LlamaEncoderModel"}
    own = {**config, "architectures": ["LlamaEncoderModel"], "auto_map": auto_map}
    own["_name_or_path"] = LLAMA3_INSTRUCT
    write_json(folder / "config.json", dict(sorted(own.items())))
    write_tokenizer(folder, tokenizer, "llama3", mask="_")


def chain_base(folder, name, dtype):
    """The Llama that the adapters of a chain stand on."""
    tokenizer = tiny_tokenizers.llama3()
    config = complete(llama(rope_scaling=LLAMA3_SCALING, torch_dtype=dtype), tokenizer)
    write_json(folder / "config.json", config)
    write_tokenizer(folder, tokenizer, "llama3")
    write_model(folder, config, seed_of(name), dict(prefix="model.", dtype=dtype))
    return config, tokenizer


def snapshot(hub, model_id):
    """A folder of the hub cache's layout, with real files where the hub client would link."""
    revision = hashlib.sha1(model_id.encode()).hexdigest()
    home = hub / ("models--" + model_id.replace("/", "--"))
    refs = fresh(home / "refs")
    (refs / "main").write_text(revision, encoding="ascii")
    return fresh(home / "snapshots" / revision)


def write_hub_chain(root):
    """tiny/base, tiny/mntp and the two second adapters, found by hub id."""
    hub = root / "hub"
    config, tokenizer = chain_base(snapshot(hub, "tiny/base"), "hub-base", "float32")
    mntp = snapshot(hub, "tiny/mntp")
    write_mntp_files(mntp, config, tokenizer)
    write_adapter(mntp, config, adapter_config("tiny/base", 4, 8), "hub-mntp")
    # Like the published ones, both name the original base and not the MNTP model.
    supervised = snapshot(hub, "tiny/mntp-supervised")
    write_adapter(supervised, config, adapter_config("tiny/base", 4, 8), "hub-supervised")
    simcse = snapshot(hub, "tiny/mntp-unsup-simcse")
    settings = adapter_config("tiny/base", 4, 8, use_rslora=True)
    write_adapter(simcse, config, settings, "hub-simcse")


def write_local_chain(root):
    """A chain of plain folders: the adapters name their base as ../base."""
    home = root / "chain-local"
    config, tokenizer = chain_base(fresh(home / "base"), "local-base", "bfloat16")
    mntp = fresh(home / "mntp")
    write_mntp_files(mntp, config, tokenizer)
    settings = adapter_config("../base", 4, 8, use_rslora=True)
    write_adapter(mntp, config, settings, "local-mntp", dtype=torch.bfloat16)

    patterns = fresh(home / "patterns")
    down = "layers.0.mlp.down_proj"
    settings = adapter_config(
        "../base",
        4,
        8,
        rank_pattern={"q_proj": 6, down: 2},
        alpha_pattern={"q_proj": 3, down: 16, "layers.1.self_attn.v_proj": 5},
        target_modules=["q_proj", "v_proj", "down_proj"],
    )
    ranks = {f"layers.{i}.self_attn.q_proj": 6 for i in range(2)} | {down: 2}
    write_adapter(patterns, config, settings, "local-patterns", ranks)
    encoder = dict(pooling_mode="weighted_mean", max_length=64, doc_max_length=40)
    write_json(patterns / "llm2vec_config.json", {**encoder, "skip_instruction": False})

    # The same matrices under the names that training a causal LM gives them.
    causal = fresh(home / "patterns-causal-names")
    prefix = "base_model.model.model."
    settings = {**settings, "task_type": "FEATURE_EXTRACTION", "auto_mapping": None}
    write_adapter(causal, config, settings, "local-patterns", ranks, prefix)


def write_merged(root):
    """What LLM2Vec.save writes after merging base + MNTP + supervised."""
    torch.set_num_threads(1)
    hub = root / "hub"
    mntp = next((hub / "models--tiny--mntp" / "snapshots").iterdir())
    supervised = next((hub / "models--tiny--mntp-supervised" / "snapshots").iterdir())
    model = LLM2Vec.from_pretrained(str(mntp), str(supervised), max_length=48, doc_max_length=30)
    folder = fresh(root / "llama-merged")
    model.save(str(folder), merge_before_save=True)


def main():
    root = Path(sys.argv[1]).resolve()
    root.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(root / "hub", ignore_errors=True)
    for name, entry in CHECKPOINTS.items():
        write_checkpoint(root, name, entry)
    write_hub_chain(root)
    write_local_chain(root)
    write_merged(root)


if __name__ == "__main__":
    main()
