/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.serving.QueryVectorCache;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.remote.EncodeHandler;
import io.github.llm2vec.solr.remote.RemoteModel;
import java.io.Closeable;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import org.apache.lucene.util.Version;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.util.EnvUtils;
import org.apache.solr.core.CloseHook;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.core.SolrCore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registry of the models of a Solr node, each opened once however many cores use it. There is one
 * registry per node, in Solr's object cache, which closes it when the node stops.
 *
 * <p>A core that names a model holds it until it is closed. A reload brings the new core up before
 * the old one goes, so the model stays open. Thread-safe.
 */
public final class EncoderRegistry implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(MethodHandles.lookup().lookupClass());

  /** System property (or environment variable {@code SOLR_LLM2VEC_MODELS}) with another file. */
  public static final String MODELS_PROPERTY = "solr.llm2vec.models";

  /**
   * System property (or environment variable {@code SOLR_LLM2VEC_MODELS_ROOT}) with the folder that
   * all model folders must lie in, links followed.
   */
  public static final String ROOT_PROPERTY = "solr.llm2vec.models.root";

  private static final String CACHE_KEY = "io.github.llm2vec.solr.EncoderRegistry";

  private final Path file;
  private final ModelLoader opener;
  private final QueryVectorCache remoteQueryVectors;
  private final Map<String, ModelHandle> encoders = new ConcurrentSkipListMap<>();
  private volatile ModelsFile models;
  private volatile Optional<CoreContainer> node = Optional.empty();
  private volatile List<SelfCheck.Finding> findings = List.of();

  /** A registry that opens models in the background. */
  public EncoderRegistry(ModelsFile models, EncoderFactory factory) {
    this(models, factory, ModelLoader.background());
  }

  /**
   * A registry.
   *
   * @param models what can be asked for
   * @param factory opens what was asked for
   * @param executor runs the opening
   */
  public EncoderRegistry(ModelsFile models, EncoderFactory factory, Executor executor) {
    this(models, factory, executor, new QueryVectorCache(models.queryCacheBytes()));
  }

  private EncoderRegistry(
      ModelsFile models, EncoderFactory factory, Executor executor, QueryVectorCache queryVectors) {
    this.file = models.source();
    this.opener = new ModelLoader(factory, this::remote, executor);
    this.remoteQueryVectors = queryVectors;
    this.models = models;
  }

  private RemoteEncoder remote(ModelDeclaration declaration, Optional<LocalEncoder> local) {
    CoreContainer container =
        node.orElseThrow(() -> new IllegalStateException("the registry belongs to no node yet"));
    return new RemoteEncoder(
        declaration,
        RemoteModel.of(
            declaration.name(),
            local.map(encoder -> encoder.here().model()),
            declaration.encoderNodes().orElseThrow(),
            container),
        local,
        remoteQueryVectors);
  }

  /** Makes a node's models known: to its metrics, and to other nodes. */
  private void attach(CoreContainer container) {
    node = Optional.of(container);
    EncodeHandler.open(container, new ServedModels(this::find, encoders::values)::answer);
    SolrRelease.register(container, this, models.models().keySet());
  }

  /**
   * The registry of the node that a core runs in; the first call reads the models file.
   *
   * @throws SolrException if the plugin's jars are for another Solr or lie in the wrong place, or
   *     the file is not right
   */
  public static EncoderRegistry of(SolrCore core) {
    CoreContainer container = core.getCoreContainer();
    ClassLoaderCheck.checkRelease(Version.LATEST);
    ClassLoaderCheck.check(
        EncoderRegistry.class.getClassLoader(), container.getResourceLoader().getClassLoader());
    return container
        .getObjectCache()
        .computeIfAbsent(CACHE_KEY, EncoderRegistry.class, key -> start(container));
  }

  private static EncoderRegistry start(CoreContainer container) {
    EncoderRegistry registry = open(container);
    registry.attach(container);
    ModelLoader.background().execute(registry::check);
    return registry;
  }

  private static EncoderRegistry open(CoreContainer container) {
    Path home = container.getResourceLoader().getInstancePath();
    ModelsFile models =
        readModels(home.resolve(EnvUtils.getProperty(MODELS_PROPERTY, ModelsFile.NAME)));
    Optional<Path> root =
        Optional.ofNullable(EnvUtils.getProperty(ROOT_PROPERTY)).map(home::resolve);
    QueryVectorCache queryVectors = new QueryVectorCache(models.queryCacheBytes());
    return new EncoderRegistry(
        models,
        new Llm2VecEncoderFactory(root, queryVectors),
        ModelLoader.background(),
        queryVectors);
  }

  /** Makes a node use this registry; to be called before any core has asked for one. */
  public static void install(CoreContainer container, EncoderRegistry registry) {
    container.getObjectCache().put(CACHE_KEY, registry);
    registry.attach(container);
  }

  private static ModelsFile readModels(Path file) {
    try {
      return ModelsFile.read(file);
    } catch (IOException | IllegalArgumentException e) {
      throw SolrErrors.serverError(e.getMessage(), e);
    }
  }

  /**
   * Gives a core the model, to hold until the core is closed. The model may still be on its way:
   * see {@link ModelHandle#awaitReady}.
   *
   * @throws SolrException 400 if no such model is declared
   */
  public ModelHandle acquire(SolrCore core, String name) {
    ModelHandle encoder = encoder(name);
    if (encoder.acquire(core)) {
      SolrRelease.register(core, this, name);
      core.addCloseHook(
          new CloseHook() {
            @Override
            public void postClose(SolrCore closed) {
              encoder.release(core);
            }
          });
    }
    return encoder;
  }

  private ModelHandle encoder(String name) {
    ModelDeclaration declaration = declaration(name);
    return encoders.computeIfAbsent(name, key -> new ModelHandle(declaration, opener));
  }

  private ModelDeclaration declaration(String name) {
    try {
      return models.declaration(name);
    } catch (IllegalArgumentException e) {
      throw SolrErrors.badRequest(e.getMessage(), e);
    }
  }

  /**
   * Reads the models file again and opens a model anew as it is declared now. The one that is open
   * goes on until then, and is closed when its last call has ended. Needs memory for both.
   *
   * @return what was started; {@link #status} tells later what became of it
   * @throws SolrException 400 if no such model is declared, 409 if it is being opened already, 500
   *     if the file is not right; then nothing has changed
   */
  public Reload reload(String name) {
    if (Files.exists(file)) {
      models = readModels(file);
    }
    return encoder(name).reload(declaration(name));
  }

  /** A model that somebody has asked for, without holding it. */
  public Optional<ModelHandle> find(String name) {
    return Optional.ofNullable(encoders.get(name));
  }

  /** The models that a core holds, by name. */
  public List<ModelHandle> heldBy(SolrCore core) {
    return encoders.values().stream().filter(encoder -> encoder.isHeldBy(core)).toList();
  }

  /** A declared model, if there is one of that name. */
  public Optional<ModelStatus> status(String name) {
    return Optional.ofNullable(models.models().get(name)).map(model -> encoder(name).status());
  }

  /** What the start-up check found, or nothing while it runs. */
  public List<String> findings() {
    return findings.stream().map(SelfCheck.Finding::toString).toList();
  }

  private void check() {
    SelfCheck check =
        new SelfCheck(EncoderRegistry.class.getClassLoader(), SolrRelease.LAST_SIMD_JAVA);
    findings = check.run(models.models().values());
    LOG.info("LLM2Vec on this node ('!' wants attention):\n  {}", String.join("\n  ", findings()));
  }

  /** All declared models, by name. */
  public List<ModelStatus> status() {
    models.models().keySet().forEach(this::encoder);
    return encoders.values().stream().map(ModelHandle::status).toList();
  }

  /** Closes every model, whoever holds it. */
  @Override
  public void close() {
    encoders.values().forEach(ModelHandle::close);
  }
}
