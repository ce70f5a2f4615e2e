# SPDX-License-Identifier: Apache-2.0
"""Records what LLM2Vec.from_pretrained makes of folders and hub ids, with fake models in a local cache.

    python src/test/python/make_resolution_fixtures.py \
        src/test/resources/io/github/llm2vec/checkpoint/resolution.json

Needs llm2vec 0.2.3 with transformers 4.44.2 and peft 0.12.
Every adapter adds 4 to the first element of layer 0's q projection, so that the sum tells how many
were applied.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

OUTPUT = Path(sys.argv[1]).absolute()

work = Path(tempfile.mkdtemp())
os.environ.update(HF_HUB_OFFLINE="1", HF_HOME=str(work / "hf"))
os.chdir(work)

import huggingface_hub
import peft.utils.save_and_load
import torch
from llm2vec import LLM2Vec
from peft import LoraConfig
from safetensors.torch import save_file
from tokenizers import Tokenizer, models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LLAMA = "meta-llama/Meta-Llama-3-8B-Instruct"
MNTP = "McGill-NLP/LLM2Vec-Meta-Llama-3-8B-Instruct-mntp"
CONFIG = LlamaConfig(vocab_size=16, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
                     num_attention_heads=4, num_key_value_heads=2)


# PEFT asks the hub whether a file exists even where it is cached.
peft.utils.save_and_load.file_exists = lambda repo_id, filename, **_: isinstance(
    huggingface_hub.try_to_load_from_cache(repo_id, filename), str)

TOKENIZER = PreTrainedTokenizerFast(
    tokenizer_object=Tokenizer(models.WordLevel({"a": 0, "</s>": 1}, unk_token="a")),
    unk_token="a", eos_token="</s>")


def hub(name):
    repository = work / "hf" / "hub" / ("models--" + name.replace("/", "--"))
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    return repository / "snapshots" / COMMIT


def config(folder, name):
    raw = CONFIG.to_dict() | {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    raw.pop("_name_or_path", None)
    if name is not None:
        raw["_name_or_path"] = name
    (folder / "config.json").write_text(json.dumps(raw))


def base(folder, name):
    folder.mkdir(parents=True)
    model = LlamaForCausalLM(CONFIG)
    for parameter in model.parameters():
        torch.nn.init.constant_(parameter, 0.5)
    model.save_pretrained(folder)
    config(folder, name)
    TOKENIZER.save_pretrained(folder)


def adapter(folder, base_name, config_name="no file", **encoder):
    folder.mkdir(parents=True)
    LoraConfig(r=2, lora_alpha=4, target_modules=["q_proj"], inference_mode=True,
               base_model_name_or_path=base_name).save_pretrained(folder)
    module = "base_model.model.layers.0.self_attn.q_proj."
    save_file({module + "lora_A.weight": torch.ones(2, 16), module + "lora_B.weight": torch.ones(16, 2)},
              folder / "adapter_model.safetensors", metadata={"format": "pt"})
    if config_name != "no file":
        config(folder, config_name)
        TOKENIZER.save_pretrained(folder)
    if encoder:
        (folder / "llm2vec_config.json").write_text(json.dumps(encoder))


def observed(model, peft=None):
    loaded = LLM2Vec.from_pretrained(model, peft_model_name_or_path=peft, merge_peft=peft is not None,
                                     torch_dtype=torch.float32)
    weight = loaded.model.layers[0].self_attn.q_proj.weight[0, 0].item()
    return dict(model=model, peft=peft, name_or_path=loaded.model.config._name_or_path,
                adapters=round((weight - 0.5) / 4), pooling_mode=loaded.pooling_mode,
                max_length=loaded.max_length)


def main():
    base(hub(LLAMA), None)
    adapter(hub(MNTP), LLAMA, LLAMA, pooling_mode="weighted_mean", max_length=64)
    adapter(hub(MNTP + "-supervised"), LLAMA)
    base(work / "plain", LLAMA)
    base(work / "nameless", None)
    adapter(work / "mntp", LLAMA, LLAMA, pooling_mode="weighted_mean", max_length=64)
    adapter(work / "mntp-nameless", LLAMA, None)
    adapter(work / "mntp-renamed", LLAMA, "other/name")
    adapter(work / "second", "some/thing-else", pooling_mode="eos_token")
    cases = [("plain", None), ("nameless", None), ("mntp", None), ("mntp-nameless", None),
             ("mntp-renamed", None), ("mntp", "second"), ("mntp", MNTP + "-supervised"),
             ("plain", "second"), (LLAMA, None), (LLAMA, "second"), (MNTP, None),
             (MNTP, MNTP + "-supervised"), (MNTP, "second")]
    OUTPUT.write_text(json.dumps([observed(*case) for case in cases], indent=1) + "\n")


if __name__ == "__main__":
    main()
