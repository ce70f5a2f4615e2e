/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.results;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.trainer.mteb.task.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * {@code model_meta.json}: what MTEB's tools read about a model beside its results.
 *
 * @param name of the model; a slash parts the organisation from the model, and where there is none
 *     {@value #ORGANISATION} stands before it, since MTEB refuses a name without one
 * @param revision of the model; names a folder
 * @param dimensions length of its vectors, 0 if it has none
 * @param usesInstructions whether queries carry an instruction
 */
public record ModelMeta(String name, String revision, int dimensions, boolean usesInstructions) {

  private static final String ORGANISATION = "local/";

  private static final List<String> UNKNOWN =
      List.of(
          "release_date",
          "loader",
          "n_parameters",
          "memory_usage_mb",
          "max_tokens",
          "license",
          "public_training_code",
          "public_training_data",
          "reference",
          "training_datasets",
          "adapted_from",
          "superseded_by");

  /** Rejects names that cannot be folders. */
  public ModelMeta {
    for (String part : List.of(name, revision)) {
      if (part.isBlank() || part.contains("..") || part.contains("\\")) {
        throw new IllegalArgumentException(
            "'" + part + "' cannot be the name or revision of a model: it names a folder");
      }
    }
    name = name.contains("/") ? name : ORGANISATION + name;
  }

  /** Where the results of this system are: {@code RESULTS/NAME/REVISION}, as MTEB lays them out. */
  public Path folder(Path results) {
    return results
        .resolve(name.replace("/", "__").replace(" ", "_"))
        .resolve(revision.replace("/", "__"));
  }

  /**
   * The name of the system whose result files are in a folder, without our own organisation.
   *
   * @return empty if there is no {@code model_meta.json} that says it
   */
  public static Optional<String> nameIn(Path folder) throws IOException {
    Path file = folder.resolve("model_meta.json");
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      String name = new ObjectMapper().readTree(file.toFile()).path("name").asText("");
      return Optional.of(
              name.startsWith(ORGANISATION) ? name.substring(ORGANISATION.length()) : name)
          .filter(found -> !found.isEmpty());
    } catch (JsonProcessingException e) {
      throw new DatasetException(file + " is not valid JSON: " + e.getOriginalMessage());
    }
  }

  /** Writes {@code model_meta.json}. */
  public void write(Path results) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("name", name);
    root.put("revision", revision);
    root.putArray("languages").add("eng-Latn");
    root.put("open_weights", true);
    root.putArray("framework");
    if (dimensions > 0) {
      root.put("embed_dim", dimensions);
      root.put("similarity_fn_name", "cosine");
    } else {
      root.putNull("embed_dim");
      root.putNull("similarity_fn_name");
    }
    root.put("use_instructions", usesInstructions);
    UNKNOWN.forEach(root::putNull);
    AtomicFile.write(
        folder(results).resolve("model_meta.json"),
        mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
  }
}
