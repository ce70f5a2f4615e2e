# SPDX-License-Identifier: Apache-2.0
"""Tokenizer files of every kind around one tiny Llama: make_tokenizer_kinds.py DIR.

Run by transformers 4.44 it makes the cases in which a configuration says what that version heeds,
run by transformers 5 all others.
"""

import json
import sys

import harness
import numpy
import sentencepiece
import tempfile
import tiny_tokenizers
import transformers
from pathlib import Path
from harness import Case, LAST, TEXTS, last_state, llama_config
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoModel, AutoTokenizer

ROOT = Path(sys.argv[1])
NEW = int(transformers.__version__.split(".")[0]) >= 5
ROWS = 520
SPECIALS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def base():
    """Weights for all cases; ids beyond 520 have none."""
    case = Case(ROOT, "llama")
    case.json("config.json", llama_config(ROWS))
    random = numpy.random.default_rng(1)
    draw = lambda *shape: (random.standard_normal(shape) * 0.3).astype(numpy.float32)
    tensors = {"model.embed_tokens.weight": draw(ROWS, 16), "model.norm.weight": 1 + draw(16)}
    for layer in range(2):
        at = f"model.layers.{layer}."
        shapes = {"q": (16, 16), "k": (8, 16), "v": (8, 16), "o": (16, 16)}
        for name, shape in shapes.items():
            tensors[f"{at}self_attn.{name}_proj.weight"] = draw(*shape)
        for name, shape in {"gate": (24, 16), "up": (24, 16), "down": (16, 24)}.items():
            tensors[f"{at}mlp.{name}_proj.weight"] = draw(*shape)
        for name in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"{at}{name}.weight"] = 1 + draw(16)
    save_file(tensors, case.folder / "model.safetensors", metadata={"format": "pt"})
    case.only_files()


def case(name, tokenizer, config, what, texts=TEXTS, refusing=(), **files):
    """Records the vectors of a set of tokenizer files."""
    made = Case(
        ROOT, name, "llama", family="llama", tool=f"transformers {transformers.__version__}", what=what
    )
    made.json("tokenizer.json", tokenizer)
    made.json("tokenizer_config.json", config)
    for file, value in files.items():
        made.json(file + ".json", value)
    folder = made.assembled()
    encode = last_state(AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder))
    made.record(encode, texts, options=LAST)
    for text, message in refusing:
        try:
            encode("document", text)
            raise AssertionError(f"{name}: {text} is not refused")
        except IndexError:
            made.description["vectors"].append({"role": "document", "text": text, "error": message})
    harness.write_json(made.folder / "case.json", made.description)


def frame(tokenizer, before, after=()):
    vocab = tokenizer["model"]["vocab"]
    tokens = {t: vocab[t] if isinstance(vocab, dict) else [p for p, _ in vocab].index(t) for t in (*before, *after)}
    tokenizer["post_processor"] = tiny_tokenizers.template(tokens, before, after)
    return tokenizer


def trained(model, trainer, pre_tokenizer):
    made = Tokenizer(model)
    made.pre_tokenizer = pre_tokenizer
    made.train_from_iterator(tiny_tokenizers.CORPUS.split("\n"), trainer)
    return json.loads(made.to_str())


def unigram(**parts):
    trainer = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False
    )
    made = trained(models.Unigram(), trainer, pre_tokenizers.Metaspace())
    made.update(parts)
    return frame(made, ("<s>",))


def wordpiece(**parts):
    trainer = trainers.WordPieceTrainer(
        vocab_size=400, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False
    )
    made = trained(models.WordPiece(unk_token="<unk>"), trainer, pre_tokenizers.BertPreTokenizer())
    made.update(parts)
    return frame(made, ("<s>",), ("</s>",))


def llama2(**parts):
    made = tiny_tokenizers.llama2()
    made.update(parts)
    return made


def byte_level(add_prefix_space=False, **parts):
    made = tiny_tokenizers.byte_level(
        tiny_tokenizers.LLAMA3_PATTERN, ("<|endoftext|>", "<s>", "</s>"), 170
    )
    made["pre_tokenizer"] = {
        "type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": True, "use_regex": True,
    }
    made.update(parts)
    return made


def fast(**more):
    return {"tokenizer_class": "PreTrainedTokenizerFast", **SPECIALS, **more}


END = {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}


def saved(cls, **flags):
    """Both files as transformers 5 saves them."""
    source, target = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    harness.write_json(source / "tokenizer.json", llama2())
    made = getattr(transformers, cls).from_pretrained(source, **flags)
    for flag in flags:
        if flag.startswith("add_"):
            setattr(made, flag, flags[flag])
    made.save_pretrained(target)
    return tuple(json.loads((target / f).read_text()) for f in ("tokenizer.json", "tokenizer_config.json"))


def special_ids():
    image = tiny_tokenizers.added(ROWS, "<image>")
    within = dict(tiny_tokenizers.added(0, "<extra>"))
    tokenizer = llama2()
    free = len(tokenizer["model"]["vocab"])
    fillers = [tiny_tokenizers.added(free + i, f"<r{i}>") for i in range(ROWS - free)]
    beyond = llama2(added_tokens=tokenizer["added_tokens"] + fillers + [image])
    refusing = [("an <image> here", "'<image>' (id 520)")]
    case("added-beyond-json", beyond, fast(), "an unused added token beyond the embedding", refusing=refusing)
    decoder = {str(entry["id"]): {k: v for k, v in entry.items() if k != "id"} for entry in beyond["added_tokens"]}
    case(
        "added-beyond-config", llama2(added_tokens=beyond["added_tokens"][:-1]),
        fast(added_tokens_decoder=decoder, pad_token="<image>"),
        "the same in tokenizer_config.json, as padding", refusing=refusing,
    )
    case(
        "added-beyond-extra", llama2(added_tokens=beyond["added_tokens"][:-1]),
        fast(extra_special_tokens=["<image>"]),
        "the same as an extra special token of transformers 5", refusing=refusing,
    )
    named = fast(extra_special_tokens={"image_token": "<image>"})
    case("added-extra-named", llama2(added_tokens=tokenizer["added_tokens"] + fillers[:-1]), named, "a named special token of transformers 5", texts=TEXTS + ["an <image> here"])


def frames():
    for cls in ("LlamaTokenizer", "GemmaTokenizer", "TokenizersBackend"):
        for eos in (False, True):
            files = saved(cls, add_bos_token=True, add_eos_token=eos, **SPECIALS)
            case(f"saved-{cls}-eos-{eos}".lower(), *files, f"{cls} saved by transformers 5, add_eos_token={eos}")
    ends = frame(llama2(), (), ("</s>",))
    case("frame-no-flags", ends, {**SPECIALS, "tokenizer_class": "LlamaTokenizer"}, "no flags: the post-processor counts")
    none = llama2(post_processor=None)
    case("frame-nothing", none, {**SPECIALS, "tokenizer_class": "LlamaTokenizer"}, "neither flags nor a post-processor")
    case("neox", byte_level(post_processor=None, normalizer={"type": "NFC"}), {**END, "tokenizer_class": "GPTNeoXTokenizer"}, "GPTNeoXTokenizer, no frame")


def old_flags():
    for bos in (None, True, False):
        for eos in (None, True):
            flags = {k: v for k, v in {"add_bos_token": bos, "add_eos_token": eos}.items() if v is not None}
            if flags:
                case(
                    f"flags-bos-{bos}-eos-{eos}".lower(), frame(llama2(), (), ("</s>",)),
                    {**SPECIALS, "tokenizer_class": "LlamaTokenizer", "legacy": True, **flags},
                    f"LlamaTokenizer with {flags} against its post-processor",
                )
    case("neox-eos", byte_level(), {**END, "tokenizer_class": "GPTNeoXTokenizer", "add_eos_token": True}, "GPTNeoXTokenizer that appends EOS")
    case("gpt2-prefix-444", byte_level(), {**END, "tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True}, "add_prefix_space against tokenizer.json")


def switches():
    gpt2 = {**END, "tokenizer_class": "GPT2Tokenizer"}
    case("gpt2-prefix-true", byte_level(), {**gpt2, "add_prefix_space": True}, "add_prefix_space against tokenizer.json")
    case("gpt2-prefix-false", byte_level(True), {**gpt2, "add_prefix_space": False}, "add_prefix_space against tokenizer.json")
    case("gpt2-prefix-absent", byte_level(True), gpt2, "the class's own add_prefix_space against tokenizer.json")
    case("fast-prefix", byte_level(), {**END, "tokenizer_class": "PreTrainedTokenizerFast", "add_prefix_space": True}, "add_prefix_space without effect")
    for value in (True, False):
        config = {**SPECIALS, "tokenizer_class": "LlamaTokenizer", "add_prefix_space": value}
        case(f"llama-prefix-{value}".lower(), llama2(), config, f"LlamaTokenizer with add_prefix_space={value}")
    case("split-gpt2", byte_level(), {**gpt2, "split_special_tokens": True}, "special tokens in a text are text")
    extra = tiny_tokenizers.added(0, "<mark>", special=False)
    both = llama2()
    both["added_tokens"] += [tiny_tokenizers.added(len(both["model"]["vocab"]), "<hidden>"), extra]
    texts = TEXTS + ["a <hidden> and a <mark> here"]
    case("split-llama", both, fast(split_special_tokens=True), "the same with added tokens of both kinds", texts=texts)
    named = fast(split_special_tokens=True, extra_special_tokens={"mark_token": "<mark>"})
    case("split-named", both, named, "the same where the configuration calls an ordinary one special", texts=texts)
    case("split-not", both, fast(), "the same files without the switch", texts=texts)


def normalizers():
    replace = lambda pattern, content: {"type": "Replace", "pattern": pattern, "content": content}
    bar = tiny_tokenizers.SPACE_TO_BAR
    kinds = {
        "strip": {"type": "Strip", "strip_left": True, "strip_right": True},
        "strip-left": {"type": "Strip", "strip_left": True, "strip_right": False},
        "strip-accents": {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]},
        "replace-regex": replace({"Regex": "\\s+"}, " "),
        "replace-delete": replace({"Regex": "[0-9]"}, ""),
        "nmt": {"type": "Nmt"},
        "bert": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "nfkd": {"type": "NFKD"},
    }
    for name, kind in kinds.items():
        made = llama2(normalizer={"type": "Sequence", "normalizers": [kind, {"type": "Prepend", "prepend": "\u2581"}, bar]})
        case(f"normalizer-{name}", made, fast(), f"normalizer {kind['type']}")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "text").write_text(tiny_tokenizers.CORPUS)
        sentencepiece.SentencePieceTrainer.train(
            input=f"{folder}/text", model_prefix=f"{folder}/spm", vocab_size=300, character_coverage=0.98,
            hard_vocab_limit=False, normalization_rule_name="nmt_nfkc", minloglevel=2,
        )
        from sentencepiece import sentencepiece_model_pb2 as pb2
        spm = pb2.ModelProto()
        spm.ParseFromString((Path(folder) / "spm.model").read_bytes())
    import base64
    rules = {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(spm.normalizer_spec.precompiled_charsmap).decode()}
    case("unigram-precompiled", unigram(normalizer=rules), fast(), "SentencePiece's Unigram with its compiled rules")


def pre_tokenizers_():
    split = lambda pattern, behavior: {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": False}
    byte = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    kinds = {
        "bert": {"type": "BertPreTokenizer"},
        "delimiter": {"type": "CharDelimiterSplit", "delimiter": "e"},
        "scripts": {"type": "UnicodeScripts"},
        "fixed": {"type": "FixedLength", "length": 4},
        "whitespace": {"type": "Whitespace"},
        "punctuation": {"type": "Punctuation", "behavior": "Contiguous"},
        "digits": {"type": "Digits", "individual_digits": True},
        "merged": split({"Regex": "[aeiou]"}, "MergedWithNext"),
    }
    for name, kind in kinds.items():
        made = byte_level(pre_tokenizer={"type": "Sequence", "pretokenizers": [kind, byte]})
        case(f"pre-tokenizer-{name}", made, {**END, "tokenizer_class": "PreTrainedTokenizerFast"}, f"pre_tokenizer {kind['type']}")


def other_models():
    case("unigram", unigram(), fast(), "a Unigram tokenizer")
    case("unigram-nfkc", unigram(normalizer={"type": "NFKC"}), fast(), "a Unigram tokenizer with NFKC")
    case("wordpiece", wordpiece(), fast(), "a WordPiece tokenizer")
    lower = wordpiece(normalizer={"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True})
    case("wordpiece-lower", lower, fast(), "a WordPiece tokenizer as BERT has it")
    words = {"<unk>": 0, "<s>": 1, "</s>": 2}
    for word in tiny_tokenizers.CORPUS.split():
        if len(words) < ROWS:
            words.setdefault(word, len(words))
    level = tiny_tokenizers.document(
        pre_tokenizer={"type": "WhitespaceSplit"},
        model={"type": "WordLevel", "vocab": words, "unk_token": "<unk>"},
    )
    case("wordlevel", frame(level, ("<s>",)), fast(), "a WordLevel tokenizer")


if NEW:
    base()
    special_ids()
    frames()
    switches()
    normalizers()
    pre_tokenizers_()
    other_models()
else:
    old_flags()
