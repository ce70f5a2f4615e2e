# SPDX-License-Identifier: Apache-2.0
"""Writes what the Python LLM2Vec returns for the tiny checkpoints. See README.md.

Usage: make_expected.py CHECKPOINTS_FOLDER [NAME...]
Needs llm2vec 0.2.3 and transformers 4.44.2; for the other models see make_expected_other.py.
"""

import os
import sys
from pathlib import Path

ROOT = Path(sys.argv[1]).resolve()
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_CACHE"] = str(ROOT / "hub")

import huggingface_hub
import peft.utils.save_and_load
import torch
import transformers
from llm2vec import LLM2Vec

from cases import BRIEF_GROUPS, LLM2VEC_GROUPS, SOME, TEXTS, group
from expected_io import difference, numbers, write_expected

ORACLE = f"llm2vec 0.2.3, transformers {transformers.__version__}"
UPSTREAM = ("llama-mha", "llama3-gqa", "llama-linear", "llama-yarn")
UPSTREAM += ("mistral-gqa", "qwen2", "gemma")
HALF = ("llama3-gqa", "mistral-gqa", "gemma")


def cached(repo_id, filename, **_):
    """peft asks the hub's server whether a file exists; here the cache folder answers."""
    return isinstance(huggingface_hub.try_to_load_from_cache(repo_id, filename), str)


peft.utils.save_and_load.file_exists = cached


def load(base, adapter=None, **options):
    """LLM2Vec with eager attention, so that no fused kernel rounds differently."""
    return LLM2Vec.from_pretrained(
        base, adapter, attn_implementation="eager", merge_peft=True, **options
    )


def check_keys(folder):
    """The folder has every weight that the class wants."""
    import json

    config = json.loads((folder / "config.json").read_text())
    names = {"llama": "LlamaConfig", "mistral": "MistralConfig"}
    names.update(gemma="GemmaConfig", qwen2="Qwen2Config")
    kind = LLM2Vec._get_model_class(names[config["model_type"]], True)
    _, info = kind.from_pretrained(str(folder), output_loading_info=True)
    assert not info["missing_keys"] and not info["mismatched_keys"], info
    strangers = {k for k in info["unexpected_keys"] if "inv_freq" not in k}
    assert strangers <= {"lm_head.weight"}, strangers


def bidirectional(model):
    """Makes a causal model see everything but padding, by way of an explicit 4-D mask."""
    inner = model.model.forward

    def forward(input_ids, attention_mask, **rest):
        hidden = attention_mask[:, None, None, :] == 0
        shape = (input_ids.shape[0], 1, input_ids.shape[1], input_ids.shape[1])
        mask = torch.zeros(shape).masked_fill(hidden, torch.finfo(torch.float32).min)
        return inner(input_ids=input_ids, attention_mask=mask, **rest)

    model.model.forward = forward
    return model


def encode(model, pairs, batch_size):
    with torch.no_grad():
        return model.encode([list(p) for p in pairs], batch_size, show_progress_bar=False).float()


def one_case(model, key, instruction):
    """Every step of upstream's encode for one text in a batch of one."""
    text = TEXTS[key]
    marked = model._convert_to_str(instruction, text)
    prepared = model.prepare_for_tokenization(marked)
    features = model.tokenize([prepared])
    row = encode(model, [(instruction, text)], 1)[0]
    return {
        "text_name": key,
        "role": "query" if instruction else "document",
        "instruction": instruction,
        "text": text,
        "prepared": prepared,
        "ids": features["input_ids"][0].tolist(),
        "pool_length": int(features["embed_mask"].sum()),
        "embedding": numbers(row),
    }


def run_group(model, wanted):
    """All cases alone, and then in one left-padded batch; the latter is kept where it differs."""
    for name, value in wanted["options"].items():
        setattr(model, name, value)
    pairs = [(instruction, TEXTS[key]) for key, instruction in wanted["cases"]]
    cases = [one_case(model, key, instruction) for key, instruction in wanted["cases"]]
    together = encode(model, pairs, len(pairs))
    largest = 0.0
    for case, row in zip(cases, together):
        away = difference(case["embedding"], row)
        if away > 5e-6:
            case["embedding_in_batch"] = numbers(row)
        else:
            largest = max(largest, away)
    result = {"name": wanted["name"], "options": wanted["options"]}
    return {**result, "batch_difference": largest, "cases": cases}


def groups_for(model, groups):
    """bos_token pooling returns nothing for a tokenizer without BOS."""
    has_bos = model.tokenizer.bos_token_id is not None
    return [g for g in groups if has_bos or g["options"]["pooling_mode"] != "bos_token"]


def write(path, model, groups, **header):
    model.eval()
    name = model.model.config._name_or_path
    header = {"oracle": ORACLE, "style": "llm2vec", "name_or_path": name, **header}
    write_expected(path, header, [run_group(model, g) for g in groups_for(model, groups)])


def plain_checkpoints(names):
    for name in names:
        folder = ROOT / name
        check_keys(folder)
        out = folder / "expected"
        attention = "causal" if name == "qwen2" else "bidirectional"
        model = load(str(folder))
        if name == "qwen2":
            write(out / "upstream-causal.json", model, BRIEF_GROUPS, attention=attention)
            write(out / "bidirectional.json", bidirectional(model), LLM2VEC_GROUPS,
                  attention="bidirectional")
        else:
            write(out / "bidirectional.json", model, LLM2VEC_GROUPS, attention=attention)
            causal = load(str(folder), enable_bidirectional=False)
            write(out / "causal.json", causal, BRIEF_GROUPS, attention="causal")
        if name in HALF:
            half = load(str(folder), torch_dtype=torch.bfloat16)
            write(out / "bfloat16.json", half, BRIEF_GROUPS, attention=attention, dtype="bfloat16")


def snapshot(name):
    """Path of a hub fixture as a plain folder."""
    return str(next((ROOT / "hub" / f"models--tiny--{name}" / "snapshots").iterdir()))


def hub_chain():
    """The chain by hub id (no template: upstream keys it on the base's id) and by folder."""
    out = ROOT / "hub" / "expected"
    wholes = {"mntp": None, "mntp-supervised": "mntp-supervised"}
    wholes["mntp-simcse"] = "mntp-unsup-simcse"
    write(out / "by-id-base.json", load("tiny/base"), BRIEF_GROUPS, attention="bidirectional",
          base="tiny/base", adapters=[])
    for label, second in wholes.items():
        adapters = [f"tiny/{second}"] if second else []
        by_id = load("tiny/mntp", *adapters)
        write(out / f"by-id-{label}.json", by_id, BRIEF_GROUPS, attention="bidirectional",
              base="tiny/mntp", adapters=adapters)
        folders = [snapshot(second)] if second else []
        by_folder = load(snapshot("mntp"), *folders)
        write(out / f"by-folder-{label}.json", by_folder, BRIEF_GROUPS, attention="bidirectional",
              base="tiny/mntp", adapters=adapters)


def local_chain():
    """Adapters that name ../base; upstream resolves that against the working folder."""
    home = ROOT / "chain-local"
    os.chdir(home / "mntp")
    out = home / "expected"
    write(out / "base.json", load("../base"), BRIEF_GROUPS, attention="bidirectional",
          base="base", adapters=[])
    write(out / "mntp.json", load("../mntp"), BRIEF_GROUPS, attention="bidirectional",
          base="mntp", adapters=[])
    write(out / "mntp-patterns.json", load("../mntp", "../patterns"), BRIEF_GROUPS,
          attention="bidirectional", base="mntp", adapters=["patterns"],
          same_as_adapters=["patterns-causal-names"])
    own = load("../mntp", "../patterns")
    keys = ("pooling_mode", "skip_instruction", "max_length", "doc_max_length")
    assert own.pooling_mode == "weighted_mean" and own.max_length == 64, vars(own)
    from_file = group("options-of-llm2vec-config", SOME + [("nbsp-words", "")])
    from_file["options"] = {key: getattr(own, key) for key in keys}
    write(out / "mntp-patterns-own-options.json", own, [from_file], attention="bidirectional",
          base="mntp", adapters=["patterns"], options_from_file=True)
    os.chdir(ROOT)


def merged():
    folder = ROOT / "llama-merged"
    check_keys(folder)
    out = folder / "expected"
    model = load(str(folder))
    own = group("options-of-llm2vec-config", SOME + [("nbsp-words", ""), ("underscores", "")])
    own["options"] = {key: getattr(model, key) for key in own["options"]}
    assert own["options"]["max_length"] == 48
    write(out / "own-options.json", model, [own], attention="bidirectional", options_from_file=True)
    write(out / "bidirectional.json", model, BRIEF_GROUPS, attention="bidirectional")


def main():
    torch.set_num_threads(1)
    wanted = sys.argv[2:]
    plain_checkpoints([n for n in UPSTREAM if not wanted or n in wanted])
    for name, work in (("hub", hub_chain), ("chain-local", local_chain), ("llama-merged", merged)):
        if not wanted or name in wanted:
            work()


if __name__ == "__main__":
    main()
