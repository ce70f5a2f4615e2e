/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.checkpoint;

import io.github.llm2vec.checkpoint.ModelLocator.Located;
import io.github.llm2vec.decoder.DecoderConfig;
import io.github.llm2vec.files.JsonObject;
import io.github.llm2vec.files.ModelFolder;
import io.github.llm2vec.files.ModelFormatException;
import io.github.llm2vec.files.ModelUnavailableException;
import io.github.llm2vec.hub.HubDownloader;
import io.github.llm2vec.hub.HubId;
import io.github.llm2vec.hub.Retries;
import io.github.llm2vec.lora.LoraConfig;
import io.github.llm2vec.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds all parts of a model as {@code LLM2Vec.from_pretrained} does (version 0.2.3): a base that
 * is itself an adapter brings its own base along and is merged first, then come the further
 * adapters in their order, whatever base they name. Thread-safe.
 */
public final class CheckpointResolver {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointResolver.class);

  // The second adapters of the published models; they name the original base, not this one.
  private static final Pattern PUBLISHED_SECOND_ADAPTER =
      Pattern.compile("(McGill-NLP/LLM2Vec-[A-Za-z0-9._-]+-mntp)-(supervised|unsup-simcse)");

  private final ModelLocator locator;

  /** A resolver with these options. */
  public CheckpointResolver(ResolverOptions options) {
    this(
        options,
        id ->
            new HubDownloader(
                    options.environment(), new ModelFiles(), options.listener(), Retries.real())
                .fetch(id));
  }

  CheckpointResolver(ResolverOptions options, ModelLocator.HubFetcher fetcher) {
    this.locator = new ModelLocator(options, fetcher);
  }

  /**
   * What to open.
   *
   * @param model folder or hub id of a model, or of an adapter that names its base
   * @param adapters folders or hub ids of further adapters, merged in this order
   * @param enableBidirectional whether attention is bidirectional; empty for what the checkpoint
   *     was made for
   */
  public record Request(
      String model, List<String> adapters, Optional<Boolean> enableBidirectional) {

    /** Copies the list. */
    public Request {
      adapters = List.copyOf(adapters);
    }

    /** A model as it is. */
    public static Request of(String model) {
      return new Request(model, List.of(), Optional.empty());
    }
  }

  /**
   * Finds all parts of a model.
   *
   * @throws ModelUnavailableException if a part is missing or may not be used
   * @throws ModelFormatException if a file is damaged or something in it is not supported
   */
  public ResolvedCheckpoint resolve(Request request) throws IOException {
    Matcher published = PUBLISHED_SECOND_ADAPTER.matcher(request.model());
    if (published.matches()) {
      List<String> adapters = new ArrayList<>(request.adapters());
      adapters.add(0, request.model());
      LOG.info("{} is an adapter on top of {}", request.model(), published.group(1));
      return resolve(new Request(published.group(1), adapters, request.enableBidirectional()));
    }
    Chain chain = chain(request);
    refuseLlm2VecGen(chain.given.folder());
    DecoderConfig config =
        DecoderConfig.read(
            chain
                .base
                .folder()
                .required(DecoderConfig.FILE_NAME, configRemedy(chain.base.folder())));
    Safetensors.requireWeights(chain.base.folder());
    Optional<DecoderConfig> givenConfig = givenConfig(chain, config);
    // Upstream tests for a local file only, so that it never reads a hub's; we do.
    Optional<Path> llm2vecFile = chain.last().file(Llm2VecConfig.FILE_NAME);
    Optional<SentenceTransformersConfig> sentenceTransformers = sentence(chain, config);
    boolean madeByLlm2vec =
        llm2vecFile.isPresent()
            || config.llm2vec()
            || givenConfig.map(DecoderConfig::llm2vec).orElse(false);
    boolean causal =
        request
            .enableBidirectional()
            .map(bidirectional -> !bidirectional)
            .or(config::declaredCausal)
            .or(() -> givenConfig.flatMap(DecoderConfig::declaredCausal))
            .orElseGet(
                () ->
                    !madeByLlm2vec
                        && (sentenceTransformers.isPresent() || !config.llm2vecArchitecture()));
    return new ResolvedCheckpoint(
        new ResolvedCheckpoint.Parts(
            chain.root,
            chain.base.folder(),
            chain.adapters,
            tokenizerFolder(chain),
            nameOrPath(chain, config, givenConfig),
            llm2vecFile.isPresent() ? Llm2VecConfig.read(llm2vecFile.get()) : Llm2VecConfig.EMPTY,
            sentenceTransformers),
        config.withCausal(causal));
  }

  /** What to do about a folder without config.json: name one of its GGUF files, if it has any. */
  private static String configRemedy(ModelFolder folder) throws IOException {
    try (Stream<Path> files = Files.list(folder.path())) {
      return files
          .filter(GgufFolder::isGguf)
          .sorted()
          .findFirst()
          .map(file -> "Name the file " + file + " instead of its folder")
          .orElse("Fetch the complete model");
    }
  }

  /** A frozen language model, tokens behind the text, and heads that are saved as pickles. */
  private static void refuseLlm2VecGen(ModelFolder folder) throws IOException {
    boolean adapterAndHeads =
        folder.file("encoder/" + LoraConfig.FILE_NAME).isPresent()
            && (folder.file("alignment_mlp").isPresent()
                || folder.file("reconstruction_mlp").isPresent());
    if (adapterAndHeads || folder.file(ModelFiles.LLM2VEC_GEN).isPresent()) {
      throw new ModelFormatException(
          folder.path(),
          "is an LLM2Vec-Gen checkpoint, which is not supported: its heads are pickles, and its"
              + " vectors are made of the tokens it appends to a text",
          "Use an LLM2Vec checkpoint, or the model's own Python package");
    }
  }

  /**
   * The folders of a model.
   *
   * @param root what the request names
   * @param given where the decoder's or the adapter's files lie, mostly the same
   * @param base what holds the weights; the same unless the given one is an adapter
   * @param baseName how the base is called by whoever names it
   * @param adapters in the order in which they are merged
   * @param extraAdapters how many of them the request names
   */
  private record Chain(
      ModelFolder root,
      Located given,
      Located base,
      String baseName,
      List<ModelFolder> adapters,
      int extraAdapters) {

    /** The folder that says how to encode: the last adapter's, or the given one. */
    ModelFolder last() {
      return extraAdapters == 0 ? given.folder() : adapters.get(adapters.size() - 1);
    }
  }

  private Chain chain(Request request) throws IOException {
    Located root = locator.locate(request.model());
    Located given = decoderOf(root);
    Located base = given;
    String baseName = given.hubId().map(HubId::repository).orElse("");
    List<ModelFolder> adapters = new ArrayList<>();
    Optional<Path> adapterConfig = given.folder().file(LoraConfig.FILE_NAME);
    if (adapterConfig.isPresent()) {
      LoraConfig lora = LoraConfig.read(adapterConfig.get());
      baseName = lora.requiredBaseModel();
      base = locateBase(given.folder(), lora, baseName);
      adapters.add(given.folder());
    }
    for (String name : request.adapters()) {
      ModelFolder folder = locator.locate(name).folder();
      folder.required(LoraConfig.FILE_NAME, "Name the folder or hub id of a PEFT adapter");
      adapters.add(folder);
    }
    return new Chain(root.folder(), given, base, baseName, adapters, request.adapters().size());
  }

  /** Old versions of sentence-transformers put the decoder into a folder of its own. */
  private static Located decoderOf(Located root) throws IOException {
    String path = SentenceTransformersConfig.transformerPath(root.folder());
    return path.isEmpty() ? root : new Located(root.folder().sub(path), root.hubId());
  }

  /**
   * What sentence-transformers' files say, with the longest input as that library finds it: where
   * they do not say, the lesser of what the tokenizer and the decoder were made for.
   */
  private static Optional<SentenceTransformersConfig> sentence(Chain chain, DecoderConfig config)
      throws IOException {
    Optional<SentenceTransformersConfig> sentence = SentenceTransformersConfig.read(chain.root);
    if (sentence.isEmpty() || sentence.get().maxSeqLength().isPresent()) {
      return sentence;
    }
    int positions = config.maxPositionEmbeddings();
    Optional<Path> file = tokenizerFolder(chain).file("tokenizer_config.json");
    double tokens =
        file.isPresent()
            ? JsonObject.read(file.get()).number("model_max_length").orElse((double) positions)
            : positions;
    return Optional.of(
        sentence.get().withMaxSeqLength((int) Math.max(1, Math.min(tokens, positions))));
  }

  private Located locateBase(ModelFolder adapter, LoraConfig lora, String name) throws IOException {
    String naming = " (the base that " + lora.file() + " names)";
    Located base;
    try {
      base = locator.locate(besideAdapter(adapter, name));
    } catch (ModelUnavailableException e) {
      throw new ModelUnavailableException(e.subject(), e.problem() + naming, e.remedy(), e);
    }
    boolean adapterOnly =
        base.folder().file(LoraConfig.FILE_NAME).isPresent()
            && !Safetensors.hasWeights(base.folder());
    if (adapterOnly) {
      throw new ModelUnavailableException(
          name,
          "is itself an adapter" + naming,
          "Name it as the model and the other as an adapter on top");
    }
    return base;
  }

  /**
   * A base such as {@code ../base} is meant from the adapter's folder, so that a chain of folders
   * can be moved; if there is none, it is left to the working directory as in Python.
   */
  private static String besideAdapter(ModelFolder adapter, String name) {
    if (!name.startsWith("./") && !name.startsWith("../")) {
      return name;
    }
    Path beside = adapter.path().toAbsolutePath().resolve(name).normalize();
    return Files.isDirectory(beside) || GgufFolder.isGguf(beside) ? beside.toString() : name;
  }

  private static Optional<DecoderConfig> givenConfig(Chain chain, DecoderConfig base)
      throws IOException {
    Optional<Path> file = chain.given.folder().file(DecoderConfig.FILE_NAME);
    if (chain.adapters.size() == chain.extraAdapters || file.isEmpty()) {
      return Optional.empty();
    }
    DecoderConfig config = DecoderConfig.read(file.get());
    if (!config.spec().modelType().equals(base.spec().modelType())) {
      throw new ModelFormatException(
          file.get(),
          "is of model_type %s, its base %s of %s"
              .formatted(config.spec().modelType(), chain.baseName, base.spec().modelType()),
          "Correct base_model_name_or_path in " + LoraConfig.FILE_NAME);
    }
    return Optional.of(config);
  }

  /** The given folder, as upstream has it; an adapter without a tokenizer uses its base's. */
  private static ModelFolder tokenizerFolder(Chain chain) throws IOException {
    boolean own =
        chain.given.folder().file("tokenizer.json").isPresent()
            || chain.base.folder().file("tokenizer.json").isEmpty();
    ModelFolder folder = own ? chain.given.folder() : chain.base.folder();
    for (String name : ModelFiles.TOKENIZER) {
      // The tokenizer is opened by its folder, so that its links are looked at here.
      if (folder.file(name).isEmpty()) {
        LOG.debug("{} has no {}", folder.path(), name);
      }
    }
    return folder;
  }

  /**
   * Steps 4 and 5 of upstream: the name by which the weights were loaded, replaced by what a local
   * config.json says.
   */
  private static String nameOrPath(
      Chain chain, DecoderConfig base, Optional<DecoderConfig> givenConfig) {
    if (chain.given.hubId().isPresent()) {
      return chain.baseName;
    }
    boolean adapter = chain.adapters.size() > chain.extraAdapters;
    if (!adapter) {
      return base.nameOrPath().orElse("");
    }
    if (givenConfig.isPresent()) {
      return givenConfig.get().nameOrPath().orElse("");
    }
    // An adapter alone, which upstream cannot open: as if its base had been named.
    return chain.base.hubId().map(HubId::repository).or(base::nameOrPath).orElse("");
  }
}
