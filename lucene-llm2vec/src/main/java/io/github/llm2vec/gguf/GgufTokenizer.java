/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.gguf;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.files.ModelFormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The tokenizer that the metadata of a GGUF file describe, as the tokenizer.json that the same
 * model has at Hugging Face: byte-level BPE ({@code gpt2}) with the pre-tokenizer that {@code
 * tokenizer.ggml.pre} names, or BPE over pieces of SentencePiece ({@code llama}), whose merges
 * follow from the vocabulary and its scores.
 */
public final class GgufTokenizer {

  private static final String PREFIX = "tokenizer.ggml.";
  private static final long CONTROL = 3;
  private static final long USER_DEFINED = 4;
  // Pieces longer than this are written out in the vocabulary only as rows of one character.
  private static final int MAX_MERGED = 512;

  private static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String QWEN2 = LLAMA3.replace("\\p{N}{1,3}", "\\p{N}");
  private static final String WORD =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+%1$s"
          + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
          + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*%1$s|\\p{N}%2$s"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String TEKKEN = WORD.formatted("", "");
  private static final String GPT4O = WORD.formatted("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "{1,3}");

  private static final Set<String> DIGITS_ALONE =
      Set.of("smollm", "starcoder", "refact", "command-r", "codeshell");
  private static final Set<String> PLAIN =
      Set.of("default", "gpt-2", "gpt2", "olmo", "phi-2", "mpt", "jais", "roberta-bpe");

  private static final Map<String, String> SPLITS =
      Map.ofEntries(
          Map.entry("llama3", LLAMA3),
          Map.entry("llama-v3", LLAMA3),
          Map.entry("llama-bpe", LLAMA3),
          Map.entry("falcon3", LLAMA3),
          Map.entry("falcon-h1", LLAMA3),
          Map.entry("pixtral", LLAMA3),
          Map.entry("midm-2.0", LLAMA3),
          Map.entry("lfm2", LLAMA3),
          Map.entry("jina-v5-nano", LLAMA3),
          Map.entry("dbrx", LLAMA3),
          Map.entry("smaug-bpe", LLAMA3),
          Map.entry("qwen2", QWEN2),
          Map.entry("deepseek-r1-qwen", QWEN2),
          Map.entry("kormo", QWEN2),
          Map.entry("f2llmv2", QWEN2),
          Map.entry("megrez", QWEN2),
          Map.entry("tekken", TEKKEN),
          Map.entry("gpt-4o", GPT4O),
          Map.entry("llama4", GPT4O),
          Map.entry("kanana2", GPT4O),
          Map.entry("talkie", GPT4O),
          Map.entry("minimax-m2", GPT4O));

  /** Vocabularies in which a word that is there as a whole is taken before any merge. */
  private static final Set<String> WHOLE_WORDS_FIRST =
      Set.of("llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral", "tekken", "llama4");

  private static final Set<String> BOS_UNLESS_TOLD =
      Set.of("llama3", "llama-v3", "llama-bpe", "falcon3", "llama4");

  private final Path file;
  private final Map<String, Object> metadata;
  private final String architecture;
  private final boolean byteLevel;
  private final String pre;
  private final List<String> tokens;

  private GgufTokenizer(Path file, Map<String, Object> metadata) throws ModelFormatException {
    this.file = file;
    this.metadata = metadata;
    this.architecture = String.valueOf(metadata.get("general.architecture"));
    Object model = metadata.getOrDefault(PREFIX + "model", "none");
    if (!model.equals("gpt2") && !model.equals("llama")) {
      throw unsupported("model", model, "gpt2 and llama");
    }
    this.byteLevel = model.equals("gpt2");
    this.pre = String.valueOf(metadata.getOrDefault(PREFIX + "pre", "default"));
    boolean known = SPLITS.containsKey(pre) || DIGITS_ALONE.contains(pre) || PLAIN.contains(pre);
    if (byteLevel && !known) {
      List<String> all = new ArrayList<>(SPLITS.keySet());
      all.addAll(DIGITS_ALONE);
      all.addAll(PLAIN);
      throw unsupported("pre", pre, String.join(", ", all.stream().sorted().toList()));
    }
    this.tokens = respelled(strings("tokens"));
  }

  private ModelFormatException unsupported(String key, Object found, String known) {
    return new ModelFormatException(
        file,
        "has " + PREFIX + key + " '" + found + "', which is not supported",
        "Use a model with one of " + known + ", or the model's safetensors with tokenizer.json");
  }

  /**
   * The files of the tokenizer by name.
   *
   * @throws ModelFormatException if there is none in the file, or one that is not supported
   */
  public static Map<String, byte[]> files(Path file, Map<String, Object> metadata)
      throws IOException {
    GgufTokenizer tokenizer = new GgufTokenizer(file, metadata);
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("tokenizer.json", tokenizer.json());
    files.put("tokenizer_config.json", tokenizer.config());
    return files;
  }

  private List<String> strings(String key) throws ModelFormatException {
    Object value = metadata.get(PREFIX + key);
    if (!(value instanceof List<?> list) || !list.stream().allMatch(String.class::isInstance)) {
      throw new ModelFormatException(
          file, "has no list of strings " + PREFIX + key, "Use a model with its tokenizer");
    }
    return list.stream().map(String.class::cast).toList();
  }

  private boolean gemma() {
    return architecture.startsWith("gemma");
  }

  /** Tokens as the vocabulary of Hugging Face spells them. */
  private List<String> respelled(List<String> stored) {
    if (!byteLevel) {
      // Gemma's runs of spaces are stored as spaces.
      return gemma()
          ? stored.stream()
              .map(t -> t.isBlank() && t.indexOf(' ') >= 0 ? "\u2581".repeat(t.length()) : t)
              .toList()
          : stored;
    }
    String[] spelling = byteSpelling();
    Set<String> alphabet = Set.of(spelling);
    List<String> result = new ArrayList<>(stored.size());
    for (String token : stored) {
      boolean spelled =
          token.codePoints().mapToObj(Character::toString).allMatch(alphabet::contains);
      StringBuilder bytes = new StringBuilder();
      for (byte b : spelled ? new byte[0] : token.getBytes(StandardCharsets.UTF_8)) {
        bytes.append(spelling[b & 0xFF]);
      }
      result.add(spelled ? token : bytes.toString());
    }
    return result;
  }

  /** GPT-2's printable character for every byte. */
  private static String[] byteSpelling() {
    String[] spelling = new String[256];
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      spelling[b] = Character.toString(printable ? b : next++);
    }
    return spelling;
  }

  private byte[] json() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.setCodec(new ObjectMapper());
      json.writeStartObject();
      json.writeStringField("version", "1.0");
      json.writeNullField("truncation");
      json.writeNullField("padding");
      addedTokens(json);
      json.writeFieldName("normalizer");
      json.writeTree(normalizer().orElse(null));
      json.writeFieldName("pre_tokenizer");
      json.writeTree(preTokenizer().orElse(null));
      json.writeFieldName("post_processor");
      json.writeTree(postProcessor());
      json.writeNullField("decoder");
      model(json);
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private void addedTokens(JsonGenerator json) throws IOException {
    List<?> types = metadata.get(PREFIX + "token_type") instanceof List<?> list ? list : List.of();
    List<String> stored = strings("tokens");
    json.writeArrayFieldStart("added_tokens");
    for (int id = 0; id < Math.min(types.size(), stored.size()); id++) {
      boolean control = types.get(id).equals(CONTROL);
      // A name that the vocabulary spells in another way is no token of its own.
      boolean cut = control || types.get(id).equals(USER_DEFINED);
      if (cut && stored.get(id).equals(tokens.get(id)) && !stored.get(id).isEmpty()) {
        json.writeStartObject();
        json.writeNumberField("id", id);
        json.writeStringField("content", stored.get(id));
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
          json.writeBooleanField(flag, false);
        }
        json.writeBooleanField("special", control);
        json.writeEndObject();
      }
    }
    json.writeEndArray();
  }

  private Optional<ObjectNode> normalizer() {
    if (byteLevel) {
      return SPLITS.getOrDefault(pre, "").equals(QWEN2)
          ? Optional.of(node("NFC"))
          : Optional.empty();
    }
    ObjectNode replace = node("Replace");
    replace.putObject("pattern").put("String", " ");
    replace.put("content", "\u2581");
    if (gemma()) {
      return Optional.of(replace);
    }
    if (!architecture.equals("phi3")) {
      return Optional.empty();
    }
    ObjectNode sequence = node("Sequence");
    sequence.putArray("normalizers").add(node("Prepend").put("prepend", "\u2581")).add(replace);
    return Optional.of(sequence);
  }

  private Optional<ObjectNode> preTokenizer() {
    if (!byteLevel) {
      if (architecture.equals("phi3")) {
        return Optional.empty();
      }
      ObjectNode split = node("Split").put("behavior", "MergedWithPrevious").put("invert", false);
      split.putObject("pattern").put("String", " ");
      boolean prefix = flag("add_space_prefix").orElse(true);
      ObjectNode metaspace =
          node("Metaspace")
              .put("replacement", "\u2581")
              .put("prepend_scheme", prefix ? "first" : "never")
              .put("split", false);
      return Optional.of(gemma() ? split : metaspace);
    }
    ObjectNode bytes =
        node("ByteLevel")
            .put("add_prefix_space", false)
            .put("trim_offsets", true)
            .put("use_regex", !SPLITS.containsKey(pre));
    if (PLAIN.contains(pre)) {
      return Optional.of(bytes);
    }
    ObjectNode first = node("Digits").put("individual_digits", true);
    if (SPLITS.containsKey(pre)) {
      first = node("Split").put("behavior", "Isolated").put("invert", false);
      first.putObject("pattern").put("Regex", SPLITS.get(pre));
    }
    ObjectNode sequence = node("Sequence");
    sequence.putArray("pretokenizers").add(first).add(bytes);
    return Optional.of(sequence);
  }

  private ObjectNode postProcessor() throws ModelFormatException {
    ObjectNode template = node("TemplateProcessing");
    ObjectNode special = JsonNodeFactory.instance.objectNode();
    boolean bos = flag("add_bos_token").orElse(!byteLevel || BOS_UNLESS_TOLD.contains(pre));
    for (String half : List.of("single", "pair")) {
      var parts = template.putArray(half);
      if (bos) {
        special("bos_token_id", special).ifPresent(parts::add);
      }
      parts.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
      if (half.equals("pair")) {
        parts.addObject().putObject("Sequence").put("id", "B").put("type_id", 1);
      }
      if (flag("add_eos_token").orElse(false)) {
        special("eos_token_id", special).ifPresent(parts::add);
      }
    }
    template.set("special_tokens", special);
    return template;
  }

  private Optional<ObjectNode> special(String key, ObjectNode all) throws ModelFormatException {
    Optional<String> content = token(key);
    if (content.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode entry = all.putObject(content.get()).put("id", content.get());
    entry
        .putArray("ids")
        .add(((Long) Objects.requireNonNull(metadata.get(PREFIX + key), key)).longValue());
    entry.putArray("tokens").add(content.get());
    ObjectNode part = JsonNodeFactory.instance.objectNode();
    part.putObject("SpecialToken").put("id", content.get()).put("type_id", 0);
    return Optional.of(part);
  }

  /** The token of an id in the metadata; files write the largest number for none. */
  private Optional<String> token(String key) throws ModelFormatException {
    List<String> stored = strings("tokens");
    return metadata.get(PREFIX + key) instanceof Long id && id >= 0 && id < stored.size()
        ? Optional.of(stored.get(id.intValue()))
        : Optional.empty();
  }

  private Optional<Boolean> flag(String key) {
    return metadata.get(PREFIX + key) instanceof Boolean value
        ? Optional.of(value)
        : Optional.empty();
  }

  private static ObjectNode node(String type) {
    return JsonNodeFactory.instance.objectNode().put("type", type);
  }

  private void model(JsonGenerator json) throws IOException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
    }
    json.writeObjectFieldStart("model");
    json.writeStringField("type", "BPE");
    json.writeNullField("dropout");
    Optional<String> unknown = byteLevel || !gemma() ? Optional.empty() : token("unknown_token_id");
    if (unknown.isPresent()) {
      json.writeStringField("unk_token", unknown.get());
    } else {
      json.writeNullField("unk_token");
    }
    json.writeNullField("continuing_subword_prefix");
    json.writeNullField("end_of_word_suffix");
    json.writeBooleanField("fuse_unk", !byteLevel);
    json.writeBooleanField("byte_fallback", !byteLevel);
    json.writeBooleanField("ignore_merges", byteLevel && WHOLE_WORDS_FIRST.contains(pre));
    json.writeObjectFieldStart("vocab");
    for (Map.Entry<String, Integer> entry : vocabulary.entrySet()) {
      json.writeNumberField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
    json.writeArrayFieldStart("merges");
    if (metadata.containsKey(PREFIX + "merges")) {
      for (String merge : strings("merges")) {
        int space = merge.indexOf(' ', 1);
        if (space < 0 || merge.indexOf(' ', space + 1) >= 0) {
          throw new ModelFormatException(file, "has a merge that is no pair", "Fetch it again");
        }
        pair(json, merge.substring(0, space), merge.substring(space + 1));
      }
    } else {
      for (Merge merge : merges(vocabulary)) {
        pair(json, merge.left(), merge.right());
      }
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void pair(JsonGenerator json, String left, String right) throws IOException {
    json.writeStartArray();
    json.writeString(left);
    json.writeString(right);
    json.writeEndArray();
  }

  private record Merge(String left, String right, double score, int leftLength, int rightLength) {}

  /**
   * Every way in which a piece is made of two others, best score first, as SentencePiece joins
   * them. Gemma's scores do not tell its order; that of the vocabulary does.
   */
  private List<Merge> merges(Map<String, Integer> vocabulary) throws ModelFormatException {
    List<?> scores = metadata.get(PREFIX + "scores") instanceof List<?> list ? list : List.of();
    if (byteLevel || (!gemma() && scores.size() != tokens.size())) {
      throw new ModelFormatException(
          file, "has neither merges nor scores of its tokens", "Use a model with its tokenizer");
    }
    List<Merge> merges = new ArrayList<>();
    for (Map.Entry<String, Integer> entry : vocabulary.entrySet()) {
      String piece = entry.getKey();
      int length = piece.codePointCount(0, piece.length());
      if (length > MAX_MERGED) {
        continue;
      }
      Object given = gemma() ? (Object) (-1.0 * entry.getValue()) : scores.get(entry.getValue());
      double score = given instanceof Double number ? number : 0;
      List<Merge> own = new ArrayList<>();
      for (int i = 1; i < length; i++) {
        int at = piece.offsetByCodePoints(0, i);
        String left = piece.substring(0, at);
        String right = piece.substring(at);
        if (vocabulary.containsKey(left) && vocabulary.containsKey(right)) {
          own.add(new Merge(left, right, score, i, length - i));
        }
      }
      own.sort(
          Comparator.comparing((Merge m) -> vocabulary.get(m.left()))
              .thenComparing(m -> vocabulary.get(m.right())));
      merges.addAll(own);
    }
    merges.sort(
        Comparator.comparingDouble(Merge::score)
            .thenComparingInt(Merge::leftLength)
            .thenComparingInt(Merge::rightLength)
            .reversed());
    return merges;
  }

  private byte[] config() throws IOException {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("tokenizer_class", "PreTrainedTokenizerFast");
    for (String role : List.of("bos", "eos")) {
      token(role + "_token_id").ifPresent(content -> config.put(role + "_token", content));
    }
    token("unknown_token_id").ifPresent(content -> config.put("unk_token", content));
    token("padding_token_id").ifPresent(content -> config.put("pad_token", content));
    return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(config);
  }
}
