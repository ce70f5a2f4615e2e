/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.mini;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Prompt;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MiniModelTest {

  @TempDir private Path cache;

  @Test
  void itsNameOpensWhatItsFolderHolds() throws IOException {
    List<String> texts = List.of("A cat sat on the mat.", "the guitar");
    MiniModel mini = new MiniModel(cache);
    float[][] byName;
    try (Llm2Vec model = Llm2Vec.open(mini.name())) {
      byName = model.encode(texts, Prompt.document());
    }
    Path folder = mini.folder();
    try (Llm2Vec model = Llm2Vec.open(folder)) {
      assertEquals(number(folder, "hidden_size"), model.dimensions());
      float[][] byFolder = model.encode(texts, Prompt.document());
      for (int i = 0; i < texts.size(); i++) {
        assertArrayEquals(byFolder[i], byName[i]);
      }
      assertFalse(Arrays.equals(byFolder[0], byFolder[1]));
    }
  }

  @Test
  void itsFolderHoldsTheFilesOfTheJar() throws IOException {
    Path folder = new MiniModel(cache).folder();
    assertTrue(folder.startsWith(cache));
    for (String file : MiniModel.FILES) {
      try (InputStream in = MiniModel.class.getResourceAsStream("checkpoint/" + file)) {
        assertArrayEquals(in.readAllBytes(), Files.readAllBytes(folder.resolve(file)), file);
      }
    }
  }

  /** What is passed on without its licence may not be passed on. */
  @Test
  void itsCardNamesItsLicence() throws IOException {
    try (InputStream card = MiniModel.card()) {
      String text = new String(card.readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(text.contains("icence") || text.contains("icense"), text);
    }
  }

  private static int number(Path folder, String key) throws IOException {
    Matcher found =
        Pattern.compile("\"" + key + "\"\\s*:\\s*(\\d+)")
            .matcher(Files.readString(folder.resolve("config.json")));
    assertTrue(found.find());
    return Integer.parseInt(found.group(1));
  }
}
