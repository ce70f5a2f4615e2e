/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.checkpoint.Fixtures;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.decoder.DecoderSpec;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelException;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.lora.LoraAdapter.TensorChange.LoraPair;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.SafetensorsWriter;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraAdapterTest {

  @TempDir Path folder;

  private DecoderSpec spec;

  @BeforeEach
  void readBase() throws IOException {
    spec = DecoderConfig.read(Fixtures.path("lora-base").resolve("config.json")).spec();
  }

  /** The change of every module is what {@code get_delta_weight} of PEFT gives. */
  @ParameterizedTest
  @ValueSource(strings = {"lora-encoder", "lora-causal"})
  void agreesWithPeft(String name) throws IOException {
    Path fixture = Fixtures.path(name);
    JsonNode scales = Fixtures.json(name + "/scales.json");
    try (LoraAdapter adapter = LoraAdapter.open(fixture, spec);
        TensorSource deltas = Safetensors.openFile(fixture.resolve("deltas.safetensors"))) {
      assertEquals(deltas.names(), adapter.modules());
      for (String module : deltas.names()) {
        LoraPair pair = adapter.delta(module).orElseThrow();
        assertEquals(scales.get(module).doubleValue(), pair.scale(), 1e-12, module);
        float[] a = Fixtures.readAll(adapter.tensors(), pair.aName());
        float[] b = Fixtures.readAll(adapter.tensors(), pair.bName());
        float[] expected = Fixtures.readAll(deltas, module);
        assertEquals(pair.in() * pair.out(), expected.length);
        for (int o = 0; o < pair.out(); o++) {
          for (int i = 0; i < pair.in(); i++) {
            double sum = 0;
            for (int r = 0; r < pair.rank(); r++) {
              sum += (double) b[o * pair.rank() + r] * a[r * pair.in() + i];
            }
            assertEquals(expected[o * pair.in() + i], pair.scale() * sum, 1e-5, module);
          }
        }
      }
      assertEquals(Optional.empty(), adapter.delta("lm_head"));
    }
  }

  @Test
  void listsModulesInTheOrderOfTheForwardPass() throws IOException {
    try (LoraAdapter adapter = LoraAdapter.open(Fixtures.path("lora-encoder"), spec)) {
      assertEquals(
          new ArrayList<>(DecoderLayout.of(spec).linears().keySet()),
          new ArrayList<>(adapter.modules()));
    }
  }

  /** Copies the encoder's adapter with changed tensors; an empty name drops one. */
  private void copyAdapter(UnaryOperator<Map<String, List<Long>>> change) throws IOException {
    Path fixture = Fixtures.path("lora-encoder");
    Files.copy(fixture.resolve("adapter_config.json"), folder.resolve("adapter_config.json"));
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    try (TensorSource source = Safetensors.openFile(fixture.resolve("adapter_model.safetensors"))) {
      for (String name : source.names()) {
        long[] shape = source.shape(name).orElseThrow();
        shapes.put(name, List.of(shape[0], shape[1]));
      }
    }
    List<SafetensorsWriter.Tensor> tensors = new ArrayList<>();
    change
        .apply(shapes)
        .forEach(
            (name, shape) ->
                tensors.add(
                    SafetensorsWriter.Tensor.of(
                        name, shape, FloatBuffer.allocate((int) (shape.get(0) * shape.get(1))))));
    new SafetensorsWriter(DType.BFLOAT16)
        .write(folder.resolve("adapter_model.safetensors"), tensors);
  }

  private static final String FIRST = "base_model.model.layers.0.self_attn.q_proj.lora_A.weight";

  private String failure() {
    return assertThrows(ModelException.class, () -> LoraAdapter.open(folder, spec).close())
        .getMessage();
  }

  @Test
  void acceptsTheNamesOfAdaptersTrainedAroundALanguageModel() throws IOException {
    copyAdapter(
        shapes -> {
          Map<String, List<Long>> renamed = new LinkedHashMap<>();
          shapes.forEach(
              (name, shape) ->
                  renamed.put(name.replace("base_model.model.", "base_model.model.model."), shape));
          renamed.put("base_model.model.lm_head.lora_A.weight", List.of(4L, 16L));
          renamed.put("base_model.model.lm_head.lora_B.weight", List.of(16L, 4L));
          return renamed;
        });
    try (LoraAdapter adapter = LoraAdapter.open(folder, spec)) {
      assertEquals(DecoderLayout.of(spec).linears().keySet(), adapter.modules());
    }
  }

  @Test
  void leavesModulesWithoutTensorsAlone() throws IOException {
    copyAdapter(
        shapes -> {
          shapes.keySet().removeIf(name -> !name.contains("layers.1.mlp.up_proj"));
          return shapes;
        });
    try (LoraAdapter adapter = LoraAdapter.open(folder, spec)) {
      assertEquals(Set.of("layers.1.mlp.up_proj"), adapter.modules());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "base_model.model.layers.2.self_attn.q_proj.lora_A.weight, belongs to no module",
    "base_model.model.layers.0.self_attn.x_proj.lora_A.weight, belongs to no module",
    "layers.0.self_attn.q_proj.lora_A.weight, belongs to no module",
    "base_model.model.layers.0.self_attn.q_proj.lora_C.weight, belongs to no module",
    "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight, has both",
    "base_model.model.embed_tokens.weight, of shape [4 16]",
    "base_model.model.layers.0.self_attn.q_proj.bias, belongs to no module",
    "base_model.model.layers.0.self_attn.q_proj.lora_magnitude_vector, 'use_dora' is false",
  })
  void rejectsTensorsThatItCannotPlace(String name, String expected) throws IOException {
    copyAdapter(
        shapes -> {
          shapes.put(name, List.of(4L, 16L));
          return shapes;
        });
    String message = failure();
    boolean named = message.replace(",", "").contains(expected) && message.contains(name);
    assertTrue(named, message);
  }

  @Test
  void rejectsHalfAPair() throws IOException {
    copyAdapter(
        shapes -> {
          shapes.remove(FIRST);
          return shapes;
        });
    assertTrue(failure().contains("lora_B alone for layers.0.self_attn.q_proj"), failure());
  }

  @ParameterizedTest
  @CsvSource({"3,16", "4,15", "16,4"})
  void rejectsShapesThatDoNotFit(long rows, long columns) throws IOException {
    copyAdapter(
        shapes -> {
          shapes.put(FIRST, List.of(rows, columns));
          return shapes;
        });
    assertTrue(failure().contains("expected [4, 16]"), failure());
  }

  @Test
  void rejectsAnAdapterOfAnotherModel() throws IOException {
    DecoderSpec other =
        DecoderConfig.read(
                JsonObject.parse(
                    Path.of("config.json"),
                    "{\"model_type\":\"mistral\"}".getBytes(StandardCharsets.UTF_8)))
            .spec();
    assertThrows(
        ModelFormatException.class,
        () -> LoraAdapter.open(Fixtures.path("lora-encoder"), other).close());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`\"use_dora\":true` | 'use_dora'",
        "`\"modules_to_save\":[\"norm\"]` | 'modules_to_save'",
        "`\"target_parameters\":[\"x\"]` | 'target_parameters'",
        "`\"peft_type\":\"IA3\"` | 'peft_type' 'IA3' is not supported",
        "`\"bias\":\"some\"` | 'bias'",
        "`\"init_lora_weights\":\"pissa_niter_4\"` | 'init_lora_weights'",
        "`\"r\":0` | 'r'",
        "`\"r\":8` | expected [8,",
        "`\"r\":1099511627776` | 'r'",
        "`\"lora_alpha\":0` | 'lora_alpha'",
        "`\"target_modules\":[\"v_proj\"]` | does not target",
        "`\"target_modules\":\".*v_proj\"` | does not target",
        "`\"target_modules\":\"(\"` | not a valid regular expression",
        "`\"target_modules\":\".*.*.*.*.*.*.*.*X\"` | takes too long",
        "`\"target_modules\":null` | does not target",
        "`\"exclude_modules\":[\"q_proj\"]` | does not target",
        "`\"layers_to_transform\":[1]` | does not target",
        "`\"rank_pattern\":{\"q_proj\":2}` | expected [2, 16]",
        "`\"rank_pattern\":{\"q_proj\":\"2\"}` | 'rank_pattern.q_proj'",
        "`\"target_modules\":[3]` | 'target_modules'",
      })
  void rejectsByName(String json, String expected) throws IOException {
    copyAdapter(UnaryOperator.identity());
    String config = Files.readString(folder.resolve("adapter_config.json")).strip();
    // A later key replaces an earlier one, as in Python.
    Files.writeString(
        folder.resolve("adapter_config.json"),
        config.substring(0, config.length() - 1) + "," + json + "}");
    assertTrue(failure().contains(expected), failure());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"target_modules\":\"all-linear\"",
        "\"target_modules\":\"layers\\\\.\\\\d+\\\\.(self_attn|mlp)\\\\.\\\\w+_proj\"",
        "\"modules_to_save\":[\"lm_head\"]",
        "\"bias\":\"all\"",
        "\"alpha_pattern\":{\"model.layers.0.mlp.up_proj\":64}",
        "\"layers_to_transform\":[0,1]",
        "\"exclude_modules\":[\"lm_head\"]",
        "\"fan_in_fan_out\":true",
        "\"init_lora_weights\":\"gaussian\"",
        "\"some_new_key\":{\"a\":1}"
      })
  void acceptsWhatDoesNotChangeTheNumbers(String json) throws IOException {
    copyAdapter(UnaryOperator.identity());
    String config = Files.readString(folder.resolve("adapter_config.json")).strip();
    Files.writeString(
        folder.resolve("adapter_config.json"),
        config.substring(0, config.length() - 1) + "," + json + "}");
    try (LoraAdapter adapter = LoraAdapter.open(folder, spec)) {
      assertEquals(14, adapter.modules().size());
      assertEquals(2.0, adapter.delta("layers.0.mlp.up_proj").orElseThrow().scale());
    }
  }

  @Test
  void saysThatPicklesAreNeverRead() throws IOException {
    copyAdapter(UnaryOperator.identity());
    Files.move(folder.resolve("adapter_model.safetensors"), folder.resolve("adapter_model.bin"));
    assertTrue(failure().contains("may hold code"), failure());
  }

  @Test
  void saysWhenAFolderIsNoAdapter() {
    assertTrue(failure().contains("has no adapter_config.json"), failure());
  }
}
