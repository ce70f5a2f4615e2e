/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.lora.LoraAdapter;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same folders and hub ids as in {@code make_resolution_fixtures.py}, which recorded what
 * LLM2Vec 0.2.3 made of them.
 */
class ResolutionOracleTest {

  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final String LLAMA = "meta-llama/Meta-Llama-3-8B-Instruct";
  private static final String MNTP = "McGill-NLP/LLM2Vec-Meta-Llama-3-8B-Instruct-mntp";
  private static final String ENCODER = "{\"pooling_mode\":\"weighted_mean\",\"max_length\":64}";

  @TempDir Path folder;

  static Stream<Arguments> cases() throws IOException {
    return StreamSupport.stream(Fixtures.json("resolution.json").spliterator(), false)
        .map(c -> Arguments.of(c.get("model").textValue(), c.get("peft").asText(), c));
  }

  @BeforeEach
  void writeModels() throws IOException {
    TinyModel.write(hub(LLAMA), "");
    encoder(named(TinyModel.adapter(hub(MNTP), LLAMA), LLAMA), ENCODER);
    TinyModel.adapter(hub(MNTP + "-supervised"), LLAMA);
    TinyModel.write(folder.resolve("plain"), "\"_name_or_path\":\"" + LLAMA + "\"");
    TinyModel.write(folder.resolve("nameless"), "");
    encoder(named(TinyModel.adapter(folder.resolve("mntp"), LLAMA), LLAMA), ENCODER);
    TinyModel.config(TinyModel.adapter(folder.resolve("mntp-nameless"), LLAMA), "");
    named(TinyModel.adapter(folder.resolve("mntp-renamed"), LLAMA), "other/name");
    encoder(
        TinyModel.adapter(folder.resolve("second"), "some/thing-else"),
        "{\"pooling_mode\":\"eos_token\"}");
  }

  private Path hub(String id) throws IOException {
    Path repository = folder.resolve("cache/models--" + id.replace("/", "--"));
    Files.createDirectories(repository.resolve("refs"));
    Files.writeString(repository.resolve("refs/main"), COMMIT);
    return repository.resolve("snapshots").resolve(COMMIT);
  }

  private static Path named(Path model, String name) throws IOException {
    TinyModel.config(model, "\"_name_or_path\":\"" + name + "\"");
    return model;
  }

  private static void encoder(Path model, String json) throws IOException {
    Files.writeString(model.resolve("llm2vec_config.json"), json);
  }

  @ParameterizedTest(name = "{0} with {1}")
  @MethodSource("cases")
  void findsWhatUpstreamFinds(String model, String adapter, JsonNode expected) throws IOException {
    HubEnvironment environment =
        new HubEnvironment(
            folder.resolve("cache"), URI.create("https://hub.example"), Optional.empty(), false);
    ResolvedCheckpoint checkpoint =
        new CheckpointResolver(ResolverOptions.local(environment).within(folder))
            .resolve(
                new CheckpointResolver.Request(
                    model,
                    expected.get("peft").isNull() ? List.of() : List.of(adapter),
                    Optional.empty()));
    assertEquals(expected.get("name_or_path").textValue(), checkpoint.nameOrPath());
    assertEquals(expected.get("adapters").intValue(), checkpoint.adapterFolders().size());
    boolean hubsOwnConfig = model.equals(MNTP) && expected.get("peft").isNull();
    if (!hubsOwnConfig) { // which upstream never reads, and we do
      Llm2VecConfig config = checkpoint.llm2vecConfig();
      assertEquals(expected.get("pooling_mode").textValue(), config.poolingMode().orElse("mean"));
      assertEquals(expected.get("max_length").intValue(), config.maxLength().orElse(512));
    }
    for (LoraAdapter opened : checkpoint.openAdapters()) {
      opened.close();
    }
  }
}
