# SPDX-License-Identifier: Apache-2.0
"""Configurations that say a thing in another way than most: make_config_kinds.py DIR.

The class of transformers 5 makes a model of each, saves it, opens it again and gives the last
token's state.
"""

import sys

import torch
import transformers
from harness import Case, LAST, TEXTS, last_state

import tiny_tokenizers
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

ROOT = sys.argv[1]
SIZES = {
    "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 128, "bos_token_id": 1,
    "eos_token_id": 2, "pad_token_id": 0,
}


def case(name, what, family, **more):
    made = Case(ROOT, f"config-{name}", family=family, tool=f"transformers {transformers.__version__}", what=what)
    made.json("tokenizer.json", tiny_tokenizers.llama2())
    made.json("tokenizer_config.json", {"tokenizer_class": "TokenizersBackend", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"})
    tokens = PreTrainedTokenizerFast(tokenizer_file=str(made.folder / "tokenizer.json"))
    config = AutoConfig.for_model(family, **{**SIZES, "vocab_size": len(tokens), **more})
    torch.manual_seed(5)
    network = AutoModel.from_config(config)
    with torch.no_grad():
        for key, parameter in network.named_parameters():
            centre = 1 if "norm" in key and family != "gemma" else 0
            parameter.copy_(torch.randn_like(parameter) * 0.3 + centre)
    network.save_pretrained(made.folder)
    made.record(last_state(AutoModel.from_pretrained(made.assembled()).eval(), tokens), TEXTS[:3], options=LAST)


case("gemma-silu", "hidden_act alone, which transformers 5 heeds", "gemma", hidden_act="silu")
case("gemma-gelu", "hidden_act gelu, which means the approximation", "gemma", hidden_act="gelu")
case(
    "smollm3-types", "layer_types without use_sliding_window", "smollm3", sliding_window=4,
    use_sliding_window=False, no_rope_layers=[1, 0], layer_types=["sliding_attention", "full_attention"],
)
case(
    "olmo3-flat", "parameters beside those of the kinds of layers", "olmo3", sliding_window=4,
    rope_parameters={"rope_type": "linear", "factor": 4.0, "rope_theta": 1000.0},
)
