# SPDX-License-Identifier: Apache-2.0
"""The texts, instructions and options that every checkpoint is asked to encode."""

SEPARATOR = "!@#$%^&*()"
WEB = "Given a web search query, retrieve relevant passages that answer the query:"
SIMILAR = "Retrieve semantically similar text:"

PARAGRAPH = (
    "The keeper of the lighthouse climbed the stairs every evening, lit the lamp and wrote one "
    "line into the book: the wind, the ships, the weather. When he was old he read the lines "
    "from the first to the last and found that they told the story of a life, although not one "
    "of them was about himself."
)
ZH = "敏捷的棕色狐狸跳过了懒狗。搜索引擎把问题变成向量，然后寻找最近的文档。"
TEXTS = {
    "plain": "The quick brown fox jumps over the lazy dog.",
    "question": "how do vaccines work?",
    "one-letter": "a",
    "paragraph": PARAGRAPH,
    "accents": "Müller's café in São Paulo: naïve coöperation — Ærø, Łódź, žluťoučký kůň.",
    "decomposed": "Cafe\u0301 and n\u0303andu\u0301, A\u030angstro\u0308m",
    "cyrillic": "Быстрая лиса прыгает через ленивую собаку.",
    "greek": "Η γρήγορη αλεπού πηδάει πάνω από το σκυλί.",
    "arabic": "الثعلب البني السريع يقفز فوق الكلب الكسول.",
    "hebrew": "השועל החום המהיר קופץ מעל הכלב העצלן.",
    "hindi": "तेज़ भूरी लोमड़ी आलसी कुत्ते के ऊपर कूदती है।",
    "thai": "สุนัขจิ้งจอกสีน้ำตาลกระโดดข้ามสุนัขขี้เกียจ",
    "chinese": ZH,
    "japanese": "素早い茶色の狐がのろまな犬を飛び越える。",
    "korean": "빠른 갈색 여우가 게으른 개를 뛰어넘는다.",
    "emoji": "ship it 🚢🎉 👩‍👩‍👧‍👦 👍🏽 🇪🇺 ok?",
    "empty": "",
    "space": " ",
    "whitespace": "\n\t  \n",
    "outer-whitespace": "  \n two  words \n\n and\ttabs  ",
    "unicode-whitespace": "\u3000\u00a0wide\u2003spaces\u200band\u202fmore\u0085\u001c",
    "nul": "before\u0000after\u0007bell",
    "specials": "a <|eot_id|> b </s> c<s> <bos>d <|im_end|>e <eos> [/INST] <|endoftext|>",
    "separator": f"before {SEPARATOR} after",
    "two-separators": f"one{SEPARATOR}two{SEPARATOR}three",
    "underscores": "def __init__(self, _x): return snake_case_name ___",
    "numbers": "3.14159 1234567 10,000 2²",
    "url": "https://example.org/a/very/long/path?with=parameters&and=more#fragment",
    "repeated": "la " * 40,
    "ideographic-spaces": "\u3000".join(["棕色狐狸", "懒狗", "文档", "问题"] * 4),
    "nbsp-words": "\u00a0".join(PARAGRAPH.split()[:30]),
    "line-separators": "\u2028".join(PARAGRAPH.split()[:24]) + "\u0085end\u001ffinal words here",
    "long": " ".join([PARAGRAPH] * 8),
    "long-chinese": ZH * 8,
    "long-cyrillic": "Поисковая система превращает вопрос в вектор и ищет документы. " * 14,
}

# Pairs of (name of text, instruction); the instruction is empty unless said otherwise.
LONG = ("long", "long-chinese", "long-cyrillic")
EVERY = [(name, "") for name in TEXTS if name not in LONG]
INSTRUCTED = [
    ("plain", SIMILAR),
    ("question", WEB),
    ("one-letter", WEB),
    ("accents", "  Padded instruction: \n"),
    ("chinese", "为这个句子生成表示："),
    ("emoji", SIMILAR),
    ("empty", WEB),
    ("space", SIMILAR),
    ("outer-whitespace", WEB),
    ("specials", SIMILAR),
    ("separator", SIMILAR),
    ("plain", "   "),
    ("plain", f"with {SEPARATOR} inside"),
    ("underscores", "snake_case instruction_"),
]
SOME = [
    ("plain", ""),
    ("paragraph", ""),
    ("accents", ""),
    ("japanese", ""),
    ("emoji", ""),
    ("empty", ""),
    ("space", ""),
    ("outer-whitespace", ""),
    ("question", WEB),
    ("empty", SIMILAR),
]
SHORTENED = [
    ("plain", ""),
    ("paragraph", ""),
    ("paragraph", SIMILAR),
    ("question", WEB),
    ("chinese", ""),
    ("thai", ""),
    ("cyrillic", ""),
    ("emoji", SIMILAR),
    ("url", ""),
    ("repeated", ""),
    ("ideographic-spaces", ""),
    ("nbsp-words", ""),
    ("line-separators", ""),
    ("specials", ""),
    ("two-separators", ""),
    ("outer-whitespace", ""),
    ("empty", ""),
]
CUT = [
    ("plain", ""),
    ("paragraph", ""),
    ("paragraph", SIMILAR),
    ("question", WEB),
    ("cyrillic", ""),
    ("chinese", WEB),
    ("specials", SIMILAR),
    ("empty", ""),
]
OVER_LONG = [("long", ""), ("long-chinese", ""), ("long-cyrillic", ""), ("question", "")]


def group(name, cases, pooling="mean", skip=True, max_length=512, doc_max_length=400, batch=True):
    """One call of encode: options and the texts that it gets."""
    options = {
        "pooling_mode": pooling,
        "skip_instruction": skip,
        "max_length": max_length,
        "doc_max_length": doc_max_length,
    }
    return {"name": name, "options": options, "cases": cases, "batch": batch}


LLM2VEC_GROUPS = [
    group("mean", EVERY),
    group("mean-instructions", INSTRUCTED),
    group("mean-with-instruction-pooled", SOME, skip=False),
    group("weighted-mean", SOME, "weighted_mean"),
    group("weighted-mean-with-instruction-pooled", SOME, "weighted_mean", skip=False),
    group("eos-token", SOME, "eos_token"),
    group("last-token", SOME, "last_token"),
    group("bos-token", [*SOME, ("specials", "")], "bos_token"),
    group("shortened", SHORTENED, max_length=32, doc_max_length=20),
    group("shortened-twice", SHORTENED, max_length=26, doc_max_length=10),
    group("cut", CUT, max_length=24),
    group("eos-token-cut", CUT, "eos_token", max_length=24),
    group("over-long", OVER_LONG),
]
# For further views of a checkpoint (second attention, other dtype, other adapters).
BRIEF_GROUPS = [
    group("mean", SOME + [("underscores", ""), ("paragraph", SIMILAR)]),
    group("mean-with-instruction-pooled", SOME[-3:] + SOME[:2], skip=False),
    group("weighted-mean", SOME[:4], "weighted_mean"),
    group("last-token", SOME[:4], "last_token"),
]
