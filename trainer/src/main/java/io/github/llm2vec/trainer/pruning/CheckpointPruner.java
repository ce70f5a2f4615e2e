/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.pruning;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.checkpoint.CheckpointWriter;
import io.github.llm2vec.checkpoint.ResolvedCheckpoint;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.TensorSource;
import io.github.llm2vec.tokenizer.Tokenizer;
import io.github.llm2vec.tokenizer.TokenizerOptions;
import io.github.llm2vec.trainer.data.RecordStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes a smaller model made of a larger one: its first layers with its last norm, and the rows of
 * its embeddings that some texts use, with a tokenizer that cuts those texts into the same pieces.
 * What the last of the kept layers gives for them is what the larger model's layer gives.
 */
public final class CheckpointPruner {

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final Pattern LAYER = Pattern.compile("layers\\.(\\d+)\\..*");
  private static final String EMBEDDING = "embed_tokens.weight";
  private static final String HEAD = "lm_head.weight";
  private static final List<String> TOKEN_IDS =
      List.of("bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "sep_token_id");

  private final ResolvedCheckpoint checkpoint;

  /**
   * What was written.
   *
   * @param layers layers of the smaller model
   * @param tokens rows of its embeddings
   * @param weights its weights
   */
  public record Report(int layers, int tokens, long weights) {}

  /**
   * A pruner of a model.
   *
   * @throws IOException if the model has adapters, which would have to be cut themselves
   */
  public CheckpointPruner(ResolvedCheckpoint checkpoint) throws IOException {
    if (!checkpoint.adapterFolders().isEmpty()) {
      throw new IOException(
          checkpoint.adapterFolders().get(0) + " is an adapter; merge the model first");
    }
    this.checkpoint = checkpoint;
  }

  /**
   * The tokens that texts use.
   *
   * @param texts read to their end, not closed
   */
  public Set<Integer> tokensOf(RecordStream<String> texts) throws IOException {
    Set<Integer> used = new TreeSet<>();
    int rows = checkpoint.spec().vocabSize();
    try (Tokenizer tokenizer =
        Tokenizer.open(
            checkpoint.tokenizerFolder(), TokenizerOptions.DEFAULTS.withEmbeddingRows(rows))) {
      texts.forEach(
          text -> {
            for (int id : tokenizer.encodePrefix(text, Integer.MAX_VALUE)) {
              used.add(id);
            }
          });
      used.addAll(tokenizer.prefixIds());
      used.addAll(tokenizer.suffixIds());
    }
    return used;
  }

  /**
   * Writes the smaller model.
   *
   * @param output folder, made if need be; it must not hold a model
   * @param layers how many layers are kept; all if unsaid
   * @param used the tokens that are needed, see {@link #tokensOf}; all if unsaid
   * @param dtype to store the weights in; that of the larger model if unsaid
   * @throws java.nio.file.FileAlreadyExistsException if there is a model
   * @throws IOException if there are not so many layers, or the model cannot be cut
   */
  public Report write(
      Path output, OptionalInt layers, Optional<Set<Integer>> used, Optional<DType> dtype)
      throws IOException {
    CheckpointWriter.requireNoModel(output);
    int all = checkpoint.spec().layers().size();
    int kept = layers.orElse(all);
    if (kept < 1 || kept > all) {
      throw new IOException(
          "%s has %s layers, so that %s of them cannot be kept"
              .formatted(checkpoint.weightsSource(), all, kept));
    }
    if (checkpoint.spec().perLayerSize() > 0) {
      throw new IOException("models of type " + checkpoint.spec().modelType() + " cannot be cut");
    }
    Files.createDirectories(output);
    Optional<VocabularyPruner.Pruned> vocabulary =
        used.isPresent()
            ? Optional.of(VocabularyPruner.prune(readTokenizer(), used.get()))
            : Optional.empty();
    int rows = rows(vocabulary);
    Path config = writeConfig(output, kept, all, rows, vocabulary);
    try {
      writeTokenizer(output, vocabulary);
      DType stored = dtype.or(checkpoint.config()::storedType).orElse(DType.FLOAT32);
      return writeWeights(output, config, kept, rows, vocabulary, stored);
    } finally {
      Files.deleteIfExists(config);
    }
  }

  /** Tokens beyond the embeddings have no row there, and get none here. */
  private int rows(Optional<VocabularyPruner.Pruned> vocabulary) {
    int rows = checkpoint.spec().vocabSize();
    return vocabulary.isEmpty()
        ? rows
        : (int) vocabulary.get().kept().stream().filter(id -> id < rows).count();
  }

  private ObjectNode readTokenizer() throws IOException {
    Path file = checkpoint.tokenizerFolder().resolve("tokenizer.json");
    return (ObjectNode) JSON.readTree(file.toFile());
  }

  private void writeTokenizer(Path output, Optional<VocabularyPruner.Pruned> vocabulary)
      throws IOException {
    ObjectMapper compact = new ObjectMapper();
    for (String name :
        List.of("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")) {
      Optional<Path> file = checkpoint.tokenizerFile(name);
      if (file.isEmpty()) {
        continue;
      }
      if (vocabulary.isEmpty() || name.equals("special_tokens_map.json")) {
        Files.write(output.resolve(name), Files.readAllBytes(file.get()));
      } else if (name.equals("tokenizer.json")) {
        compact.writeValue(output.resolve(name).toFile(), vocabulary.get().tokenizer());
      } else {
        ObjectNode json = (ObjectNode) JSON.readTree(file.get().toFile());
        renumberKeys(json, vocabulary.get());
        JSON.writeValue(output.resolve(name).toFile(), json);
      }
    }
  }

  /** {@code added_tokens_decoder} has ids for keys. */
  private static void renumberKeys(ObjectNode config, VocabularyPruner.Pruned vocabulary) {
    if (config.path("added_tokens_decoder") instanceof ObjectNode tokens) {
      ObjectNode anew = JSON.createObjectNode();
      for (Map.Entry<String, JsonNode> entry : tokens.properties()) {
        int id = vocabulary.newId(Integer.parseInt(entry.getKey()));
        if (id >= 0) {
          anew.set(Integer.toString(id), entry.getValue());
        }
      }
      config.set("added_tokens_decoder", anew);
    }
  }

  /** Writes config.json under another name, and checks that the layers mean what they meant. */
  private Path writeConfig(
      Path output, int kept, int all, int rows, Optional<VocabularyPruner.Pruned> vocabulary)
      throws IOException {
    Path file = checkpoint.weightsFolder().resolve(DecoderConfig.FILE_NAME);
    ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
    json.put("num_hidden_layers", kept).put("vocab_size", rows);
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      // Such as layer_types: an entry for every layer.
      if (field.getKey().contains("layer")
          && field.getValue() instanceof ArrayNode list
          && list.size() == all) {
        while (list.size() > kept) {
          list.remove(list.size() - 1);
        }
      }
    }
    vocabulary.ifPresent(cut -> TOKEN_IDS.forEach(key -> renumber(json, key, cut)));
    if (!checkpoint.nameOrPath().isEmpty()) {
      json.put("_name_or_path", checkpoint.nameOrPath());
    }
    Path written = output.resolve(".pruned-config.json");
    Files.writeString(written, JSON.writeValueAsString(json) + "\n");
    DecoderSpec before = checkpoint.spec();
    DecoderSpec after = DecoderConfig.read(written).spec().withCausal(before.causal());
    if (!after.layers().equals(before.layers().subList(0, kept))) {
      Files.delete(written);
      throw new IOException(
          file
              + " has settings by the number of layers, so that its first "
              + kept
              + " would mean something else by themselves; keep all");
    }
    return written;
  }

  private static void renumber(ObjectNode config, String key, VocabularyPruner.Pruned vocabulary) {
    JsonNode value = config.path(key);
    if (value.isInt()) {
      int id = vocabulary.newId(value.asInt());
      if (id < 0) {
        config.putNull(key);
      } else {
        config.set(key, IntNode.valueOf(id));
      }
    } else if (value instanceof ArrayNode list) {
      ArrayNode anew = config.putArray(key);
      for (JsonNode id : list) {
        if (vocabulary.newId(id.asInt()) >= 0) {
          anew.add(vocabulary.newId(id.asInt()));
        }
      }
    }
  }

  private Report writeWeights(
      Path output,
      Path config,
      int kept,
      int rows,
      Optional<VocabularyPruner.Pruned> vocabulary,
      DType dtype)
      throws IOException {
    try (TensorSource weights = checkpoint.openLanguageModel()) {
      List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
      long count = 0;
      for (String name : new TreeSet<>(weights.names())) {
        Matcher layer = LAYER.matcher(name);
        if (layer.matches() && Integer.parseInt(layer.group(1)) >= kept) {
          continue;
        }
        boolean byToken = name.equals(EMBEDDING) || name.equals(HEAD);
        SafetensorsWriter.Tensor tensor = SafetensorsWriter.Tensor.of(weights, name);
        if (byToken && vocabulary.isPresent()) {
          long columns = tensor.shape().get(1);
          List<Integer> ids = vocabulary.get().kept();
          tensor =
              new SafetensorsWriter.Tensor(
                  name,
                  List.of((long) rows, columns),
                  (first, target) -> readRows(weights, name, columns, ids, first, target));
        }
        tensors.add(tensor);
        count += tensor.shape().stream().reduce(1L, Math::multiplyExact);
      }
      CheckpointWriter.write(output, config, tensors, dtype);
      return new Report(kept, rows, count);
    }
  }

  /** Elements of a matrix whose rows are some rows of another. */
  private static void readRows(
      TensorSource weights,
      String name,
      long columns,
      List<Integer> ids,
      long first,
      FloatBuffer target)
      throws IOException {
    long next = first;
    int end = target.limit();
    while (target.position() < end) {
      long row = next / columns;
      long column = next % columns;
      int count = (int) Math.min(columns - column, end - target.position());
      target.limit(target.position() + count);
      weights.read(name, ids.get((int) row) * columns + column, target);
      target.limit(end);
      next += count;
    }
  }
}
