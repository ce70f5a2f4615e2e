/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.decoder.DecoderLayout;
import io.github.llm2vec.files.ModelException;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.HubEnvironment;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.safetensors.TensorSource;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointResolverTest {

  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  private static final String LLAMA = "meta-llama/Meta-Llama-3-8B-Instruct";
  private static final String MNTP = "McGill-NLP/LLM2Vec-Meta-Llama-3-8B-Instruct-mntp";

  @TempDir Path folder;

  private Path cache;
  private ResolverOptions options;

  @BeforeEach
  void setUp() {
    cache = folder.resolve("cache");
    options =
        ResolverOptions.local(
            new HubEnvironment(cache, URI.create("https://hub.example"), Optional.empty(), false));
  }

  private ResolvedCheckpoint resolve(String model, String... adapters) throws IOException {
    return new CheckpointResolver(options)
        .resolve(new CheckpointResolver.Request(model, List.of(adapters), Optional.empty()));
  }

  /** The snapshot folder of a hub id, with the ref that leads to it. */
  private Path snapshot(String id) throws IOException {
    Path repository = cache.resolve("models--" + id.replace("/", "--"));
    Files.createDirectories(repository.resolve("refs"));
    Files.writeString(repository.resolve("refs/main"), COMMIT);
    return Files.createDirectories(repository.resolve("snapshots").resolve(COMMIT));
  }

  /** Base and MNTP repository in the cache, as McGill publishes them. */
  private Path publishedModels() throws IOException {
    TinyModel.write(snapshot(LLAMA), "");
    Path mntp = TinyModel.adapter(snapshot(MNTP), LLAMA);
    TinyModel.config(
        mntp, "\"_name_or_path\":\"" + LLAMA + "\",\"architectures\":[\"LlamaEncoderModel\"]");
    Files.writeString(mntp.resolve("tokenizer.json"), "{}");
    return mntp;
  }

  @Test
  void opensAPlainFolderBidirectionally() throws IOException {
    Path model = TinyModel.write(folder.resolve("m"), "\"_name_or_path\":\"a/b\"");
    ResolvedCheckpoint checkpoint = resolve(model.toString());
    assertEquals("a/b", checkpoint.nameOrPath());
    assertFalse(checkpoint.spec().causal());
    assertEquals(model, checkpoint.weightsFolder());
    assertEquals(model, checkpoint.tokenizerFolder());
    assertEquals(List.of(), checkpoint.adapterFolders());
    assertEquals(Llm2VecConfig.EMPTY, checkpoint.llm2vecConfig());
    assertEquals(Optional.empty(), checkpoint.sentenceTransformers());
    try (TensorSource weights = checkpoint.openWeights()) {
      assertEquals(DecoderLayout.of(checkpoint.spec()).tensors().keySet(), weights.names());
      assertEquals(0.5f, Fixtures.readAll(weights, "norm.weight")[3]);
      assertArrayEquals(
          new long[] {8, 16}, weights.shape("layers.1.self_attn.k_proj.weight").get());
      assertEquals(Optional.empty(), weights.shape("lm_head.weight"));
      assertEquals(Optional.of(DType.BFLOAT16), weights.dtype("norm.weight"));
    }
  }

  /** {@code LLM2Vec.save} after a merge writes the class LlamaBiModel, whose names are bare. */
  @ParameterizedTest
  @ValueSource(strings = {"", "model.", "base_model.model.", "base_model.model.model."})
  void opensWeightsWhateverStandsBeforeTheirNames(String prefix) throws IOException {
    Path model =
        TinyModel.write(folder.resolve("m"), "\"architectures\":[\"LlamaBiModel\"]", prefix);
    ResolvedCheckpoint checkpoint = resolve(model.toString());
    assertFalse(checkpoint.spec().causal());
    try (TensorSource weights = checkpoint.openWeights()) {
      assertEquals(0.5f, Fixtures.readAll(weights, "embed_tokens.weight")[0]);
    }
  }

  @Test
  void mergesBaseThenMntpThenTheSecondAdapterThatNamesTheBase() throws IOException {
    Path mntp = publishedModels();
    Path second = TinyModel.adapter(snapshot(MNTP + "-supervised"), LLAMA);
    ResolvedCheckpoint checkpoint = resolve(MNTP, MNTP + "-supervised");
    assertEquals(snapshot(LLAMA), checkpoint.weightsFolder());
    assertEquals(List.of(mntp, second), checkpoint.adapterFolders());
    assertEquals(mntp, checkpoint.tokenizerFolder());
    assertEquals(LLAMA, checkpoint.nameOrPath());
    assertFalse(checkpoint.spec().causal());
    List<LoraAdapter> adapters = checkpoint.openAdapters();
    assertEquals(2, adapters.size());
    assertEquals(2.0, adapters.get(1).delta("layers.0.self_attn.q_proj").orElseThrow().scale());
    for (LoraAdapter adapter : adapters) {
      adapter.close();
    }
  }

  @Test
  void putsTheMntpAdapterBelowAPublishedSecondOneThatIsNamedAlone() throws IOException {
    Path mntp = publishedModels();
    Path second = TinyModel.adapter(snapshot(MNTP + "-supervised"), LLAMA);
    ResolvedCheckpoint checkpoint = resolve(MNTP + "-supervised");
    assertEquals(List.of(mntp, second), checkpoint.adapterFolders());
    assertEquals(mntp, checkpoint.tokenizerFolder());
    assertEquals(LLAMA, checkpoint.nameOrPath());
  }

  @Test
  void opensLocalCopiesOfTheChain() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), "");
    Path mntp = TinyModel.adapter(folder.resolve("mntp"), base.toString());
    TinyModel.config(mntp, "\"_name_or_path\":\"" + LLAMA + "\"");
    Path second = TinyModel.adapter(folder.resolve("second"), "some/other-base");
    ResolvedCheckpoint checkpoint = resolve(mntp.toString(), second.toString());
    assertEquals(base, checkpoint.weightsFolder());
    assertEquals(List.of(mntp, second), checkpoint.adapterFolders());
    assertEquals(LLAMA, checkpoint.nameOrPath());
    // The MNTP folder has no tokenizer here.
    assertEquals(base, checkpoint.tokenizerFolder());
  }

  @Test
  void losesTheTemplateOfALocalCopyWithoutItsName() throws IOException {
    TinyModel.write(snapshot(LLAMA), "");
    Path mntp = TinyModel.adapter(folder.resolve("mntp"), LLAMA);
    TinyModel.config(mntp, "");
    assertEquals("", resolve(mntp.toString()).nameOrPath());
  }

  @Test
  void opensAnAdapterAloneByItsBase() throws IOException {
    TinyModel.write(snapshot(LLAMA), "");
    Path adapter = TinyModel.adapter(folder.resolve("adapter"), LLAMA);
    ResolvedCheckpoint checkpoint = resolve(adapter.toString());
    assertEquals(LLAMA, checkpoint.nameOrPath());
    assertEquals(List.of(adapter), checkpoint.adapterFolders());
    assertEquals(checkpoint.weightsFolder(), checkpoint.tokenizerFolder());
  }

  @Test
  void readsTheEncoderConfigOfTheLastAdapterOrTheModel() throws IOException {
    Path model = TinyModel.write(folder.resolve("m"), "");
    Files.writeString(model.resolve("llm2vec_config.json"), "{\"pooling_mode\":\"mean\"}");
    Path adapter = TinyModel.adapter(folder.resolve("a"), "x/y");
    assertEquals(Optional.of("mean"), resolve(model.toString()).llm2vecConfig().poolingMode());
    // As upstream: the adapter's folder is looked at instead of the model's, not before it.
    assertEquals(
        Llm2VecConfig.EMPTY, resolve(model.toString(), adapter.toString()).llm2vecConfig());
    Files.writeString(
        adapter.resolve("llm2vec_config.json"),
        "{\"pooling_mode\":\"weighted_mean\",\"max_length\":512,\"doc_max_length\":400,"
            + "\"skip_instruction\":false}");
    assertEquals(
        new Llm2VecConfig(
            Optional.of("weighted_mean"), Optional.of(512), Optional.of(400), Optional.of(false)),
        resolve(model.toString(), adapter.toString()).llm2vecConfig());
  }

  @Test
  void readsTheEncoderConfigOfAHubModelToo() throws IOException {
    Files.writeString(publishedModels().resolve("llm2vec_config.json"), "{\"max_length\":64}");
    assertEquals(Optional.of(64), resolve(MNTP).llm2vecConfig().maxLength());
  }

  @Test
  void namesTheNearestKeyOfASlipInTheEncoderConfig() throws IOException {
    Path model = TinyModel.write(folder.resolve("m"), "");
    Files.writeString(model.resolve("llm2vec_config.json"), "{\"pooling_mod\":\"mean\"}");
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> resolve(model.toString()));
    assertTrue(e.getMessage().contains("Did you mean 'pooling_mode'?"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // config.json | sentence-transformers files | causal
        "`` | false | false",
        "`` | true | true",
        "`\"is_causal\":false` | true | false",
        "`\"use_bidirectional_attention\":true` | true | false",
        "`\"architectures\":[\"LlamaBiModel\"]` | true | false",
        "`\"is_causal\":true` | false | true",
      })
  void choosesTheAttentionTheCheckpointWasMadeFor(
      String config, boolean sentenceTransformers, boolean causal) throws IOException {
    Path model = TinyModel.write(folder.resolve("m"), config);
    if (sentenceTransformers) {
      writeSentenceTransformers(model, "lasttoken");
    }
    assertEquals(causal, resolve(model.toString()).spec().causal());
    for (boolean bidirectional : new boolean[] {false, true}) {
      ResolvedCheckpoint forced =
          new CheckpointResolver(options)
              .resolve(
                  new CheckpointResolver.Request(
                      model.toString(), List.of(), Optional.of(bidirectional)));
      assertEquals(!bidirectional, forced.spec().causal());
    }
  }

  @Test
  void keepsArchitecturesThatLlm2vecDoesNotKnowCausal() throws IOException {
    Path model = TinyModel.write(folder.resolve("m"), "\"model_type\":\"qwen3\",\"head_dim\":4");
    assertTrue(resolve(model.toString()).spec().causal());
    Files.writeString(model.resolve("llm2vec_config.json"), "{}");
    assertFalse(resolve(model.toString()).spec().causal());
  }

  private static void writeSentenceTransformers(Path model, String pooling) throws IOException {
    Files.createDirectories(model.resolve("1_Pooling"));
    Files.writeString(
        model.resolve("modules.json"),
        "[{\"idx\":0,\"name\":\"0\",\"path\":\"\",\"type\":\"sentence_transformers.models."
            + "Transformer\"},{\"idx\":1,\"name\":\"1\",\"path\":\"1_Pooling\",\"type\":"
            + "\"sentence_transformers.models.Pooling\"},{\"idx\":2,\"name\":\"2\",\"path\":"
            + "\"2_Normalize\",\"type\":\"sentence_transformers.models.Normalize\"}]");
    Files.writeString(
        model.resolve("1_Pooling/config.json"),
        "{\"word_embedding_dimension\":16,\"pooling_mode_cls_token\":false,\"pooling_mode_"
            + pooling
            + "\":true,\"include_prompt\":true}");
  }

  @Test
  void refusesAModelOfAnotherTypeThanItsBase() throws IOException {
    Path base = TinyModel.write(folder.resolve("base"), "");
    Path adapter = TinyModel.adapter(folder.resolve("a"), base.toString());
    TinyModel.config(adapter, "\"model_type\":\"mistral\"");
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> resolve(adapter.toString()));
    assertTrue(e.getMessage().contains("mistral") && e.getMessage().contains("llama"));
  }

  @Test
  void refusesAnAdapterAsTheBaseOfAnother() throws IOException {
    Path first = TinyModel.adapter(folder.resolve("first"), "a/b");
    Path second = TinyModel.adapter(folder.resolve("second"), first.toString());
    ModelUnavailableException e =
        assertThrows(ModelUnavailableException.class, () -> resolve(second.toString()));
    assertTrue(e.getMessage().contains("is itself an adapter"), e.getMessage());
  }

  @Test
  void saysWhichAdapterNamesABaseThatIsMissing() throws IOException {
    Path adapter = TinyModel.adapter(folder.resolve("a"), "some/base");
    ModelUnavailableException e =
        assertThrows(ModelUnavailableException.class, () -> resolve(adapter.toString()));
    assertTrue(
        e.getMessage().startsWith("some/base: ")
            && e.getMessage().contains("adapter_config.json")
            && e.getMessage().contains("downloads are not allowed"),
        e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"no-such-folder", "/no/such/folder", "a/b/c", "a@b", "", " ", "a\0b"})
  void saysWhenANameIsNeitherFolderNorId(String name) throws IOException {
    for (ResolverOptions tried : List.of(options, options.within(folder))) {
      options = tried;
      ModelUnavailableException e =
          assertThrows(ModelUnavailableException.class, () -> resolve(name));
      assertTrue(e.getMessage().contains("no hub id"), e.getMessage());
    }
  }

  @Test
  void saysWhenAModelIsIncomplete() throws IOException {
    Path model = TinyModel.write(folder.resolve("m"), "");
    Files.delete(model.resolve("model.safetensors"));
    ModelUnavailableException e =
        assertThrows(ModelUnavailableException.class, () -> resolve(model.toString()));
    assertTrue(e.getMessage().contains("has neither model.safetensors"), e.getMessage());
    TinyModel.write(model, "");
    Files.delete(model.resolve("config.json"));
    e = assertThrows(ModelUnavailableException.class, () -> resolve(model.toString()));
    assertTrue(e.getMessage().contains("has no config.json"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "num_hidden_layers, 3, lacks 9 tensors",
    "intermediate_size, 25, shape",
    "attention_bias, true, lacks 8 tensors",
    "vocab_size, 17, embed_tokens"
  })
  void refusesWeightsThatDoNotBelongToTheirConfig(String key, String value, String expected)
      throws IOException {
    Path model = TinyModel.write(folder.resolve("m"), "");
    TinyModel.config(model, "\"" + key + "\":" + value);
    ResolvedCheckpoint checkpoint = resolve(model.toString());
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> checkpoint.openWeights().close());
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }

  @Test
  void fingerprintsContentAndNotPlaces() throws IOException {
    Path model = TinyModel.write(folder.resolve("m"), "");
    Path copy = TinyModel.write(folder.resolve("copy"), "");
    Path adapter = TinyModel.adapter(folder.resolve("a"), "x/y");
    String fingerprint = resolve(model.toString()).fingerprint();
    assertTrue(fingerprint.matches("[0-9a-f]{64}"), fingerprint);
    assertEquals(fingerprint, resolve(copy.toString()).fingerprint());
    assertFalse(fingerprint.equals(resolve(model.toString(), adapter.toString()).fingerprint()));
    byte[] weights = Files.readAllBytes(copy.resolve("model.safetensors"));
    weights[weights.length - 1]++;
    Files.write(copy.resolve("model.safetensors"), weights);
    assertFalse(fingerprint.equals(resolve(copy.toString()).fingerprint()));
    assertFalse(
        fingerprint.equals(
            new CheckpointResolver(options)
                .resolve(
                    new CheckpointResolver.Request(model.toString(), List.of(), Optional.of(false)))
                .fingerprint()));
  }

  /** LLM2Vec-Gen keeps its heads as pickles: it is refused by name and not for what it lacks. */
  @Test
  void refusesLlm2VecGenByName() throws IOException {
    Path model = Files.createDirectories(folder.resolve("gen"));
    Files.writeString(
        model.resolve("encoder_decoder_config.json"), "{\"encoding_mode\": \"last_10_tokens\"}");
    ModelException e = assertThrows(ModelException.class, () -> resolve(model.toString()));
    assertTrue(e.getMessage().contains("LLM2Vec-Gen"), e.getMessage());
    Files.delete(model.resolve("encoder_decoder_config.json"));
    Files.createDirectories(model.resolve("encoder"));
    Files.writeString(model.resolve("encoder/adapter_config.json"), "{}");
    Files.write(model.resolve("alignment_mlp"), new byte[] {1});
    e = assertThrows(ModelException.class, () -> resolve(model.toString()));
    assertTrue(e.getMessage().contains("LLM2Vec-Gen"), e.getMessage());
  }
}
