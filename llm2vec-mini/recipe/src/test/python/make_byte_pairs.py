# SPDX-License-Identifier: Apache-2.0
"""What the tokenizers library learns from the sample of SciFact in this repository. See README.md.

Usage: make_byte_pairs.py PROJECT RESOURCES

Writes RESOURCES/byte-pairs.json.gz: the vocabulary, the merges and some ids of two tokenizers, one of
them in lower case, and the odd lines that both were trained on, too.
"""

import gzip
import json
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
ODD = [
    "",
    " ",
    "   leading blanks, trailing ones   ",
    "tab\tand\u00a0no-break\u2003em space\u0085next line",
    "ISTANBUL İstanbul ıI ΣΊΣΥΦΟΣ Σ ẞß ǅ K Å",
    "it'S HE'LL we'Ve they'ſ 'd",
    "1234567 3.14159 ½ ٣٤٥ ⅷ",
    "naïve cafe\u0301 日本語のテキスト 한국어 हिन्दी ภาษาไทย",
    "😀👍🏽 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u200b\ufeff",
    "aaaaaaaaaaaaaaaa abababababab a a a a!!!!!!! ?!?!",
    "carriage\rreturn\r\nand newline\n\n\nthree   ",
]
SPECIAL = ["<s>", "</s>", "<pad>", "<mask>", "<unk>"]


def train(texts, size, lowercase):
    """A tokenizer as the project defines it, trained by the library."""
    tokenizer = Tokenizer(models.BPE())
    if lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(SPECIAL),
        min_frequency=2,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    return tokenizer


def main(project, resources):
    with gzip.open(project / "examples/scifact/corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        documents = [json.loads(line)["text"] for line in lines]
    texts = documents[:300] + ODD
    cases = []
    for size, lowercase in ((1500, False), (3000, True)):
        tokenizer = train(texts, size, lowercase)
        model = json.loads(tokenizer.to_str())["model"]
        vocabulary = sorted(model["vocab"], key=model["vocab"].get)
        probes = documents[300:310] + ODD + ["<s> inside <mask> text</s>"]
        cases.append(
            {
                "size": size,
                "lowercase": lowercase,
                "vocabulary": vocabulary,
                "merges": [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]],
                "ids": [[probe, tokenizer.encode(probe).ids] for probe in probes],
            }
        )
    data = json.dumps({"odd": ODD, "cases": cases}, ensure_ascii=True, separators=(",", ":"))
    (resources / "byte-pairs.json.gz").write_bytes(gzip.compress(data.encode(), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
