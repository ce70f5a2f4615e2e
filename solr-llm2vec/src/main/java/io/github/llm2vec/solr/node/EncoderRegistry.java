/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.util.EnvUtils;
import org.apache.solr.core.CloseHook;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.core.SolrCore;

/**
 * The models of a Solr node, each open once however many cores use it. There is one registry per
 * node, in Solr's object cache, which closes it when the node stops.
 *
 * <p>A core that names a model holds it until it is closed. A reload brings the new core up before
 * the old one goes, so the model stays open. Thread-safe.
 */
public final class EncoderRegistry implements Closeable {

  /** System property (or environment variable {@code SOLR_LLM2VEC_MODELS}) with another file. */
  public static final String MODELS_PROPERTY = "solr.llm2vec.models";

  private static final String CACHE_KEY = "io.github.llm2vec.solr.EncoderRegistry";

  private final ModelsFile models;
  private final Map<String, NodeEncoder> encoders;

  /** A registry that opens models in the background. */
  public EncoderRegistry(ModelsFile models, EncoderFactory factory) {
    this(models, factory, ModelOpener.background());
  }

  /**
   * A registry.
   *
   * @param models what can be asked for
   * @param factory opens what was asked for
   * @param executor runs the opening
   */
  public EncoderRegistry(ModelsFile models, EncoderFactory factory, Executor executor) {
    ModelOpener opener = new ModelOpener(factory, executor);
    QueryVectorCache queryVectors = new QueryVectorCache(models.queryCacheBytes());
    this.models = models;
    this.encoders =
        models.models().values().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    ModelDeclaration::name, model -> new NodeEncoder(model, opener, queryVectors)));
  }

  /**
   * The registry of the node that a core runs in; the first call reads the models file.
   *
   * @throws SolrException if the plugin's jars lie in the wrong place or the file is not right
   */
  public static EncoderRegistry of(SolrCore core) {
    CoreContainer container = core.getCoreContainer();
    NodePlace.check(
        EncoderRegistry.class.getClassLoader(), container.getResourceLoader().getClassLoader());
    return container
        .getObjectCache()
        .computeIfAbsent(
            CACHE_KEY,
            EncoderRegistry.class,
            key -> new EncoderRegistry(readModels(container), new Llm2VecEncoderFactory()));
  }

  /** Makes a node use this registry; to be called before any core has asked for one. */
  public static void install(CoreContainer container, EncoderRegistry registry) {
    container.getObjectCache().put(CACHE_KEY, registry);
  }

  private static ModelsFile readModels(CoreContainer container) {
    Path home = container.getResourceLoader().getInstancePath();
    Path file = home.resolve(EnvUtils.getProperty(MODELS_PROPERTY, ModelsFile.NAME));
    try {
      return ModelsFile.read(file);
    } catch (IOException | IllegalArgumentException e) {
      throw new SolrException(ErrorCode.SERVER_ERROR, e.getMessage(), e);
    }
  }

  /**
   * Gives a core the model, to hold until the core is closed. The model may still be on its way:
   * see {@link NodeEncoder#awaitReady}.
   *
   * @throws SolrException 400 if no such model is declared
   */
  public NodeEncoder acquire(SolrCore core, String name) {
    try {
      NodeEncoder encoder = encoders.get(models.declaration(name).name());
      if (encoder.acquire(core)) {
        core.addCloseHook(
            new CloseHook() {
              @Override
              public void postClose(SolrCore closed) {
                encoder.release(core);
              }
            });
      }
      return encoder;
    } catch (IllegalArgumentException e) {
      throw new SolrException(ErrorCode.BAD_REQUEST, e.getMessage(), e);
    }
  }

  /** All declared models, by name. */
  public List<ModelStatus> status() {
    return encoders.values().stream()
        .map(NodeEncoder::status)
        .sorted(Comparator.comparing(status -> status.declaration().name()))
        .toList();
  }

  /** Closes every model, whoever holds it. */
  @Override
  public void close() {
    encoders.values().forEach(NodeEncoder::releaseAll);
  }
}
