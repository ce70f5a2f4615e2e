# SPDX-License-Identifier: Apache-2.0
"""Small tokenizers that are built like the real ones of each model family.

Every builder returns the text of a tokenizer.json. The training text below was written for this
file; it touches many scripts, so that merges exist for some and byte pieces serve the rest.
"""

import collections
import json

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from tokenizers import Regex

CORPUS = """
The quick brown fox jumps over the lazy dog while the river runs past the old stone bridge.
A search engine turns a question into a vector and looks for the documents that lie closest to it.
How do vaccines work? They show the body a harmless part of a germ, so that it learns to answer it.
Given a web search query, retrieve relevant passages that answer the query: what is the capital?
Retrieve semantically similar text. Classify the emotion expressed in the given message.
She said that the train would leave at seven, but nobody was there when the whistle blew again.
In the beginning there was only water, and the wind that moved over it from one end to the other.
Prices rose by 12 percent in 2019 and fell by 3.5 percent in 2021; the report lists 1,024 items.
def __init__(self, _first, _second): self.__name__, self.__doc__ = _first, _second or __file__
snake_case _first _second __init__ __main__ __name__ __doc__ __file__ _third _fourth
def main(argument): return [value for value in argument if value is not None and value > 0]
Das Mädchen läuft über die Brücke und grüßt die Gäste, während es draußen regnet und stürmt.
Les élèves français étaient très contents d'avoir reçu leurs cadeaux à Noël, près de la forêt.
El niño pequeño comió una manzana y después se durmió en la montaña bajo el cielo de España.
Não há nada de novo sob o sol, disse a avó, e as crianças começaram a rir à janela da cozinha.
Žluťoučký kůň úpěl ďábelské ódy. Zażółć gęślą jaźń. Příliš mnoho práce, říká učitel.
Быстрая коричневая лиса прыгает через ленивую собаку, а старый мост стоит над рекой.
Поисковая система превращает вопрос в вектор и ищет документы, которые лежат ближе всего.
Η γρήγορη αλεπού πηδάει πάνω από το τεμπέλικο σκυλί και η γέφυρα στέκεται πάνω από το ποτάμι.
الثعلب البني السريع يقفز فوق الكلب الكسول والجسر القديم يقف فوق النهر.
敏捷的棕色狐狸跳过了懒狗。搜索引擎把问题变成向量，然后寻找最近的文档。
素早い茶色の狐がのろまな犬を飛び越える。検索エンジンは質問をベクトルに変える。
The teacher wrote three words on the board: remember, imagine, compare. Nobody asked why.
When the market opened, the traders were already waiting with their lists and their lanterns.
It is not the answer that matters most, but the way in which one reaches it, she told them.
""".strip()

LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")


def added(token_id, content, special=True, **flags):
    """One entry of tokenizer.json's added_tokens."""
    entry = {
        "id": token_id,
        "content": content,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": special,
    }
    entry.update(flags)
    return entry


def template(tokens, before=(), after=()):
    """A TemplateProcessing post-processor: named special tokens around the text."""

    def parts(sequence, type_id):
        special = lambda name: {"SpecialToken": {"id": name, "type_id": type_id}}
        text = {"Sequence": {"id": sequence, "type_id": type_id}}
        return [special(n) for n in before] + [text] + [special(n) for n in after]

    names = {n: {"id": n, "ids": [tokens[n]], "tokens": [n]} for n in (*before, *after)}
    return {
        "type": "TemplateProcessing",
        "single": parts("A", 0),
        "pair": parts("A", 0) + parts("B", 1),
        "special_tokens": names,
    }


def document(**parts):
    """tokenizer.json with every key in its usual place."""
    keys = ("truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer")
    result = {"version": "1.0"}
    for key in (*keys, "post_processor", "decoder", "model"):
        result[key] = parts.get(key, [] if key == "added_tokens" else None)
    return result


def to_text(tokenizer):
    """Pretty enough to read in a diff, small enough to commit."""
    return json.dumps(tokenizer, ensure_ascii=False, indent=1) + "\n"


# ---------------------------------------------------------------------------- byte-level BPE


def byte_level(pattern, specials, merges, normalizer=None, ignore_merges=False, pairs=False):
    """Byte-level BPE as Llama-3 and Qwen2 have it; specials follow the 256 bytes and the merges."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    split = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = split
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + merges, initial_alphabet=alphabet, show_progress=False
    )
    trained.train_from_iterator(CORPUS.split("\n"), trainer)
    model = json.loads(trained.to_str())["model"]
    rules = [m.split(" ") if isinstance(m, str) else m for m in model["merges"]]
    first = len(model["vocab"])
    added_tokens = [added(first + i, name) for i, name in enumerate(specials)]
    return document(
        added_tokens=added_tokens,
        normalizer=normalizer,
        pre_tokenizer={
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "pattern": {"Regex": pattern},
                    "behavior": "Isolated",
                    "invert": False,
                },
                {
                    "type": "ByteLevel",
                    "add_prefix_space": False,
                    "trim_offsets": True,
                    "use_regex": False,
                },
            ],
        },
        decoder={
            "type": "ByteLevel",
            "add_prefix_space": True,
            "trim_offsets": True,
            "use_regex": True,
        },
        model={
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": ignore_merges,
            "vocab": model["vocab"],
            "merges": rules if pairs else [" ".join(rule) for rule in rules],
        },
    )


LLAMA3_SPECIALS = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|reserved_special_token_0|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
)
QWEN_SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def ids(tokenizer):
    """Added tokens by content."""
    return {entry["content"]: entry["id"] for entry in tokenizer["added_tokens"]}


def llama3():
    """BOS in front, whole words of the vocabulary taken before merges."""
    tokenizer = byte_level(LLAMA3_PATTERN, LLAMA3_SPECIALS, 170, ignore_merges=True)
    bos = template(ids(tokenizer), before=("<|begin_of_text|>",))
    first = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False}
    first["use_regex"] = True
    tokenizer["post_processor"] = {"type": "Sequence", "processors": [first, bos]}
    return tokenizer


def qwen2():
    """No BOS; text is composed (NFC) first; digits one by one."""
    tokenizer = byte_level(QWEN2_PATTERN, QWEN_SPECIALS, 180, normalizer={"type": "NFC"})
    tokenizer["post_processor"] = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": False,
    }
    return tokenizer


def qwen3_embedding():
    """Qwen2's, with <|endoftext|> put behind the text and merges written as pairs."""
    tokenizer = byte_level(
        QWEN2_PATTERN, QWEN_SPECIALS, 160, normalizer={"type": "NFC"}, pairs=True
    )
    first = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False}
    first["use_regex"] = False
    last = template(ids(tokenizer), after=("<|endoftext|>",))
    tokenizer["post_processor"] = {"type": "Sequence", "processors": [first, last]}
    return tokenizer


# ------------------------------------------------------------------- BPE with byte fallback


def sentencepiece_model(specials, merges):
    """Pieces with a visible space, byte pieces for whatever has no piece of its own."""
    counts = collections.Counter(CORPUS)
    known = {c for c, n in counts.items() if n >= 6} - {"\n"}
    text = "".join(c if c in known or c == "\n" else " " for c in CORPUS)
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=len(known) + 2 + merges, show_progress=False)
    trained.train_from_iterator(text.split("\n"), trainer)
    model = json.loads(trained.to_str())["model"]
    rules = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in model["merges"]]
    rules.append(("\u2581", "\u2581"))
    joined = [left + right for left, right in rules]
    letters = [piece for piece in model["vocab"] if len(piece) == 1]
    pieces = [*specials, *(f"<0x{byte:02X}>" for byte in range(256)), *joined, *letters]
    vocab = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": "<unk>",
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": True,
        "vocab": vocab,
        "merges": [" ".join(rule) for rule in rules],
    }


SPACE_TO_BAR = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
SENTENCEPIECE_DECODER = {
    "type": "Sequence",
    "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    ],
}


def with_bos(model, names, before, after=(), **parts):
    """Puts added tokens and the post-processor to a byte-fallback model."""
    added_tokens = [added(model["vocab"][name], name) for name in names]
    processor = template(model["vocab"], before=before, after=after)
    return document(
        added_tokens=added_tokens,
        post_processor=processor,
        decoder=SENTENCEPIECE_DECODER,
        model=model,
        **parts,
    )


def llama2():
    """Llama-2 and Mistral 7B v0.1/v0.2: the space is put before every piece of text."""
    specials = ("<unk>", "<s>", "</s>")
    prepend = {"type": "Prepend", "prepend": "\u2581"}
    normalizer = {"type": "Sequence", "normalizers": [prepend, SPACE_TO_BAR]}
    model = sentencepiece_model(specials, 180)
    return with_bos(model, specials, ("<s>",), normalizer=normalizer)


def mistral_metaspace():
    """Later Mistral files: a Metaspace pre-tokenizer that only touches the first piece."""
    specials = ("<unk>", "<s>", "</s>")
    metaspace = {
        "type": "Metaspace",
        "replacement": "\u2581",
        "prepend_scheme": "first",
        "split": False,
    }
    model = sentencepiece_model(specials, 150)
    return with_bos(model, specials, ("<s>",), pre_tokenizer=metaspace)


def gemma(append_eos=False):
    """Gemma: no space put in front, chat marks among the specials; EmbeddingGemma adds EOS."""
    specials = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
    split = {
        "type": "Split",
        "pattern": {"String": " "},
        "behavior": "MergedWithPrevious",
        "invert": False,
    }
    model = sentencepiece_model(specials, 140)
    after = ("<eos>",) if append_eos else ()
    tokenizer = with_bos(
        model, specials, ("<bos>",), after, normalizer=SPACE_TO_BAR, pre_tokenizer=split
    )
    decoders = SENTENCEPIECE_DECODER["decoders"][:3]
    tokenizer["decoder"] = {"type": "Sequence", "decoders": decoders}
    return tokenizer
