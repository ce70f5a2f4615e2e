/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.llm2vec.lucene.example.SearchYourDocuments;
import java.util.List;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.Test;

class SearchYourDocumentsTest {

  @Test
  void theExampleRuns() throws Exception {
    StringBuilder out = new StringBuilder();
    try (Directory directory = new ByteBuffersDirectory()) {
      SearchYourDocuments.run(
          new HashedWordsEncoder(2048),
          directory,
          List.of(
                  new SourceDocument("1", "Bread", "Mix flour, water, salt and yeast."),
                  new SourceDocument("2", "Tides", "The moon pulls the water of the sea."),
                  new SourceDocument("3", "Chess", "Two players move in turn."))
              .iterator(),
          "why does the sea water rise with the moon",
          out);
    }
    assertEquals(
        "Tides (words 1, vectors 1)\nBread (words 2, vectors 2)\nChess (words 0, vectors 3)\n",
        out.toString());
  }
}
