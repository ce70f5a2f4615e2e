/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.checkpoint.Fixtures;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.safetensors.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderConfigTest {

  /** A small valid llama; {@code extra} goes first and wins. */
  private static DecoderConfig llama(String extra) throws IOException {
    return parse(
        "{\"model_type\":\"llama\",\"vocab_size\":32,\"hidden_size\":32,\"intermediate_size\":48,"
            + "\"num_hidden_layers\":2,\"num_attention_heads\":4,"
            + "\"num_key_value_heads\":2"
            + (extra.isEmpty() ? "" : "," + extra)
            + "}");
  }

  private static DecoderConfig parse(String json) throws IOException {
    return DecoderConfig.read(
        JsonObject.parse(Path.of("config.json"), json.getBytes(StandardCharsets.UTF_8)));
  }

  static Stream<Arguments> oracleCases() throws IOException {
    JsonNode cases = Fixtures.json("configs.json");
    return StreamSupport.stream(cases.spliterator(), false)
        .map(c -> Arguments.of(c.get("name").textValue(), c.get("config"), c.get("expected")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("oracleCases")
  void agreesWithTransformers(String name, JsonNode config, JsonNode expected) throws IOException {
    DecoderSpec spec = parse(config.toString()).spec();
    assertEquals(expected.get("attention_scale").doubleValue(), spec.attention().scale(), 1e-12);
    assertEquals(expected.get("eps").doubleValue(), spec.norms().eps());
    assertEquals(
        expected.get("activation").textValue(),
        switch (spec.activation()) {
          case SILU -> "SiLUActivation";
          case GELU_TANH -> "GELUTanh";
          case GELU -> "GELUActivation";
        });
    assertEquals(expected.get("layer_count").intValue(), spec.layers().size());
    List<JsonNode> layers = new ArrayList<>();
    for (JsonNode layer : expected.get("layers")) {
      layers.add(layer.isNumber() ? layers.get(layer.intValue()) : layer);
    }
    for (int i = 0; i < layers.size(); i++) {
      assertEquals(layers.get(i).get("window").intValue(), spec.layers().get(i).window(), "" + i);
      assertRope(layers.get(i), spec.layers().get(i).rope());
    }
  }

  private static void assertRope(JsonNode expected, Rope rope) {
    assertEquals(expected.get("attention_factor").doubleValue(), rope.attentionFactor(), 1e-12);
    assertEquals(expected.get("inv_freq").size(), rope.inverseFrequencies().size());
    for (int i = 0; i < rope.inverseFrequencies().size(); i++) {
      float value = expected.get("inv_freq").get(i).floatValue();
      // PyTorch's vectorised pow and reciprocal may each be off by one unit in the last place.
      assertEquals(value, rope.inverseFrequencies().get(i), 4 * Math.ulp(value), "frequency " + i);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("oracleCases")
  void laysOutTheTensorsThatTransformersHas(String name, JsonNode config, JsonNode expected)
      throws IOException {
    DecoderSpec spec = parse(config.toString()).spec();
    Map<String, List<Long>> actual = new LinkedHashMap<>(DecoderLayout.of(spec).tensors());
    assertEquals(0, (actual.size() - 2) % spec.layers().size());
    actual.keySet().removeIf(t -> t.startsWith("layers.") && !t.startsWith("layers.0."));
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : expected.get("tensors").properties()) {
      List<Long> shape = new ArrayList<>();
      entry.getValue().forEach(dimension -> shape.add(dimension.longValue()));
      shapes.put(entry.getKey(), shape);
    }
    assertEquals(shapes, actual);
  }

  /** Values of Llama 3.1's published scaling: theta 5e5, D 128, factor 8, 1 to 4, 8192. */
  @Test
  void scalesAsLlama31() throws IOException {
    String sizes = "\"head_dim\":128,\"rope_theta\":500000.0";
    List<Float> plain = llama(sizes).spec().layers().get(0).rope().inverseFrequencies();
    List<Float> scaled =
        llama(
                sizes
                    + ",\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0,"
                    + "\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,"
                    + "\"original_max_position_embeddings\":8192}")
            .spec()
            .layers()
            .get(0)
            .rope()
            .inverseFrequencies();
    assertEquals(1.0f, plain.get(0));
    assertEquals(0.8146172, plain.get(1), 1e-7);
    assertEquals(0.6636013, plain.get(2), 1e-7);
    assertEquals(3.0138581e-6, plain.get(62), 1e-12);
    assertEquals(2.4551407e-6, plain.get(63), 1e-12);
    assertEquals(3.7673226e-7, scaled.get(62), 1e-13);
    assertEquals(3.0689259e-7, scaled.get(63), 1e-13);
    double[] ratios = {1, 0.8282, 0.6437, 0.4935, 0.3711, 0.2714, 0.1902, 0.125};
    for (int i = 0; i < ratios.length; i++) {
      assertEquals(ratios[i], scaled.get(28 + i) / plain.get(28 + i), 5e-5, "" + (28 + i));
    }
  }

  @Test
  void limitsTheLengthWhereFrequenciesChangeWithIt() throws IOException {
    assertEquals(Integer.MAX_VALUE, llama("").spec().layers().get(0).rope().maxLength());
    assertEquals(
        128,
        llama(
                "\"max_position_embeddings\":128,\"rope_scaling\":{\"type\":\"dynamic\",\"factor\":2}")
            .spec()
            .layers()
            .get(0)
            .rope()
            .maxLength());
    DecoderSpec longRope =
        llama(
                "\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1,1,1,1],"
                    + "\"long_factor\":[2,2,2,2],\"original_max_position_embeddings\":64}")
            .spec();
    assertEquals(OptionalInt.of(64), longRope.longRopeBeyond());
    assertEquals(Integer.MAX_VALUE, longRope.layers().get(0).rope().maxLength());
    assertEquals(OptionalInt.empty(), llama("").spec().longRopeBeyond());
  }

  @Test
  void dropsTheWindowOfMistralWhenBidirectional() throws IOException {
    DecoderSpec spec =
        parse("{\"model_type\":\"mistral\",\"sliding_window\":7,\"num_hidden_layers\":1}").spec();
    assertTrue(spec.causal());
    assertEquals(7, spec.layers().get(0).window());
    assertEquals(0, spec.withCausal(false).layers().get(0).window());
    assertEquals(spec, spec.withCausal(false).withCausal(true));
    assertEquals(spec, spec.withCausal(true));
  }

  /** transformers 5 takes a window as a radius where config.json says {@code is_causal: false}. */
  @ParameterizedTest
  @CsvSource({
    "mistral, 7, 8",
    "qwen3, 7, 8",
    "phi3, 7, 8",
    "gemma2, 7, 8",
    "olmo3, 7, 8",
    "gemma3_text, 7, 8"
  })
  void takesTheWindowAsARadiusIfDeclaredBidirectional(String type, int causal, int bidirectional)
      throws IOException {
    String json =
        "{\"model_type\":\"%s\",\"sliding_window\":7,\"use_sliding_window\":true,".formatted(type)
            + "\"max_window_layers\":0,\"num_hidden_layers\":1";
    assertEquals(causal, parse(json + "}").spec().layers().get(0).window());
    DecoderSpec spec = parse(json + ",\"is_causal\":false}").spec();
    assertFalse(spec.causal());
    assertEquals(bidirectional, spec.layers().get(0).window());
  }

  /** Code that a model brings along is known by its name and never run. */
  @ParameterizedTest
  @CsvSource({
    "llama_bidirec, LlamaBidirectionalModel",
    "llama, LlamaBidirectionalModel",
    "mistral_bidirectional, Whatever",
    "bidirectional_pplx_qwen3, PPLXQwen3Model",
    "qwen3, PPLXQwen3Model",
    "gemma3_text, Gemma3BidirectionalModel",
    "bidirectional_ministral3, Whatever"
  })
  void knowsBidirectionalCodeByItsName(String type, String code) throws IOException {
    DecoderConfig config =
        parse(
            "{\"model_type\":\"%s\",\"auto_map\":{\"AutoModel\":\"modeling.%s\"}}"
                .formatted(type, code));
    assertEquals(Optional.of(false), config.declaredCausal());
    assertFalse(config.spec().causal());
    assertFalse(config.llm2vec());
  }

  @ParameterizedTest
  @CsvSource({
    "gemma3, gemma3_text",
    "mistral3, ministral3",
    "embedding_gemma2, embedding_gemma2_text"
  })
  void readsThePartForTextOfAModelThatTakesImages(String type, String text) throws IOException {
    DecoderConfig config =
        parse(
            "{\"model_type\":\"%s\",\"dtype\":\"bfloat16\",\"text_config\":{\"model_type\":\"%s\"}}"
                .formatted(type, text));
    assertEquals(text, config.spec().modelType());
    assertEquals(Optional.of(DType.BFLOAT16), config.storedType());
  }

  /** EmbeddingGemma: 512 becomes 257, so that pairs up to 256 apart attend. */
  @Test
  void halvesTheWindowOfGemma3WhenBidirectional() throws IOException {
    String json =
        "{\"model_type\":\"gemma3_text\",\"sliding_window\":512,\"num_hidden_layers\":6,"
            + "\"use_bidirectional_attention\":";
    DecoderConfig bidirectional = parse(json + "true}");
    assertEquals(Optional.of(false), bidirectional.declaredCausal());
    assertEquals(257, bidirectional.spec().layers().get(0).window());
    assertEquals(0, bidirectional.spec().layers().get(5).window());
    DecoderConfig causal = parse(json + "false}");
    assertEquals(Optional.empty(), causal.declaredCausal());
    assertEquals(512, causal.spec().layers().get(0).window());
    assertEquals(257, causal.spec().withCausal(false).layers().get(0).window());
  }

  @Test
  void readsWhatDeclaresBidirectionalAttention() throws IOException {
    assertEquals(Optional.empty(), llama("").declaredCausal());
    assertTrue(llama("").spec().causal());
    assertEquals(Optional.of(false), llama("\"is_causal\":false").declaredCausal());
    assertFalse(llama("\"is_causal\":false").spec().causal());
    assertFalse(parse("{\"model_type\":\"llama_bidirec\"}").spec().causal());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"architectures\":[\"LlamaBiModel\"]",
        "\"architectures\":[\"LlamaEncoderModel\"]",
        "\"auto_map\":{\"AutoModel\":\"modeling_llama_encoder.LlamaEncoderModel\"}",
        "\"auto_map\":{\"AutoModel\":\"a/b--modeling_llama_encoder.LlamaEncoderModel\"}"
      })
  void recognisesItsOwnClasses(String json) throws IOException {
    assertTrue(llama(json).llm2vec());
  }

  @Test
  void seedOssHasBiasesForQueriesKeysAndValuesUnlessToldOtherwise() throws IOException {
    DecoderSpec.Attention absent = parse("{\"model_type\":\"seed_oss\"}").spec().attention();
    assertTrue(absent.qkvBias());
    assertFalse(absent.outputBias());
    String swapped = "\"attention_bias\":false,\"attention_out_bias\":true}";
    DecoderSpec.Attention told =
        parse("{\"model_type\":\"seed_oss\"," + swapped).spec().attention();
    assertFalse(told.qkvBias());
    assertTrue(told.outputBias());
  }

  @Test
  void readsNameAndTypeInBothSpellings() throws IOException {
    DecoderConfig config = llama("\"_name_or_path\":\"a/b\",\"torch_dtype\":\"bfloat16\"");
    assertEquals(Optional.of("a/b"), config.nameOrPath());
    assertEquals(Optional.of(DType.BFLOAT16), config.storedType());
    assertEquals(Optional.of(DType.FLOAT16), llama("\"dtype\":\"float16\"").storedType());
    assertEquals(Optional.empty(), llama("").storedType());
    assertFalse(llama("\"architectures\":[\"LlamaForCausalLM\"]").llm2vec());
    assertTrue(config.llm2vecArchitecture());
    assertFalse(parse("{\"model_type\":\"qwen3\"}").llm2vecArchitecture());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`\"vocab_size\":-1` | 'vocab_size'",
        "`\"vocab_size\":1099511627776` | 'vocab_size'",
        "`\"vocab_size\":32.5` | 'vocab_size'",
        "`\"vocab_size\":\"32\"` | 'vocab_size'",
        "`\"hidden_size\":0` | 'hidden_size'",
        "`\"hidden_size\":2147483647` | 'hidden_size'",
        "`\"intermediate_size\":[1]` | 'intermediate_size'",
        "`\"num_hidden_layers\":1000000` | 'num_hidden_layers'",
        "`\"num_attention_heads\":5` | 'num_attention_heads'",
        "`\"num_key_value_heads\":3` | 'num_key_value_heads'",
        "`\"head_dim\":7` | 'head_dim'",
        "`\"head_dim\":16384,\"num_attention_heads\":4096` | 'head_dim'",
        "`\"hidden_size\":20` | 'head_dim' must be even",
        "`\"rms_norm_eps\":0` | 'rms_norm_eps'",
        "`\"rms_norm_eps\":-1e-6` | 'rms_norm_eps'",
        "`\"rms_norm_eps\":NaN` | 'rms_norm_eps'",
        "`\"rms_norm_eps\":1e999` | 'rms_norm_eps'",
        "`\"rope_theta\":0` | 'rope_theta'",
        "`\"attention_bias\":\"yes\"` | 'attention_bias'",
        "`\"hidden_act\":\"relu\"` | 'hidden_act' 'relu' is not supported",
        "`\"rope_scaling\":{\"type\":\"su\"}` | 'rope_scaling.type' 'su' is not supported",
        "`\"rope_scaling\":{\"type\":\"linear\"}` | 'rope_scaling.factor' is missing",
        "`\"rope_scaling\":{\"type\":\"linear\",\"factor\":0}` | 'rope_scaling.factor'",
        "`\"rope_scaling\":{\"type\":\"llama3\",\"factor\":2,\"low_freq_factor\":2,"
            + "\"high_freq_factor\":2}` | 'rope_scaling.high_freq_factor'",
        "`\"rope_scaling\":{\"type\":\"longrope\",\"short_factor\":[1]}` | has 1 numbers",
        "`\"rope_scaling\":[1]` | 'rope_scaling' must be an object",
        "`\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"default\"}}` | full_attention",
        "`\"partial_rotary_factor\":0.5` | 'partial_rotary_factor'",
        "`\"quantization_config\":{\"bits\":4}` | 'quantization_config'",
        "`\"model_type\":\"gpt2\"` | 'gpt2' is not supported",
        "`\"model_type\":\"qwen3_moe\",\"num_experts\":8` | 'qwen3_moe' is a mixture of experts",
        "`\"model_type\":3` | 'model_type' must be a string",
      })
  void rejectsByFileAndKey(String json, String expected) {
    ModelFormatException e = assertThrows(ModelFormatException.class, () -> llama(json));
    assertTrue(e.getMessage().startsWith("config.json: "), e.getMessage());
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @Test
  void listsWhatIsSupported() {
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> parse("{\"model_type\":\"gpt2\"}"));
    assertTrue(e.getMessage().contains("llama, mistral, ministral, ministral3"), e.getMessage());
    assertTrue(e.getMessage().contains("such as llama_bidirec"), e.getMessage());
    assertThrows(ModelFormatException.class, () -> parse("{}"));
    assertThrows(
        ModelFormatException.class,
        () -> parse("{\"model_type\":\"gemma3_text\",\"attn_logit_softcapping\":50.0}"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{", "{\"model_type\":\"llama\"} x", "null", "3"})
  void rejectsWhatIsNoJsonObject(String json) {
    assertThrows(ModelFormatException.class, () -> parse(json));
  }
}
