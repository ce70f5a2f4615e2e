/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.checkpoint.SentenceTransformersConfig.SentenceModule;
import io.github.llm2vec.files.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SentenceTransformersConfigTest {

  @TempDir Path folder;

  private void modules(String... types) throws IOException {
    StringBuilder json = new StringBuilder("[");
    for (int i = 0; i < types.length; i++) {
      String path = i == 0 ? "" : i + "_" + types[i].substring(types[i].lastIndexOf('.') + 1);
      json.append(i == 0 ? "" : ",")
          .append("{\"idx\":" + i + ",\"name\":\"" + i + "\",\"path\":\"" + path)
          .append("\",\"type\":\"" + types[i] + "\"}");
    }
    Files.writeString(folder.resolve("modules.json"), json.append("]"));
  }

  private void pooling(String json) throws IOException {
    Files.createDirectories(folder.resolve("1_Pooling"));
    Files.writeString(folder.resolve("1_Pooling/config.json"), json);
  }

  private static final String[] USUAL = {
    "sentence_transformers.models.Transformer",
    "sentence_transformers.models.Pooling",
    "sentence_transformers.models.Normalize"
  };

  @Test
  void isEmptyWithoutModules() throws IOException {
    assertEquals(Optional.empty(), SentenceTransformersConfig.read(folder));
  }

  /** The files of Qwen3-Embedding. */
  @Test
  void readsAllFiles() throws IOException {
    modules(USUAL);
    pooling(
        "{\"word_embedding_dimension\":1024,\"pooling_mode_cls_token\":false,"
            + "\"pooling_mode_mean_tokens\":false,\"pooling_mode_max_tokens\":false,"
            + "\"pooling_mode_mean_sqrt_len_tokens\":false,"
            + "\"pooling_mode_weightedmean_tokens\":false,\"pooling_mode_lasttoken\":true,"
            + "\"include_prompt\":true}");
    Files.writeString(
        folder.resolve("config_sentence_transformers.json"),
        "{\"prompts\":{\"query\":\"Instruct: x\\nQuery:\",\"document\":\"\"},"
            + "\"default_prompt_name\":null,\"similarity_fn_name\":\"cosine\"}");
    Files.writeString(
        folder.resolve("sentence_bert_config.json"),
        "{\"max_seq_length\":32768,\"do_lower_case\":false}");
    assertEquals(
        Optional.of(
            new SentenceTransformersConfig(
                List.of("lasttoken"),
                true,
                List.of(new SentenceModule.Normalize()),
                Map.of("query", "Instruct: x\nQuery:", "document", ""),
                Optional.empty(),
                false,
                Optional.of(32768),
                false,
                Optional.empty(),
                Optional.of("cosine"))),
        SentenceTransformersConfig.read(folder));
  }

  @ParameterizedTest
  @CsvSource({
    "cls_token,cls",
    "max_tokens,max",
    "mean_tokens,mean",
    "mean_sqrt_len_tokens,mean_sqrt_len_tokens",
    "weightedmean_tokens,weightedmean",
    "lasttoken,lasttoken"
  })
  void readsPoolingModesInBothSpellings(String key, String mode) throws IOException {
    modules(USUAL[0], USUAL[1]);
    pooling("{\"pooling_mode_" + key + "\":true,\"include_prompt\":false}");
    SentenceTransformersConfig config = SentenceTransformersConfig.read(folder).orElseThrow();
    assertEquals(List.of(mode), config.poolingModes());
    assertEquals(false, config.includePrompt());
    assertEquals(false, config.normalize());
    for (String value : List.of("\"" + mode + "\"", "[\"" + mode + "\"]")) {
      pooling("{\"pooling_mode\":" + value + "}");
      assertEquals(
          List.of(mode), SentenceTransformersConfig.read(folder).orElseThrow().poolingModes());
    }
  }

  @Test
  void readsSeveralPoolingModes() throws IOException {
    modules(USUAL);
    pooling("{\"pooling_mode_lasttoken\":true,\"pooling_mode_mean_tokens\":true}");
    assertEquals(
        List.of("mean", "lasttoken"),
        SentenceTransformersConfig.read(folder).orElseThrow().poolingModes());
    pooling("{\"pooling_mode\":[\"lasttoken\",\"mean\"]}");
    assertEquals(
        List.of("lasttoken", "mean"),
        SentenceTransformersConfig.read(folder).orElseThrow().poolingModes());
    pooling("{}");
    assertEquals(
        List.of("mean"), SentenceTransformersConfig.read(folder).orElseThrow().poolingModes());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"pooling_mode\":\"median\"}",
        "{\"pooling_mode\":[3]}",
        "{\"pooling_mode_mean_tokens\":\"yes\"}"
      })
  void rejectsOtherPooling(String json) throws IOException {
    modules(USUAL);
    pooling(json);
    assertThrows(ModelFormatException.class, () -> SentenceTransformersConfig.read(folder));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sentence_transformers.models.LSTM",
        "sentence_transformers.base.modules.router.Router",
        "custom_st.Transformer",
        ""
      })
  void rejectsOtherModulesByName(String type) throws IOException {
    modules(USUAL[0], USUAL[1], type);
    pooling("{\"pooling_mode_mean_tokens\":true}");
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> SentenceTransformersConfig.read(folder));
    assertTrue(e.getMessage().contains("\"" + type + "\" is not supported"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"transformer_task\":\"text-generation\"}",
        "{\"query_length\":32}",
        "{\"processing_kwargs\":{\"text\":{\"add_special_tokens\":false}}}",
        "{\"modality_config\":{\"message\":{\"method\":\"forward\"}}}",
        "{\"modality_config\":{\"text\":{\"method\":\"forward\",\"method_output_name\":\"pooler_output\"}}}"
      })
  void rejectsByNameWhatFeedsTheModelWithOtherThanTheText(String json) throws IOException {
    modules(USUAL);
    pooling("{}");
    Files.writeString(folder.resolve("sentence_bert_config.json"), json);
    String key = json.replaceAll("\\{\"(\\w+)\".*", "$1");
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> SentenceTransformersConfig.read(folder));
    assertTrue(e.getMessage().contains(key), e.getMessage());
  }

  @Test
  void rejectsAModuleBeforeThePooling() throws IOException {
    modules(USUAL[0], USUAL[2], USUAL[1]);
    pooling("{}");
    assertThrows(ModelFormatException.class, () -> SentenceTransformersConfig.read(folder));
  }

  @Test
  void rejectsAModelWithoutPooling() throws IOException {
    modules(USUAL[0]);
    assertThrows(ModelFormatException.class, () -> SentenceTransformersConfig.read(folder));
  }
}
