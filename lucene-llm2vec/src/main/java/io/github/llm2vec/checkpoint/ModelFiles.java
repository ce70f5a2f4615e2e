/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.hub.HubDownloader.FileSelection;
import io.github.llm2vec.lora.LoraAdapter;
import io.github.llm2vec.lora.LoraConfig;
import io.github.llm2vec.safetensors.Safetensors;
import io.github.llm2vec.safetensors.ShardedWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which files of a model repository are needed to encode texts with it. Everything else (pickles,
 * code, other formats of the same weights) is never fetched.
 */
final class ModelFiles implements FileSelection {

  /** Files of a tokenizer. */
  static final List<String> TOKENIZER =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json");

  /** What LLM2Vec-Gen writes beside an encoder, a decoder and its heads. */
  static final String LLM2VEC_GEN = "encoder_decoder_config.json";

  private static final Set<String> SMALL =
      Set.of(
          LLM2VEC_GEN,
          DecoderConfig.FILE_NAME,
          LoraConfig.FILE_NAME,
          Llm2VecConfig.FILE_NAME,
          SentenceTransformersConfig.MODULES,
          SentenceTransformersConfig.PROMPTS,
          SentenceTransformersConfig.TRANSFORMER,
          Safetensors.INDEX);

  private static final Set<String> SENTENCE_TRANSFORMERS =
      Set.of(
          SentenceTransformersConfig.MODULES,
          SentenceTransformersConfig.PROMPTS,
          SentenceTransformersConfig.TRANSFORMER);

  private static final Pattern MODULE =
      Pattern.compile("\\d{1,2}_[A-Za-z0-9_]{1,40}/config\\.json");
  private static final Pattern MODULE_WEIGHTS =
      Pattern.compile("\\d{1,2}_Dense[A-Za-z0-9_]{0,40}/model\\.safetensors");

  @Override
  public List<String> configuration(Collection<String> available) {
    return available.stream()
        .filter(
            name ->
                SMALL.contains(name) || TOKENIZER.contains(name) || MODULE.matcher(name).matches())
        .sorted()
        .toList();
  }

  /** The files of a folder and of the folders in it, relative to it. */
  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder, 2)) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString().replace('\\', '/'))
          .toList();
    }
  }

  /** The files of sentence-transformers among those of a repository. */
  static List<String> sentenceTransformers(Collection<String> available) {
    return available.stream()
        .filter(
            name ->
                SENTENCE_TRANSFORMERS.contains(name)
                    || MODULE.matcher(name).matches()
                    || MODULE_WEIGHTS.matcher(name).matches())
        .sorted()
        .toList();
  }

  @Override
  public List<String> weights(Collection<String> available, Path snapshot) throws IOException {
    Set<String> wanted = new TreeSet<>();
    if (available.contains(LoraConfig.FILE_NAME)) {
      // As in Hugging Face's loaders: beside an adapter, other weights do not count.
      wanted.add(LoraAdapter.WEIGHTS);
    } else if (available.contains(Safetensors.SINGLE)) {
      wanted.add(Safetensors.SINGLE);
    } else if (available.contains(Safetensors.INDEX)) {
      wanted.addAll(ShardedWeights.shardNames(snapshot.resolve(Safetensors.INDEX)));
    }
    wanted.addAll(SentenceTransformersConfig.weightFiles(ModelFolder.unfenced(snapshot)));
    wanted.retainAll(available);
    return List.copyOf(wanted);
  }

  /** Whether a cached snapshot has what opening it needs. */
  static boolean complete(ModelFolder snapshot) throws IOException {
    Optional<Path> config = snapshot.file(DecoderConfig.FILE_NAME);
    if (config.isPresent() && snapshot.file("tokenizer.json").isEmpty()) {
      return false;
    }
    for (String weights : SentenceTransformersConfig.weightFiles(snapshot)) {
      if (snapshot.file(weights).isEmpty()) {
        return false;
      }
    }
    if (snapshot.file(LoraConfig.FILE_NAME).isPresent()) {
      return snapshot.file(LoraAdapter.WEIGHTS).isPresent();
    }
    if (config.isEmpty()) {
      return false;
    }
    if (snapshot.file(Safetensors.SINGLE).isPresent()) {
      return true;
    }
    Optional<Path> index = snapshot.file(Safetensors.INDEX);
    if (index.isEmpty()) {
      return false;
    }
    for (String shard : ShardedWeights.shardNames(index.get())) {
      if (snapshot.file(shard).isEmpty()) {
        return false;
      }
    }
    return true;
  }
}
