/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The retrieval set that an encoder is evaluated on while it is trained; not upstream's.
 *
 * @param folder {@code eval_retrieval}: a folder in BEIR's layout
 * @param split {@code eval_retrieval_split}: which of its judgements count
 */
public record RetrievalArguments(Path folder, String split) {

  static Optional<RetrievalArguments> read(ConfigValues values) {
    Optional<Path> folder = values.optionalText("eval_retrieval").map(Path::of);
    String split = values.text("eval_retrieval_split", "test");
    return folder.map(path -> new RetrievalArguments(path, split));
  }
}
