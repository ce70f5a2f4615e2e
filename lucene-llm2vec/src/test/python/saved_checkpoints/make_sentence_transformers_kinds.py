# SPDX-License-Identifier: Apache-2.0
"""Folders of sentence-transformers of every kind: make_sentence_transformers_kinds.py DIR.

They lie over llama, which make_tokenizer_kinds.py makes.
"""

import sys
from pathlib import Path

import numpy
import sentence_transformers
import harness
import tiny_tokenizers
from harness import Case, TEXTS
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer

ROOT = Path(sys.argv[1])
TOOL = f"sentence-transformers {sentence_transformers.__version__}"
NAMES = {
    "Transformer": "sentence_transformers.base.modules.transformer.Transformer",
    "Pooling": "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    "Dense": "sentence_transformers.base.modules.dense.Dense",
    "Normalize": "sentence_transformers.base.modules.normalize.Normalize",
    "Dropout": "sentence_transformers.sentence_transformer.modules.dropout.Dropout",
}
OLD = {name: f"sentence_transformers.models.{name}" for name in NAMES}
TRANSFORMER = {
    "transformer_task": "feature-extraction",
    "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}},
    "module_output_name": "token_embeddings",
}
VERSION = {"sentence_transformers": "6.2.0", "transformers": "5.24.0", "pytorch": "2.13.0"}
PROMPTS = {"query": "query: ", "document": "passage: "}
LONG = " ".join([TEXTS[0]] * 30)


def tokens(**more):
    return {
        "tokenizer_class": "TokenizersBackend", "backend": "tokenizers", "bos_token": "<s>",
        "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "</s>", "model_max_length": 128, **more,
    }


def folder(
    name, what, pooling, after=(), settings=None, transformer=TRANSFORMER, names=NAMES,
    tokenizer=None, config=None, texts=TEXTS, options=None, truncate=None, roles=("query", "document"),
):
    """Writes a folder as the library saves it and records queries and documents."""
    case = Case(ROOT, name, "llama-text", family="llama", tool=TOOL, what=what)
    if tokenizer:
        case.json("tokenizer.json", tokenizer)
    if config:
        case.json("tokenizer_config.json", config)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    case.json("1_Pooling/config.json", pooling)
    for i, (kind, module) in enumerate(after, start=2):
        modules.append((f"{i}_{kind}", kind))
        if kind == "Dense":
            tensors = module.pop("tensors")
            case.json(f"{i}_Dense/config.json", module)
            save_file(tensors, case.folder / f"{i}_Dense/model.safetensors")
        elif kind == "Dropout":
            case.json(f"{i}_Dropout/config.json", {"dropout": 0.5})
        elif names is NAMES:
            key = "sentence_embedding"
            case.json(f"{i}_{kind}/config.json", {"module_input_name": key, "module_output_name": key})
    case.json(
        "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": names[kind]}
            for i, (path, kind) in enumerate(modules)
        ],
    )
    saved = {
        "__version__": VERSION, "default_prompt_name": None, "model_type": "SentenceTransformer",
        "prompts": PROMPTS, "similarity_fn_name": "cosine",
    }
    saved.update(settings or {})
    case.json("config_sentence_transformers.json", saved)
    if transformer:
        case.json("sentence_bert_config.json", transformer)
    model = SentenceTransformer(str(case.assembled()), truncate_dim=truncate)

    def encode(role, text):
        return model.encode_query(text) if role == "query" else model.encode_document(text)

    case.record(encode, texts, roles=roles, options=options)


def base():
    case = Case(ROOT, "llama-text", "llama")
    case.json("tokenizer.json", tiny_tokenizers.llama2())
    case.json("tokenizer_config.json", tokens())
    case.only_files()


def dense(seed, width, out, activation, bias=True, residual=False):
    random = numpy.random.default_rng(seed)
    draw = lambda *shape: (random.standard_normal(shape) * 0.4).astype(numpy.float32)
    tensors = {"linear.weight": draw(out, width)}
    if bias:
        tensors["linear.bias"] = draw(out)
    if residual and width != out:
        tensors["residual.weight"] = draw(out, width)
    module = {
        "in_features": width, "out_features": out, "bias": bias, "tensors": tensors,
        "activation_function": f"torch.nn.modules.{activation}",
    }
    if residual:
        module["use_residual"] = True
    return ("Dense", module)


def new(mode, include_prompt=True):
    return {"embedding_dimension": 16, "pooling_mode": mode, "include_prompt": include_prompt}


base()
MODES = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
for mode in MODES:
    folder(f"st-{mode.replace('_', '-')}", f"pooling {mode}", new(mode))
    folder(f"st-{mode.replace('_', '-')}-without-prompt", f"pooling {mode} without the prompt", new(mode, False))
old = lambda *modes: {
    "word_embedding_dimension": 16, "include_prompt": True,
    **{f"pooling_mode_{m}": m in modes for m in ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")},
}
folder("st-old", "old spellings", old("lasttoken"), [("Normalize", None)], names=OLD, transformer={"max_seq_length": 64, "do_lower_case": False})
folder("st-old-several", "old spellings of several poolings", old("lasttoken", "mean_tokens", "max_tokens"), names=OLD)
folder("st-several", "several poolings", new(["lasttoken", "cls", "mean"]), [("Normalize", None)])
folder("st-list", "one pooling as a list", new(["weightedmean"], False))
eos = tiny_tokenizers.llama2()
eos["post_processor"] = tiny_tokenizers.template({"<s>": 1, "</s>": 2}, ("<s>",), ("</s>",))
folder("st-eos-without-prompt", "EOS behind the text, prompt left out", new("mean", False), tokenizer=eos)
folder("st-no-prompts", "prompt left out, but there is none", new("mean", False), settings={"prompts": {"query": "", "document": ""}})
for kind in ("Tanh", "ReLU", "GELU", "SiLU", "Sigmoid", "LeakyReLU", "ELU", "Softplus", "Mish"):
    folder(f"st-dense-{kind.lower()}", f"Dense with {kind}", new("mean"), [dense(3, 16, 12, f"activation.{kind}")], roles=("query",))
identity = "linear.Identity"
folder("st-dense-chain", "two Dense without bias, as EmbeddingGemma", new("mean"), [dense(4, 16, 32, identity, False), dense(5, 32, 16, identity, False), ("Normalize", None)])
folder("st-dense-wider", "a Dense that widens, as stella", new("mean"), [dense(6, 16, 40, identity), ("Normalize", None)])
folder("st-dense-old", "a Dense in old spelling", old("mean_tokens"), [dense(7, 16, 8, "activation.Tanh")], names=OLD)
folder("st-dense-several", "a Dense behind several poolings", new(["mean", "max"]), [dense(8, 32, 16, "activation.Tanh")])
folder("st-dense-normalized", "Normalize before and behind a Dense, and Dropout", new("mean"), [("Normalize", None), ("Dropout", None), dense(9, 16, 16, "activation.Tanh"), ("Normalize", None)])
folder("st-dense-residual", "residual Dense", new("mean"), [dense(10, 16, 16, "activation.GELU", residual=True), dense(11, 16, 12, "activation.Tanh", residual=True)])
folder("st-truncated", "vectors cut by the model", new("mean"), [("Normalize", None)], settings={"truncate_dim": 8})
folder("st-truncated-wide", "a cut that is wider than the vectors", new("mean"), settings={"truncate_dim": 64})
folder("st-default-prompt", "a default prompt, which queries and documents do not get", new("mean"), settings={"prompts": {"other": "other: "}, "default_prompt_name": "other"})
folder("st-length-tokenizer", "longest input of the tokenizer", new("lasttoken"), config=tokens(model_max_length=40), texts=[LONG], roles=("document",))
folder("st-length-positions", "longest input of the decoder", new("lasttoken"), config=tokens(model_max_length=int(1e30)), texts=[LONG], roles=("document",))
left = {"truncation_side": "left"}
folder("st-length-left", "a long text loses its beginning", new("mean"), config=tokens(model_max_length=40, **left), texts=[LONG], roles=("document",))
folder("st-length-left-prompt", "the same, where the prompt's length is left out", new("mean", False), config=tokens(model_max_length=40, **left), texts=[LONG, TEXTS[0]])
left_file = tiny_tokenizers.llama2()
left_file["truncation"] = {"direction": "Left", "max_length": 20, "strategy": "LongestFirst", "stride": 0}
folder("st-length-left-file", "the same, said in tokenizer.json", new("lasttoken"), tokenizer=left_file, config=tokens(model_max_length=40), texts=[LONG], roles=("document",))
folder("st-length-right", "tokenizer_config.json against tokenizer.json", new("lasttoken"), tokenizer=left_file, config=tokens(model_max_length=40, truncation_side="right"), texts=[LONG], roles=("document",))
without = tokens()
del without["model_max_length"]
folder("st-length-nowhere", "longest input not in the tokenizer's files", new("lasttoken"), config=without, texts=[LONG], roles=("document",))
folder("st-length-old", "max_seq_length", new("mean"), transformer={"max_seq_length": 30, "do_lower_case": False}, texts=[LONG], roles=("document",), names=OLD)
folder("st-length-kwargs", "model_max_length among processor_kwargs", new("mean"), transformer={**TRANSFORMER, "processor_kwargs": {"model_max_length": 25}}, texts=[LONG], roles=("document",))
folder("st-length-processing", "max_length among processing_kwargs", new("mean"), transformer={**TRANSFORMER, "processing_kwargs": {"text": {"max_length": 20}}}, texts=[LONG], roles=("document",))
folder("st-lowercase", "do_lower_case", new("mean"), transformer={"max_seq_length": 128, "do_lower_case": True})
