/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.trainer.data.Streams;
import io.github.llm2vec.trainer.dataloader.MaskFileDataLoader;
import io.github.llm2vec.trainer.dataloader.MntpBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanguageObjectiveTest {

  @TempDir Path folder;

  /** Nothing precedes the first token, so nothing can predict it. */
  @Test
  void ignoresALabelAtTheStartOfARow() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("masks.jsonl"),
            """
            {"input_ids": [[1, 2], [3, 4]], "attention_mask": [[1, 1], [1, 1]], \
            "labels": [[7, -100], [-100, -100]]}
            {"input_ids": [[1, 2], [3, 0]], "attention_mask": [[1, 1], [1, 0]], \
            "labels": [[7, -100], [8, -100]]}
            {"input_ids": [[1, 2], [3, 4]], "attention_mask": [[1, 1], [1, 1]], \
            "labels": [[7, -100], [-100, 8]]}
            """);
    List<MntpBatch> batches = Streams.all(new MaskFileDataLoader(file).epoch(0, 0));
    // What is asked here needs no model.
    LanguageObjective<MntpBatch> objective = LanguageObjective.masked(null);
    assertTrue(objective.isEmpty(batches.get(0)));
    assertTrue(objective.isEmpty(batches.get(1)));
    assertFalse(objective.isEmpty(batches.get(2)));
    assertEquals(3, objective.tokens(batches.get(1)));
    assertEquals(2, objective.rows(batches.get(1)));
  }
}
