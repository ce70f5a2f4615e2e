/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.tokenizer.TokenizerOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CompatibilityTest {

  @Test
  void readsPresetsAndChanges() {
    assertEquals(Compatibility.PUBLISHED, Compatibility.parse("published"));
    assertEquals(Compatibility.UPSTREAM, Compatibility.parse("upstream"));
    Compatibility changed = Compatibility.parse("published, +word-shortening,-atomic-mask-token");
    assertTrue(changed.has(CompatibilityFlag.WORD_SHORTENING));
    assertFalse(changed.has(CompatibilityFlag.ATOMIC_MASK_TOKEN));
    assertTrue(changed.has(CompatibilityFlag.WINDOW_OF_TEXT_ALONE));
  }

  @Test
  void namesWhatItKnows() {
    String unknown =
        assertThrows(IllegalArgumentException.class, () -> Compatibility.parse("published,+x"))
            .getMessage();
    assertTrue(unknown.contains("word-shortening") && unknown.endsWith("got 'x'"), unknown);
    assertThrows(IllegalArgumentException.class, () -> Compatibility.parse("sane"));
    assertThrows(
        IllegalArgumentException.class, () -> Compatibility.parse("published,word-shortening"));
  }

  @Test
  void keepsWhatPublishedCheckpointsDependOn() {
    assertTrue(Compatibility.PUBLISHED.has(CompatibilityFlag.ATOMIC_MASK_TOKEN));
    assertTrue(Compatibility.PUBLISHED.has(CompatibilityFlag.WINDOW_OF_TEXT_ALONE));
    assertFalse(Compatibility.PUBLISHED.has(CompatibilityFlag.EMPTY_POOLS_PADDING));
    assertEquals(TokenizerOptions.DEFAULTS, Compatibility.PUBLISHED.tokenizerOptions());
    // transformers 4.44 frames by class where no flag is written.
    assertEquals(TokenizerOptions.Frame.CLASS, Compatibility.UPSTREAM.tokenizerOptions().frame());
  }

  @Test
  void writesTheSameTextInEveryRun() {
    Compatibility one =
        Compatibility.parse("published,+word-shortening,+qwen2-causal,-template-by-name");
    assertEquals(
        "Compatibility[flags=[QWEN2_CAUSAL, WORD_SHORTENING, WINDOW_OF_TEXT_ALONE,"
            + " ATOMIC_MASK_TOKEN]]",
        one.toString());
  }

  @Test
  void everyOptionIsDocumented() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "compatibility.md"));
    for (CompatibilityFlag flag : CompatibilityFlag.values()) {
      assertTrue(page.contains("`" + flag.optionName() + "`"), flag.optionName());
    }
    for (int trap = 1; trap <= 22; trap++) {
      assertTrue(page.contains("\n| " + trap + " |"), "trap " + trap);
    }
  }
}
