# SPDX-License-Identifier: Apache-2.0
"""Every model family as every tool saves it, with vectors of documents and of queries:
make_family_kinds.py DIR.

Run by transformers 5 it makes the cases of transformers 5, sentence-transformers and PEFT, run by
transformers 4.44 those of that version. Weights and configurations are rows of make_conformance.py.
"""

import json
import sys
import tempfile
import warnings
from pathlib import Path

import harness
import numpy
import tiny_tokenizers
import torch
import transformers
from harness import Case, TEXTS
from make_conformance import ROWS, SIZES, randomised
from transformers import AutoConfig, AutoModel, AutoTokenizer

warnings.filterwarnings("ignore")
ROOT = Path(sys.argv[1])
NEW = int(transformers.__version__.split(".")[0]) >= 5
INSTRUCTION = "Find what is meant:"
SHORT = [TEXTS[0], TEXTS[2], TEXTS[4]]
POSITIONS = 256

# family: (row of make_conformance.py, tokenizer)
FAMILIES = {
    "llama": ("llama", tiny_tokenizers.llama2),
    "llama3": ("llama-llama3", tiny_tokenizers.llama3),
    "mistral": ("mistral", tiny_tokenizers.mistral_metaspace),
    "ministral": ("ministral", tiny_tokenizers.llama3),
    "ministral3": ("ministral3", tiny_tokenizers.llama3),
    "qwen2": ("qwen2", tiny_tokenizers.qwen2),
    "qwen3": ("qwen3", tiny_tokenizers.qwen3_embedding),
    "gemma": ("gemma", tiny_tokenizers.gemma),
    "gemma2": ("gemma2", tiny_tokenizers.gemma),
    "gemma3": ("gemma3-text", tiny_tokenizers.gemma),
    "embeddinggemma": ("gemma3-text-bidirectional", lambda: tiny_tokenizers.gemma(True)),
    "embeddinggemma2": ("embedding-gemma2-text", lambda: tiny_tokenizers.gemma(True)),
    "olmo2": ("olmo2", tiny_tokenizers.llama3),
    "olmo3": ("olmo3", tiny_tokenizers.llama3),
    "phi3": ("phi3", tiny_tokenizers.llama2),
    "granite": ("granite", tiny_tokenizers.llama3),
    "smollm3": ("smollm3", tiny_tokenizers.llama3),
}
# What stands beside the sizes in 4.44, which has these classes.
OLD = {
    "llama": {},
    "mistral": {"sliding_window": 64},
    "qwen2": {},
    "gemma": {"head_dim": 8},
    "gemma2": {"head_dim": 8, "query_pre_attn_scalar": 16, "sliding_window": 64},
    "phi3": {},
}
BIDIRECTIONAL = ("embeddinggemma", "embeddinggemma2")
NAMES = {"<unk>": "unk_token", "<s>": "bos_token", "</s>": "eos_token", "<bos>": "bos_token", "<eos>": "eos_token", "<pad>": "pad_token", "<|endoftext|>": "eos_token", "<|begin_of_text|>": "bos_token", "<|end_of_text|>": "eos_token"}


def tokenizer(family):
    """The family's tokenizer, opened from files by the library."""
    files = FAMILIES[family][1]()
    folder = Path(tempfile.mkdtemp())
    harness.write_json(folder / "tokenizer.json", files)
    named = {NAMES[t["content"]]: t["content"] for t in files["added_tokens"] if t["content"] in NAMES}
    harness.write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": POSITIONS, "pad_token": named["eos_token"], **named},
    )
    return AutoTokenizer.from_pretrained(folder)


def model(family, tokens):
    row, more, _ = ROWS[FAMILIES[family][0]]
    if not NEW:
        more = OLD[family]
    sizes = {**SIZES, **more, "vocab_size": len(tokens), "max_position_embeddings": POSITIONS}
    config = AutoConfig.for_model(row, **sizes)
    return randomised(AutoModel.from_config(config)).eval()


def options(family):
    causal = {} if family in BIDIRECTIONAL else {"enable_bidirectional": False}
    return {"pooling": "mean", "skip_instruction": False, **causal}


def record(case, network, tokens, family):
    """The mean of all states, of a text and of an instruction, a blank and a text."""

    def encode(role, text):
        whole = INSTRUCTION + " " + text if role == "query" else text
        ids = torch.tensor([tokens(whole)["input_ids"]])
        with torch.no_grad():
            return network(input_ids=ids)[0][0].mean(0).numpy()

    case.record(encode, SHORT, ("document", "query"), options(family), instructions={"query": INSTRUCTION})


def by_transformers(family):
    tool = f"transformers {transformers.__version__}"
    name = f"family-{family}" + ("" if NEW else "-444")
    case = Case(ROOT, name, family=family, tool=tool, what="a model and its tokenizer")
    tokens = tokenizer(family)
    model(family, tokens).save_pretrained(case.folder)
    tokens.save_pretrained(case.folder)
    folder = case.assembled()
    # 4.44's other kernels leave Gemma 2's soft-capping out.
    attention = {} if NEW else {"attn_implementation": "eager"}
    network = AutoModel.from_pretrained(folder, **attention).eval()
    record(case, network, AutoTokenizer.from_pretrained(folder), family)


def by_sentence_transformers(family, number):
    import sentence_transformers
    from sentence_transformers import SentenceTransformer, models as modules

    tool = f"sentence-transformers {sentence_transformers.__version__}"
    case = Case(ROOT, f"family-{family}-st", f"family-{family}", family=family, tool=tool, what="its folder")
    base = ROOT / f"family-{family}"
    mode = ("lasttoken", "mean")[number % 2]
    transformer = modules.Transformer(str(base))
    pooling = modules.Pooling(transformer.get_embedding_dimension(), pooling_mode=mode)
    made = SentenceTransformer(
        modules=[transformer, pooling, modules.Normalize()],
        prompts={"query": "Instruct: Find it\nQuery: ", "document": ("", "passage: ")[number % 2]},
    )
    made.save(str(case.folder), create_model_card=False)
    same(case, base)
    folder = case.assembled()
    opened = SentenceTransformer(str(folder))

    def encode(role, text):
        return opened.encode_query(text) if role == "query" else opened.encode_document(text)

    case.record(encode, SHORT, ("document", "query"))


def by_peft(family, number):
    import peft
    from peft import LoraConfig, PeftModel, get_peft_model

    case = Case(ROOT, f"family-{family}-peft", f"family-{family}", family=family, tool=f"PEFT {peft.__version__}", what="an adapter", model=".", adapters=["adapter"])
    base = ROOT / f"family-{family}"
    torch.manual_seed(3)
    linear = ["qkv_proj", "down_proj"] if family == "phi3" else ["q_proj", "v_proj", "down_proj"]
    network = get_peft_model(
        AutoModel.from_pretrained(base),
        LoraConfig(r=2, lora_alpha=4, use_dora=number % 3 == 0, target_modules=linear if number % 2 else "all-linear"),
    )
    for parameter in (p for p in network.parameters() if p.requires_grad):
        parameter.data += torch.randn_like(parameter) * 0.1
    network.save_pretrained(case.folder / "adapter")
    (case.folder / "adapter/README.md").unlink(missing_ok=True)
    config = json.loads((case.folder / "adapter/adapter_config.json").read_text())
    config.update(base_model_name_or_path="..")
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()
    case.json("adapter/adapter_config.json", config)
    loaded = PeftModel.from_pretrained(AutoModel.from_pretrained(base), case.folder / "adapter").eval()
    record(case, loaded.get_base_model(), AutoTokenizer.from_pretrained(base), family)


def same(case, base):
    """Leaves out what lies in the base already."""
    for file in base.iterdir():
        other = case.folder / file.name
        if file.name != "case.json" and other.exists() and file.read_bytes() == other.read_bytes():
            other.unlink()


for number, family in enumerate(FAMILIES):
    if NEW or family in OLD:
        by_transformers(family)
    if NEW:
        by_sentence_transformers(family, number)
        by_peft(family, number)
