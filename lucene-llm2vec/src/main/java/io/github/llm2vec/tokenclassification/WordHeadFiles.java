/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.tokenclassification;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.tokenclassification.WordHeadConfig.LabelShift;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The folder of a head for words:
 *
 * <ul>
 *   <li>{@code classifier.safetensors}: {@code weight (L, H)} and {@code bias (L)} in single
 *       precision, as {@code torch.nn.Linear} has them;
 *   <li>{@code classifier_config.json}: {@code labels}, {@code hidden_size}, {@code
 *       retroactive_labels}, {@code merge_subwords}, {@code bidirectional}, {@code max_seq_length}.
 * </ul>
 *
 * <p>Upstream keeps a pickled module, {@code classifier.pt}, without its labels. Pickles are never
 * opened here; docs/word-tasks.md says how to bring one over.
 */
public final class WordHeadFiles {

  private static final String WEIGHTS = "classifier.safetensors";
  private static final String CONFIG = "classifier_config.json";
  private static final String PICKLE = "classifier.pt";

  private static final List<String> KEYS =
      List.of(
          "labels",
          "hidden_size",
          "retroactive_labels",
          "merge_subwords",
          "bidirectional",
          "max_seq_length");

  private WordHeadFiles() {}

  /** Writes a head into a folder, which must be there. */
  public static void write(Path folder, WordHead head) throws IOException {
    WordHeadConfig config = head.config();
    long labels = config.labels().size();
    long hidden = config.hiddenSize();
    new SafetensorsWriter(DType.FLOAT32)
        .write(
            folder.resolve(WEIGHTS),
            List.of(
                SafetensorsWriter.Tensor.of(
                    "weight",
                    List.of(labels, hidden),
                    FloatBuffer.wrap(
                        TensorSource.transposed(head.weight(), (int) hidden, (int) labels))),
                SafetensorsWriter.Tensor.of(
                    "bias", List.of(labels), FloatBuffer.wrap(head.bias()))));
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    config.labels().forEach(root.putArray("labels")::add);
    root.put("hidden_size", config.hiddenSize());
    root.put("retroactive_labels", config.shift().optionName());
    root.put("merge_subwords", config.mergeSubwords());
    root.put("bidirectional", config.bidirectional());
    root.put("max_seq_length", config.maxLength());
    AtomicFile.write(
        folder.resolve(CONFIG),
        mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
  }

  /**
   * Reads a head.
   *
   * @throws IOException if it is not there or damaged
   */
  public static WordHead read(Path folder) throws IOException {
    Path file = folder.resolve(CONFIG);
    if (!Files.isRegularFile(file)) {
      String pickle =
          Files.exists(folder.resolve(PICKLE))
              ? "; there is a " + PICKLE + ", which docs/word-tasks.md says how to convert"
              : "";
      throw new NoSuchFileException(
          file.toString(), null, "there is no head of a word task in this folder" + pickle);
    }
    WordHeadConfig config = config(file);
    int labels = config.labels().size();
    int hidden = config.hiddenSize();
    try (TensorSource tensors = Safetensors.openFile(folder.resolve(WEIGHTS))) {
      float[] weight = tensor(tensors, folder, "weight", labels, hidden);
      return new WordHead(
          config,
          TensorSource.transposed(weight, labels, hidden),
          tensor(tensors, folder, "bias", labels));
    }
  }

  private static float[] tensor(TensorSource tensors, Path folder, String name, long... shape)
      throws IOException {
    long[] found = tensors.shape(name).orElse(new long[0]);
    if (!Arrays.equals(found, shape)) {
      throw new ModelFormatException(
          folder.resolve(WEIGHTS),
          "expected the tensor %s with the shape %s, found %s"
              .formatted(name, Arrays.toString(shape), Arrays.toString(found)),
          "take the weights and the classifier_config.json of one run");
    }
    return tensors.readAll(name);
  }

  /** From {@code (rows, columns)} to {@code (columns, rows)}. */
  private static WordHeadConfig config(Path file) throws IOException {
    try {
      JsonNode root = new ObjectMapper().readTree(file.toFile());
      for (Map.Entry<String, JsonNode> entry : root.properties()) {
        if (!KEYS.contains(entry.getKey())) {
          throw new IOException(
              file + ": " + entry.getKey() + " is not a known key; known are " + KEYS);
        }
      }
      List<String> labels = new ArrayList<>();
      root.path("labels").forEach(label -> labels.add(label.asText()));
      return new WordHeadConfig(
          labels,
          root.path("hidden_size").asInt(),
          LabelShift.of(root.path("retroactive_labels").asText()),
          root.path("merge_subwords").asBoolean(true),
          root.path("bidirectional").asBoolean(true),
          root.path("max_seq_length").asInt());
    } catch (JsonProcessingException e) {
      throw new IOException(file + " is not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
