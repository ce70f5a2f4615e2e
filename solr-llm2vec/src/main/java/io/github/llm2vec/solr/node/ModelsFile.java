/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.llm2vec.files.NearestName;
import io.github.llm2vec.solr.remote.EncoderNodes;
import io.github.llm2vec.torch.TorchDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The models of a node, as read from {@code llm2vec-models.json}. This class is the definition of
 * the format:
 *
 * <pre>{@code
 * {
 *   "query_cache_bytes": 33554432,
 *   "models": {
 *     "default": {
 *       "model": "models/my-checkpoint",      // required; folder (relative to this file) or hub id
 *       "adapters": ["models/my-adapter"],    // merged, or beside: {"name": "models/my-adapter"}
 *       "template": "none",                   // what is written around a text; by the model's name
 *       "pooling": "mean",
 *       "dtype": "bfloat16",                  // float32 | float16 | bfloat16 | int8 | int4
 *       "device": "cuda:0",                   // cpu | cuda | cuda:N, or a list: see docs/devices.md
 *       "threads": 4,                         // of each "cpu" of a list
 *       "normalize": true,
 *       "max_length": 512,
 *       "doc_max_length": 400,
 *       "dimensions": 1024,
 *       "query_instruction": "...",
 *       "document_instruction": "",
 *       "serving": {                          // how callers share the model; see docs/serving.md
 *         "query_step_ms": 15,
 *         "document_step_ms": 100,
 *         "query_backlog_ms": 1000,
 *         "document_backlog_ms": 30000,
 *         "max_batch_tokens": 32768
 *       }
 *     },
 *     "student": {
 *       "model": "models/my-student",
 *       "same_space_as": "default"            // encodes queries on vectors of that model, too: its
 *     },                                      // name here, or its fingerprint
 *     "other": {
 *       "encoder_nodes": "cluster"            // nodes that have it and encode for this one, or their
 *     }                                       // addresses: ["http://gpu1:8983/solr"]
 *   }
 * }
 * }</pre>
 *
 * With {@code encoder_nodes} a model may have the other keys too; then it is also on this node, for
 * when none of those answers. Without a model of its own it has no other key but {@code
 * same_space_as}: all else comes from them.
 *
 * <p>An unknown key is an error that names the nearest known one.
 *
 * @param source the file, for messages
 * @param models declarations by name
 * @param queryCacheBytes memory for query vectors that are kept, about
 */
public record ModelsFile(Path source, Map<String, ModelDeclaration> models, long queryCacheBytes) {

  /** Name of the file in the Solr home. */
  public static final String NAME = "llm2vec-models.json";

  static final long DEFAULT_QUERY_CACHE_BYTES = 32L << 20;

  private static final String ENCODER_NODES = "encoder_nodes";
  private static final String SAME_SPACE_AS = "same_space_as";
  private static final Set<String> TOP_KEYS = Set.of("models", "query_cache_bytes");
  private static final Set<String> MODEL_KEYS =
      Set.of(
          "model",
          "adapters",
          "template",
          "pooling",
          "dtype",
          "device",
          "threads",
          "normalize",
          "max_length",
          "doc_max_length",
          "dimensions",
          "query_instruction",
          "document_instruction",
          "serving",
          SAME_SPACE_AS,
          ENCODER_NODES);
  private static final Set<String> SERVING_KEYS =
      Set.of(
          "query_step_ms",
          "document_step_ms",
          "query_backlog_ms",
          "document_backlog_ms",
          "max_batch_tokens");
  private static final Set<String> DTYPES =
      Set.of("", "float32", "float16", "bfloat16", "int8", "int4");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Copies the map. */
  public ModelsFile {
    models = Map.copyOf(models);
    if (queryCacheBytes < 0) {
      throw new IllegalArgumentException(
          "query_cache_bytes cannot be negative, found " + queryCacheBytes);
    }
  }

  /**
   * Reads a file; one that is not there declares nothing.
   *
   * @throws IllegalArgumentException if the file is not of this format
   * @throws IOException if the file cannot be read
   */
  public static ModelsFile read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return new ModelsFile(file, Map.of(), DEFAULT_QUERY_CACHE_BYTES);
    }
    try {
      return parse(file, JSON.readTree(Files.readString(file)));
    } catch (IOException e) {
      throw new IOException(file + " cannot be read as JSON: " + e.getMessage(), e);
    }
  }

  private static ModelsFile parse(Path file, JsonNode root) {
    JsonSection top = new JsonSection(file + "", root, TOP_KEYS);
    Map<String, ModelDeclaration> models = new LinkedHashMap<>();
    JsonNode declared = root.path("models");
    if (!declared.isMissingNode() && !declared.isObject()) {
      throw new IllegalArgumentException(
          file + ": \"models\" must be an object of name to declaration, found " + declared);
    }
    for (Map.Entry<String, JsonNode> entry : declared.properties()) {
      models.put(entry.getKey(), declaration(file, entry.getKey(), entry.getValue()));
    }
    models.values().forEach(model -> checkSpace(file, model, models.keySet()));
    return new ModelsFile(file, models, top.number("query_cache_bytes", DEFAULT_QUERY_CACHE_BYTES));
  }

  /** A model is in the space of another one of the file, or of one that is known elsewhere. */
  private static void checkSpace(Path file, ModelDeclaration model, Set<String> names) {
    String space = model.sameSpaceAs();
    String place = "%s: model '%s': \"%s\"".formatted(file, model.name(), SAME_SPACE_AS);
    if (space.equals(model.name())) {
      throw new IllegalArgumentException(place + " must name another model");
    }
    if (!space.isEmpty() && !names.contains(space) && !EncoderIdentity.isFingerprint(space)) {
      throw new IllegalArgumentException(
          place
              + " must be the name of a model in this file or the fingerprint of one, found '%s'%s"
                  .formatted(space, NearestName.hint(space, names)));
    }
  }

  private static ModelDeclaration declaration(Path file, String name, JsonNode model) {
    JsonSection section = new JsonSection(file + ": model '" + name + "'", model, MODEL_KEYS);
    Optional<EncoderNodes> nodes = encoderNodes(section);
    if (nodes.isPresent() && section.text("model").isBlank()) {
      return served(name, nodes.get(), section);
    }
    String dtype = section.text("dtype");
    if (!DTYPES.contains(dtype)) {
      throw new IllegalArgumentException(
          section.place()
              + ": \"dtype\" must be float32, float16, bfloat16, int8 or int4, found "
              + dtype);
    }
    // A list is merged in its order; by their names adapters stay beside the model.
    boolean beside = section.node().path("adapters").isObject();
    return new ModelDeclaration(
        name,
        resolve(file, section.text("model")),
        beside
            ? List.of()
            : section.texts("adapters").stream().map(adapter -> resolve(file, adapter)).toList(),
        beside ? adaptersBeside(file, section) : Map.of(),
        section.text("template"),
        section.text("pooling"),
        dtype,
        devices(section),
        section.count("threads"),
        section.flag("normalize", true),
        section.count("max_length"),
        section.count("doc_max_length"),
        section.count("dimensions"),
        section.text("query_instruction"),
        section.text("document_instruction"),
        serving(section),
        section.text(SAME_SPACE_AS),
        nodes);
  }

  private static Map<String, String> adaptersBeside(Path file, JsonSection model) {
    JsonNode node = model.node().path("adapters");
    Set<String> names = new TreeSet<>();
    node.fieldNames().forEachRemaining(names::add);
    JsonSection section = new JsonSection(model.place() + ": \"adapters\"", node, names);
    Map<String, String> adapters = new LinkedHashMap<>();
    names.forEach(name -> adapters.put(name, resolve(file, section.text(name))));
    return adapters;
  }

  /** What a model that is elsewhere is like is said there. */
  private static ModelDeclaration served(String name, EncoderNodes nodes, JsonSection section) {
    for (Map.Entry<String, JsonNode> entry : section.node().properties()) {
      String key = entry.getKey();
      if (!key.equals(ENCODER_NODES) && !key.equals(SAME_SPACE_AS)) {
        throw new IllegalArgumentException(
            "%s: \"%s\" is taken from the nodes that have the model; leave it out, or give \"model\" as"
                    .formatted(section.place(), key)
                + " well to have the model on this node too");
      }
    }
    return ModelDeclaration.served(name, section.text(SAME_SPACE_AS), nodes);
  }

  private static Optional<EncoderNodes> encoderNodes(JsonSection section) {
    JsonNode value = section.node().path(ENCODER_NODES);
    if (value.isMissingNode()) {
      return Optional.empty();
    }
    if (value.isTextual() && value.asText().equals("cluster")) {
      return Optional.of(new EncoderNodes.InCluster());
    }
    if (!value.isArray()) {
      throw new IllegalArgumentException(
          section.place()
              + ": \"encoder_nodes\" must be \"cluster\" or a list of addresses, found "
              + value);
    }
    try {
      return Optional.of(new EncoderNodes.Listed(section.texts(ENCODER_NODES)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(section.place() + ": " + e.getMessage(), e);
    }
  }

  private static List<String> devices(JsonSection model) {
    List<String> devices = model.textOrTexts("device");
    try {
      List<TorchDevice> read = devices.stream().map(TorchDevice::of).toList();
      if (model.node().has("device")) {
        TorchDevice.requireDistinct(read);
      }
      return devices;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(model.place() + ": " + e.getMessage(), e);
    }
  }

  private static ServingLimits serving(JsonSection model) {
    JsonNode node = model.node().path("serving");
    if (node.isMissingNode()) {
      return ServingLimits.DEFAULTS;
    }
    JsonSection section = new JsonSection(model.place() + ": \"serving\"", node, SERVING_KEYS);
    return new ServingLimits(
        section.count("query_step_ms"),
        section.count("document_step_ms"),
        section.count("query_backlog_ms"),
        section.count("document_backlog_ms"),
        section.count("max_batch_tokens"));
  }

  /** A folder beside the file is meant if there is one; anything else is left as it is. */
  private static String resolve(Path file, String model) {
    try {
      Path folder = file.toAbsolutePath().resolveSibling(model);
      return !model.isBlank() && Files.isDirectory(folder) ? folder.normalize().toString() : model;
    } catch (InvalidPathException e) {
      return model;
    }
  }

  /**
   * The declaration of a name.
   *
   * @throws IllegalArgumentException if there is none, saying what there is
   */
  public ModelDeclaration declaration(String name) {
    return Optional.ofNullable(models.get(name))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    models.isEmpty()
                        ? "model '%s' is not declared: %s is missing or declares none"
                            .formatted(name, source)
                        : "model '%s' is not declared in %s%s"
                            .formatted(name, source, NearestName.hint(name, models.keySet()))));
  }
}
