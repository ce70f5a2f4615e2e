# SPDX-License-Identifier: Apache-2.0
"""Writes expected values for the models that the Python LLM2Vec does not know. See README.md.

Usage: make_expected_other.py CHECKPOINTS_FOLDER
Needs transformers 5; the pooling follows the cards of the models that each checkpoint stands for.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer
from transformers import Gemma3TextConfig, Gemma3TextModel, LlamaConfig, LlamaModel
from transformers import MistralConfig, MistralModel, Qwen3Config, Qwen3Model

from cases import PARAGRAPH, SIMILAR, TEXTS, WEB, group
from expected_io import difference, numbers, write_expected

ROOT = Path(sys.argv[1]).resolve()
ORACLE = f"transformers {transformers.__version__}"
INSTRUCT = "Instruct: {instruction}\nQuery: {text}"
LONGER = ("long", "long-chinese", "long-cyrillic")
DOCUMENTS = [(name, "") for name in TEXTS if name not in LONGER]
QUERIES = [("plain", WEB), ("question", WEB), ("emoji", SIMILAR), ("chinese", SIMILAR)]
QUERIES += [("empty", WEB), ("outer-whitespace", SIMILAR), ("specials", WEB), ("question", "")]
LONG = [("long", ""), ("long-chinese", ""), ("long-cyrillic", ""), ("question", WEB)]
CUT = [("plain", ""), ("paragraph", ""), ("question", WEB), ("chinese", ""), ("empty", "")]

# model class, config class, pooling, causal, template of a query with and without an instruction,
# template of a document, whether </s> is put behind the tokens that tokenizer.json gives
MODELS = {
    "qwen3-embedding": dict(
        classes=(Qwen3Model, Qwen3Config),
        pooling="last_token",
        causal=True,
        instruction_template="Instruct: {instruction}\nQuery:{text}",
        query_template="Instruct: Given a web search query, retrieve relevant passages that "
        "answer the query\nQuery:{text}",
        document_template="{text}",
        append_eos=False,
    ),
    "e5-mistral": dict(
        classes=(MistralModel, MistralConfig),
        pooling="last_token",
        causal=True,
        instruction_template=INSTRUCT,
        query_template="{text}",
        document_template="{text}",
        append_eos=True,
    ),
    "llama-bidirec": dict(
        classes=(LlamaModel, LlamaConfig),
        pooling="mean",
        causal=False,
        instruction_template=INSTRUCT,
        query_template="{text}",
        document_template="{text}",
        append_eos=False,
    ),
    "gemma3-text": dict(
        classes=(Gemma3TextModel, Gemma3TextConfig),
        pooling="mean",
        causal=False,
        instruction_template="task: {instruction} | query: {text}",
        query_template="task: search result | query: {text}",
        document_template="title: none | text: {text}",
        append_eos=False,
    ),
}


class Encoder:
    """tokenizer.json, a transformers model and the pooling of one family."""

    def __init__(self, name, facts):
        self.facts = facts
        self.folder = ROOT / name
        model_class, config_class = facts["classes"]
        raw = json.loads((self.folder / "config.json").read_text())
        raw = {k: v for k, v in raw.items() if k not in ("auto_map", "model_type", "architectures")}
        config = config_class.from_dict(raw)
        config._attn_implementation = "eager"
        options = dict(config=config, dtype=torch.float32, output_loading_info=True)
        self.model, info = model_class.from_pretrained(str(self.folder), **options)
        assert not any(info[key] for key in info if key.endswith("_keys")), info
        self.model.eval()
        self.tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        self.eos = self.tokenizer.token_to_id("</s>")

    def prepare(self, role, instruction, text):
        kind = "instruction" if instruction else role
        template = self.facts[f"{kind}_template"]
        return template.replace("{instruction}", instruction).replace("{text}", text)

    def ids(self, prepared, max_length):
        append = self.facts["append_eos"]
        self.tokenizer.enable_truncation(max_length - append)
        return self.tokenizer.encode(prepared).ids + [self.eos] * append

    def hidden(self, rows):
        """Last hidden states of a left-padded batch, and its mask."""
        width = max(len(row) for row in rows)
        padding = [width - len(row) for row in rows]
        ids = torch.tensor([[0] * p + row for p, row in zip(padding, rows)])
        mask = torch.tensor([[0] * p + [1] * len(row) for p, row in zip(padding, rows)])
        given = mask
        if isinstance(self.model, LlamaModel):
            blocked = (mask == 0)[:, None, None, :].expand(-1, 1, width, -1)
            least = torch.finfo(torch.float32).min
            given = torch.zeros(blocked.shape).masked_fill(blocked, least)
        positions = torch.arange(width)[None, :].expand(len(rows), -1)
        with torch.no_grad():
            states = self.model(ids, attention_mask=given, position_ids=positions)
        return states.last_hidden_state, mask

    def embed(self, rows):
        states, mask = self.hidden(rows)
        if self.facts["pooling"] == "last_token":
            pooled = states[:, -1]
        else:
            weights = mask[:, :, None].float()
            pooled = (states * weights).sum(1) / weights.sum(1)
        return torch.nn.functional.normalize(pooled, dim=-1)


def run_group(encoder, wanted, role):
    max_length = wanted["options"]["max_length"]
    cases, rows = [], []
    for key, instruction in wanted["cases"]:
        prepared = encoder.prepare(role, instruction, TEXTS[key])
        ids = encoder.ids(prepared, max_length)
        rows.append(ids)
        case = {"text_name": key, "role": role, "instruction": instruction, "text": TEXTS[key]}
        case.update(prepared=prepared, ids=ids, pool_length=len(ids))
        case["embedding"] = numbers(encoder.embed([ids])[0])
        cases.append(case)
    together = encoder.embed(rows)
    largest = max(difference(c["embedding"], row) for c, row in zip(cases, together))
    assert largest < 5e-6, (wanted["name"], largest)
    options = {"pooling_mode": encoder.facts["pooling"], "max_length": max_length}
    options["normalize"] = True
    head = {"name": wanted["name"], "options": options, "batch_difference": largest}
    return {**head, "cases": cases}


def check_gemma3_window(encoder):
    """A local layer sees |i - j| < 8 // 2 + 1: moving a far token must not reach a near one."""
    text = encoder.ids(PARAGRAPH, 64)
    other = [*text[:-1], text[0]]
    first = encoder.model.layers[0]
    seen = []
    hook = first.register_forward_hook(lambda *a: seen.append(a[2]))
    for ids in (text, other):
        encoder.hidden([ids])
    hook.remove()
    states = [s[0] if isinstance(s, tuple) else s for s in seen]
    changed = (states[0] - states[1]).abs().amax(-1)[0] > 0
    assert changed[-5:].all() and not changed[:-5].any(), changed


def main():
    torch.set_num_threads(1)
    for name, facts in MODELS.items():
        encoder = Encoder(name, facts)
        if name == "gemma3-text":
            check_gemma3_window(encoder)
        groups = [
            run_group(encoder, group("documents", DOCUMENTS), "document"),
            run_group(encoder, group("queries", QUERIES), "query"),
            run_group(encoder, group("cut", CUT, max_length=24), "query"),
            run_group(encoder, group("over-long", LONG), "query"),
        ]
        templates = {k: v for k, v in facts.items() if k.endswith("_template")}
        header = {"oracle": ORACLE, "style": "sentence", **templates}
        header["append_eos"] = facts["append_eos"]
        header["attention"] = "causal" if facts["causal"] else "bidirectional"
        write_expected(encoder.folder / "expected" / "sentence.json", header, groups)


if __name__ == "__main__":
    main()
