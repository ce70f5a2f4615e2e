/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PythonTextTest {

  /** What {@code [c for c in range(0x110000) if chr(c).isspace()]} prints in Python 3.11. */
  private static final List<Integer> PYTHON_SPACES =
      List.of(
          9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197,
          8198, 8199, 8200, 8201, 8202, 8232, 8233, 8239, 8287, 12288);

  @Test
  void knowsPythonsWhitespace() {
    List<Integer> spaces =
        IntStream.rangeClosed(0, 0xFFFF).filter(c -> PythonText.isSpace((char) c)).boxed().toList();
    assertEquals(PYTHON_SPACES, spaces);
  }

  @Test
  void stripsBothEnds() {
    assertEquals("a b", PythonText.strip("\u00a0\u3000 a b\u001f\u0085"));
    assertEquals("", PythonText.strip(" \n"));
    assertEquals("\u200b", PythonText.strip("\u200b"));
  }

  @Test
  void splitsAtRunsOfWhitespace() {
    assertEquals(List.of("a", "b", "c"), PythonText.words(" a\u2003\u00a0b\n\nc "));
    assertEquals(List.of(), PythonText.words("\t"));
  }

  @Test
  void replacesOnlySurrogatesWithoutPartner() {
    String whole = "a\ud83d\ude00b";
    assertSame(whole, PythonText.wellFormed(whole));
    assertEquals("\ufffda\ufffd", PythonText.wellFormed("\ude00a\ud83d"));
    assertEquals("\ufffd\ud83d\ude00\ufffd", PythonText.wellFormed("\ud83d\ud83d\ude00\ude00"));
  }
}
