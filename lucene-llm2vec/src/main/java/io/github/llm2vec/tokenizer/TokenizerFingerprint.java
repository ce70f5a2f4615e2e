/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import io.github.llm2vec.files.ContentHash;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Tells tokenizers apart that give other ids to the same text: a hash of the ids of a few texts and
 * of what frames a sequence. Files are not compared, because every program that saves a tokenizer
 * writes them differently; ids are what a model sees.
 */
final class TokenizerFingerprint {

  /** Words, cases, digits, blanks, marks, and scripts. Never to be changed: hashes are kept. */
  private static final List<String> PROBES =
      List.of(
          "",
          "hello",
          " hello",
          "Hello World, this is THE end.",
          "  two  blanks\tand\n\nlines \n",
          "don't we've I'll 12 345 6789 3.14 x=y+1; // 100%",
          "Café naïve Ångström cafe\u0301 ﬁne Straße",
          "Привет мир Γειά σου שלום العربية हिन्दी ไทย",
          "你好，世界。 こんにちは 안녕하세요",
          "🙂 👩\u200d💻 €5 ½ ™ \u00a0 \u3000 \ufeff",
          "<s> </s> <unk> [CLS] [SEP] <pad> <|endoftext|> <|im_start|> <bos> <eos>",
          "internationalisation antidisestablishmentarianism zzzzzzzzqqqq");

  private TokenizerFingerprint() {}

  static String of(Tokenizer tokenizer) {
    StringBuilder ids = new StringBuilder();
    ids.append(tokenizer.prefixIds()).append(tokenizer.suffixIds());
    if (tokenizer.truncatesLeft()) {
      ids.append("left");
    }
    for (String probe : PROBES) {
      try {
        ids.append(Arrays.toString(tokenizer.encode(probe)));
      } catch (IllegalArgumentException e) {
        // A token of it lies beyond the model's embedding: such a text is refused.
        ids.append("refused");
      }
    }
    byte[] digest =
        ContentHash.digest("SHA-256").digest(ids.toString().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest, 0, 8);
  }
}
