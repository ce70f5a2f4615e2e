/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The model card of a result, {@code README.md} as the Hugging Face hub has it: what it was made of
 * and how, its figures, and how to use it. The licence is left to whoever publishes it. A card that
 * somebody has written, or taken the mark out of, is left alone.
 *
 * @param stage what was done, a sentence
 * @param base the base model as the configuration names it; "" for a new model
 * @param data what it was trained on, files or names of datasets
 * @param library the {@code library_name} of the hub
 * @param config all keys of the run
 */
record ModelCard(String stage, String base, List<String> data, String library, ObjectNode config) {

  static final String FILE = "README.md";

  private static final String MARK =
      "<!-- Written by the training run; take this line out, and the card is left alone. -->";
  private static final ObjectMapper JSON = new ObjectMapper();

  ModelCard {
    data = List.copyOf(data);
  }

  /** Writes the card into the folder of a result, whose figures are read from its files. */
  void write(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file) || Files.readString(file).contains(MARK)) {
      AtomicFile.write(file, text(folder));
    }
  }

  private String text(Path folder) throws IOException {
    StringBuilder card = new StringBuilder("---\n");
    card.append("# Name the licence, which those of the base model and of the data must allow.\n");
    card.append("license:\n");
    if (!base.isEmpty()) {
      card.append("base_model: ").append(JSON.writeValueAsString(base)).append('\n');
    }
    card.append("library_name: ").append(library).append('\n');
    card.append("pipeline_tag: sentence-similarity\n");
    card.append("tags:\n- feature-extraction\n- sentence-similarity\n- llm2vec\n---\n");
    card.append(MARK).append("\n\n# ").append(folder.toAbsolutePath().getFileName());
    card.append("\n\n").append(stage).append("\n\n| | |\n| --- | --- |\n");
    row(card, "base model", base.isEmpty() ? "none, random weights" : base);
    row(card, "data", String.join(", ", data));
    Path results = folder.resolve("all_results.json");
    JsonNode figures =
        Files.exists(results) ? JSON.readTree(results.toFile()) : JSON.createObjectNode();
    for (Map.Entry<String, JsonNode> figure : figures.properties()) {
      String value = String.format(Locale.ROOT, "%.4f", figure.getValue().asDouble());
      row(card, "`" + figure.getKey() + "`", value);
    }
    card.append("\n## Use\n\n```sh\nbin/llm2vec encode --model ").append(quoted(folder));
    card.append(" --input texts.txt --output vectors.npy\n```\n");
    String python = python(folder);
    if (!python.isEmpty()) {
      card.append("\n```python\n").append(python).append("```\n");
    }
    card.append("\n## Configuration\n\n```json\n");
    card.append(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(config));
    return card.append("\n```\n").toString();
  }

  private static String quoted(Path folder) {
    return folder.getFileName().toString();
  }

  private static String python(Path folder) {
    boolean itself = Files.exists(folder.resolve("modules.json"));
    Path inside = folder.resolve(ResultFiles.FOLDER);
    if (!itself && !Files.exists(inside)) {
      return "";
    }
    String name = folder.getFileName() + (itself ? "" : "/" + ResultFiles.FOLDER);
    return """
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer("%s")
        vectors = model.encode(["a text", "another"])
        """
        .formatted(name);
  }

  private static void row(StringBuilder card, String name, String value) {
    card.append("| ").append(name).append(" | ").append(value.replace("|", "\\|")).append(" |\n");
  }
}
