/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.encoder.Pooling;
import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.trainer.checkpoint.TensorFile.Entry;
import io.github.llm2vec.trainer.checkpoint.TrainedTensors.Part;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A model with the files that make it one of sentence-transformers: {@code modules.json}, {@code
 * 1_Pooling}, {@code 2_Dense} with the linear layer that was trained, if there is one, and {@code
 * Normalize}. Opened here or in Python, the folder gives the same vectors.
 *
 * @param model the files of the decoder
 * @param modules what follows it
 */
public record SentenceTransformersFiles(ModelFiles model, Modules modules) implements ModelFiles {

  /** Trained tensors of the linear layer behind the pooling begin with it. */
  public static final String DENSE = "dense.";

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final String DENSE_FOLDER = "2_Dense";
  private static final String WEIGHTS = "model.safetensors";

  /**
   * What turns the decoder's states into a vector.
   *
   * @param pooling one that sentence-transformers has
   * @param includePrompt whether prompts are pooled
   * @param hidden width of the states
   * @param dense width of the linear layer's output, 0 without one
   * @param normalize whether vectors are scaled to length one in the end
   * @param maxLength longest text in tokens
   * @param queryPrompt put before queries, "" for nothing
   * @param causal whether tokens attend to those before them only
   */
  public record Modules(
      Pooling pooling,
      boolean includePrompt,
      int hidden,
      int dense,
      boolean normalize,
      int maxLength,
      String queryPrompt,
      boolean causal) {}

  @Override
  public void write(Path folder, TrainedTensors tensors, Purpose purpose) throws IOException {
    if (modules.dense() > 0) {
      Path dense = Files.createDirectories(folder.resolve(DENSE_FOLDER));
      TensorFile.write(dense.resolve(WEIGHTS), tensors, entries(tensors), DType.FLOAT32);
      write(dense.resolve("config.json"), dense());
    }
    Path pooling = Files.createDirectories(folder.resolve("1_Pooling"));
    write(pooling.resolve("config.json"), pooling());
    write(folder.resolve("sentence_bert_config.json"), transformer());
    write(folder.resolve("config_sentence_transformers.json"), prompts());
    Files.writeString(folder.resolve("modules.json"), JSON.writeValueAsString(modules(folder)));
    model.write(folder, new Decoder(tensors), purpose);
    keepAttention(folder.resolve("config.json"));
  }

  @Override
  public void read(Path folder, TrainedTensors tensors) throws IOException {
    model.read(folder, new Decoder(tensors));
    if (modules.dense() > 0) {
      TensorFile.read(folder.resolve(DENSE_FOLDER).resolve(WEIGHTS), tensors, entries(tensors));
    }
  }

  /** transformers 5 and this project go by {@code is_causal}. */
  private void keepAttention(Path config) throws IOException {
    if (Files.exists(config)) {
      ObjectNode json = (ObjectNode) JSON.readTree(config.toFile());
      json.put("is_causal", modules.causal());
      AtomicFile.write(config, JSON.writeValueAsString(json) + "\n");
    }
  }

  private static List<Entry> entries(TrainedTensors tensors) {
    return tensors.names().stream()
        .filter(name -> name.startsWith(DENSE))
        .map(name -> new Entry(name.substring(DENSE.length()), name, Part.VALUE))
        .toList();
  }

  private static void write(Path file, ObjectNode json) throws IOException {
    Files.writeString(file, JSON.writeValueAsString(json) + "\n");
  }

  private ArrayNode modules(Path folder) throws IOException {
    ArrayNode list = JSON.createArrayNode();
    module(list, "", "Transformer");
    module(list, "1_Pooling", "Pooling");
    if (modules.dense() > 0) {
      module(list, DENSE_FOLDER, "Dense");
    }
    if (modules.normalize()) {
      String name = list.size() + "_Normalize";
      Files.createDirectories(folder.resolve(name));
      module(list, name, "Normalize");
    }
    return list;
  }

  private static void module(ArrayNode list, String path, String type) {
    list.addObject()
        .put("idx", list.size() - 1)
        .put("name", Integer.toString(list.size() - 1))
        .put("path", path)
        .put("type", "sentence_transformers.models." + type);
  }

  private ObjectNode pooling() {
    String key =
        switch (modules.pooling()) {
          case MEAN -> "pooling_mode_mean_tokens";
          case WEIGHTED_MEAN, WEIGHTEDMEAN -> "pooling_mode_weightedmean_tokens";
          case LAST_TOKEN -> "pooling_mode_lasttoken";
          case CLS -> "pooling_mode_cls_token";
          case MEAN_SQRT_LEN_TOKENS -> "pooling_mode_mean_sqrt_len_tokens";
          case MAX -> "pooling_mode_max_tokens";
          case EOS_TOKEN, BOS_TOKEN ->
              throw new IllegalArgumentException(
                  "sentence-transformers has no pooling " + modules.pooling().optionName());
        };
    return JSON.createObjectNode()
        .put("word_embedding_dimension", modules.hidden())
        .put("pooling_mode_cls_token", false)
        .put("pooling_mode_mean_tokens", false)
        .put(key, true)
        .put("include_prompt", modules.includePrompt());
  }

  private ObjectNode dense() {
    return JSON.createObjectNode()
        .put("in_features", modules.hidden())
        .put("out_features", modules.dense())
        .put("bias", true)
        .put("activation_function", "torch.nn.modules.linear.Identity");
  }

  private ObjectNode transformer() {
    return JSON.createObjectNode()
        .put("max_seq_length", modules.maxLength())
        .put("do_lower_case", false);
  }

  private ObjectNode prompts() {
    ObjectNode json = JSON.createObjectNode();
    json.putObject("prompts").put("query", modules.queryPrompt()).put("document", "");
    return json.put("similarity_fn_name", "cosine");
  }

  /** The tensors of the decoder alone. */
  private record Decoder(TrainedTensors all) implements TrainedTensors {

    @Override
    public List<String> names() {
      return all.names().stream().filter(name -> !name.startsWith(DENSE)).toList();
    }

    @Override
    public List<Long> shape(String name) {
      return all.shape(name);
    }

    @Override
    public void read(Part part, String name, long first, FloatBuffer target) {
      all.read(part, name, first, target);
    }

    @Override
    public void write(Part part, String name, long first, FloatBuffer values) {
      all.write(part, name, first, values);
    }
  }
}
