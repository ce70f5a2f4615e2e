/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.ModelFacts;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.serving.EncodingResult;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.remote.NodeCallException;
import io.github.llm2vec.solr.remote.ServedModel;
import io.github.llm2vec.tokenizer.TokenSpans;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.solr.common.SolrException;
import org.apache.solr.core.SolrInfoBean.Category;
import org.apache.solr.request.SolrRequestInfo;

/**
 * Handle by which all cores use a declared model: it is opened for the first core that holds it,
 * encodes for all of them, can be reloaded, and is closed after the last. *
 *
 * <p>A model that is closed or replaced lives on until the calls that use it have ended.
 * Thread-safe.
 */
public final class ModelHandle {

  /** How long a query may take that brings no limit of its own. */
  public static final Duration QUERY_PATIENCE = Duration.ofSeconds(60);

  private final ModelLoader opener;

  private final LongAdder servedQueries = new LongAdder();
  private final LongAdder servedDocuments = new LongAdder();

  private final Object lock = new Object();
  // All guarded by lock. The opening is an idle one while nobody holds the model.
  private final Set<Object> holders = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<RefCountedEncoder> alive = new HashSet<>();
  private ModelLoad load;
  private Optional<ModelLoad> replacement = Optional.empty();
  private Optional<Reload> lastReload = Optional.empty();
  private ModelCounters past = ModelCounters.NONE;

  ModelHandle(ModelDeclaration declaration, ModelLoader opener) {
    this.opener = opener;
    this.load = ModelLoad.idle(declaration);
  }

  /**
   * Notes a holder; the first one, and any that comes after a failure, starts the opening.
   *
   * @return whether the holder is new
   */
  boolean acquire(Object holder) {
    ModelLoad started;
    synchronized (lock) {
      if (!holders.add(holder)) {
        return false;
      }
      ModelState state = load.state();
      if (state != ModelState.IDLE && state != ModelState.FAILED) {
        return true;
      }
      started = ModelLoad.of(load.declaration());
      load = started;
    }
    open(started);
    return true;
  }

  /**
   * Opens the model anew beside the one that is open, which goes on until then and is closed after
   * its last call. If that fails, everything stays as it is and {@link #status} tells why.
   *
   * @param declaration by which it is opened from now on
   * @return what was started, or has ended already
   * @throws SolrException 409 if the model is being opened already
   */
  Reload reload(ModelDeclaration declaration) {
    Optional<VectorIdentity> after = opener.identify(declaration);
    ModelLoad started;
    synchronized (lock) {
      ModelState state = load.state();
      if (state == ModelState.LOADING || replacement.isPresent()) {
        throw SolrErrors.conflict("model '" + declaration.name() + "' is being opened already");
      }
      Reload begun =
          Reload.begin(
              lastReload.map(Reload::number).orElse(0) + 1,
              holders.isEmpty() ? Reload.State.NOT_HELD : Reload.State.RUNNING,
              load.encoderIfOpen().flatMap(RefCountedEncoder::vectorIdentity),
              after);
      lastReload = Optional.of(begun);
      if (holders.isEmpty()) {
        load = ModelLoad.idle(declaration);
        return begun;
      }
      started = ModelLoad.of(declaration);
      if (state == ModelState.READY) {
        replacement = Optional.of(started);
      } else {
        load = started;
      }
    }
    open(started);
    synchronized (lock) {
      return lastReload.orElseThrow();
    }
  }

  private void open(ModelLoad started) {
    opener.open(
        started.declaration(), encoder -> hand(encoder, started), cause -> fail(cause, started));
  }

  /** Takes over an encoder that was opened, unless nobody waits for it any more. */
  private void hand(ModelEncoder encoder, ModelLoad started) {
    RefCountedEncoder open = new RefCountedEncoder(started.declaration(), encoder, this::forget);
    Optional<RefCountedEncoder> replaced = Optional.empty();
    boolean wanted;
    synchronized (lock) {
      boolean replaces = isReplacement(started);
      wanted = replaces || load == started;
      if (wanted) {
        alive.add(open);
        started.succeed(open);
        endReload(reload -> reload.done(open.vectorIdentity()));
      }
      if (replaces) {
        replaced = load.encoderIfOpen();
        load = started;
        replacement = Optional.empty();
      }
    }
    if (!wanted) {
      started.fail(new IllegalStateException("let go of while it was being opened"));
      encoder.close();
    }
    replaced.ifPresent(RefCountedEncoder::retire);
  }

  private void fail(Throwable cause, ModelLoad started) {
    synchronized (lock) {
      boolean replaces = isReplacement(started);
      if (replaces || load == started) {
        endReload(reload -> reload.failed(ModelLoad.describe(cause)));
      }
      if (replaces) {
        replacement = Optional.empty();
      }
    }
    started.fail(cause);
  }

  /** Notes how a reload that runs has ended; to be called with the lock held. */
  private void endReload(UnaryOperator<Reload> outcome) {
    lastReload =
        lastReload.map(
            reload -> reload.state() == Reload.State.RUNNING ? outcome.apply(reload) : reload);
  }

  private boolean isReplacement(ModelLoad started) {
    return replacement.filter(other -> other == started).isPresent();
  }

  private void forget(RefCountedEncoder closing) {
    synchronized (lock) {
      alive.remove(closing);
      past = past.plus(closing.encoder().counters());
    }
  }

  /** Forgets a holder; with the last one the model is closed, after the calls that use it. */
  void release(Object holder) {
    ModelLoad left;
    synchronized (lock) {
      holders.remove(holder);
      if (!holders.isEmpty()) {
        return;
      }
      left = load;
      // What was reloaded for nobody is opened as it is declared now by the next who asks.
      load = ModelLoad.idle(replacement.map(ModelLoad::declaration).orElseGet(left::declaration));
      replacement = Optional.empty();
      endReload(Reload::notHeld);
    }
    left.encoderIfOpen().ifPresent(RefCountedEncoder::retire);
  }

  /** Forgets all holders and closes the model at once; calls that use it fail. */
  void close() {
    List<Object> everybody;
    List<RefCountedEncoder> left;
    synchronized (lock) {
      everybody = List.copyOf(holders);
    }
    everybody.forEach(this::release);
    synchronized (lock) {
      left = List.copyOf(alive);
    }
    left.forEach(RefCountedEncoder::close);
  }

  /** Whether a core, or whoever else may hold a model, holds this one. */
  public boolean isHeldBy(Object holder) {
    synchronized (lock) {
      return holders.contains(holder);
    }
  }

  /** By what the model is opened or, if other nodes have it, what they say of it. */
  public ModelDeclaration declaration() {
    ModelLoad now = current();
    return now.encoderIfOpen().map(RefCountedEncoder::declaration).orElseGet(now::declaration);
  }

  /**
   * Waits until the model is open and, if other nodes have it, one of them encodes.
   *
   * @throws SolrException 503 if it is not so far after so long, 500 if it cannot be opened
   */
  public void awaitReady(Duration patience) {
    long start = System.nanoTime();
    ModelEncoder encoder = current().await(patience).encoder();
    encoder.awaitReady(patience.minusNanos(System.nanoTime() - start));
  }

  /** What shapes the vectors now; fails as {@link #awaitReady} does, without patience. */
  public EncoderIdentity identity() {
    return identity("");
  }

  /**
   * What shapes the vectors that an adapter of the model gives now.
   *
   * @param adapter name of one that is declared beside the model, or "" for the model alone
   * @throws SolrException 400 if there is none of that name, and as {@link #identity()}
   */
  public EncoderIdentity identity(String adapter) {
    return current().await(Duration.ZERO).identity(adapter);
  }

  /**
   * The tokens of a text with their places, if the encoder tells them.
   *
   * @param expected what the model must still be
   * @throws SolrException as {@link #encodeDocuments} does
   */
  public Optional<TokenSpans> tokenSpans(String text, EncoderIdentity expected) {
    RefCountedEncoder encoder = enter();
    try {
      expected.require(encoder.identity(expected.adapter()));
      return encoder.encoder().tokenSpans(text, expected);
    } catch (NodeCallException e) {
      throw ServingErrors.translate(expected.declaration().name(), e);
    } finally {
      encoder.exit();
    }
  }

  /**
   * Encodes documents together with those of other requests. Blocks the thread while too many wait.
   *
   * @param prompt its instruction, if empty, gives way to the declared one
   * @param expected what the model must still be
   * @return what came of each text, in the order of the texts; all vectors are of the same model
   * @throws SolrException 409 if the model is another one by now; if it is not open, or is closed
   *     for good meanwhile
   */
  public List<EncodingResult> encodeDocuments(
      List<String> texts, Prompt prompt, EncoderIdentity expected) {
    String model = expected.declaration().name();
    return use(
            Category.UPDATE,
            prompt,
            expected,
            (encoder, complete) -> encoder.encodeDocuments(texts, complete, expected))
        .stream()
        .map(text -> ServingErrors.translate(model, text))
        .toList();
  }

  /**
   * Encodes a query, or finds it encoded.
   *
   * @param prompt its instruction, if empty, gives way to the declared one
   * @param expected what the model must still be
   * @param patience how long it may take; {@link #QUERY_PATIENCE} where nobody says
   * @return a vector to be read only
   * @throws SolrException 409 if the model is another one by now; 429 if too many queries wait; 503
   *     if it takes longer, or would; 503 or 500 if the model is not open
   * @throws RuntimeException what the encoder throws
   */
  public float[] encodeQuery(
      String text, Prompt prompt, EncoderIdentity expected, Duration patience) {
    return use(
        Category.QUERY,
        prompt,
        expected,
        (encoder, complete) -> encoder.encodeQuery(text, complete, expected, patience));
  }

  private <T> T use(
      Category category,
      Prompt prompt,
      EncoderIdentity expected,
      BiFunction<ModelEncoder, Prompt, T> call) {
    long start = System.nanoTime();
    RefCountedEncoder encoder = enter();
    try {
      expected.require(encoder.identity(expected.adapter()));
      // As the request knows the model: what other nodes say of it may change meanwhile.
      return call.apply(encoder.encoder(), expected.declaration().withDefaultInstruction(prompt));
    } catch (RuntimeException e) {
      throw ServingErrors.translate(expected.declaration().name(), e);
    } finally {
      encoder.exit();
      time(category, System.nanoTime() - start);
    }
  }

  /** Notes how long the core whose request this is has waited for its vectors. */
  private static void time(Category category, long nanos) {
    SolrRequestInfo info = SolrRequestInfo.getRequestInfo();
    if (info != null && info.getReq() != null && info.getReq().getCore() != null) {
      SolrRelease.time(info.getReq().getCore(), category, nanos);
    }
  }

  private RefCountedEncoder enter() {
    while (true) {
      RefCountedEncoder encoder = current().await(Duration.ZERO);
      if (encoder.enter()) {
        return encoder;
      }
      // Retired since: then there is another opening by now.
      Thread.onSpinWait();
    }
  }

  /**
   * Whether a query has no vector since the time that it was allowed is over.
   *
   * @param failure what {@link #encodeQuery} has thrown
   */
  public static boolean isLate(SolrException failure) {
    return ServingErrors.isLate(failure);
  }

  /** The model as it is served to other nodes: if it is open, and here, and works. */
  Optional<ServedModel> served() {
    return current()
        .encoderIfOpen()
        .flatMap(
            open ->
                open.encoder() instanceof LocalEncoder local && local.works()
                    ? Optional.of(
                        new ServedModel(
                            local.declaration().name(), local.here().model(), local.load()))
                    : Optional.empty());
  }

  /** Counts texts that were encoded for another node. */
  void countServed(Role role, int texts) {
    (role == Role.QUERY ? servedQueries : servedDocuments).add(texts);
  }

  /** A picture of the moment. */
  public ModelStatus status() {
    synchronized (lock) {
      Optional<RefCountedEncoder> open = load.encoderIfOpen();
      ModelCounters counts = past;
      for (RefCountedEncoder encoder : alive) {
        counts = counts.plus(encoder.encoder().counters());
      }
      String problem = open.map(encoder -> encoder.encoder().problem()).orElse("");
      Optional<VectorIdentity> identity = open.flatMap(RefCountedEncoder::vectorIdentity);
      return new ModelStatus(
          load.declaration(),
          problem.isEmpty() ? load.state() : ModelState.UNREACHABLE,
          Stream.of(problem, load.failure(), lastReload.map(Reload::failure).orElse(""))
              .filter(failure -> !failure.isEmpty())
              .findFirst()
              .orElse(""),
          identity.map(VectorIdentity::dimensions).orElse(0),
          identity.map(VectorIdentity::fingerprint).orElse(""),
          open.map(encoder -> encoder.encoder().facts()).orElse(ModelFacts.UNKNOWN),
          holders.size(),
          alive.size(),
          counts,
          lastReload,
          open.flatMap(encoder -> encoder.encoder().queue()),
          open.map(encoder -> encoder.encoder().nodes()).orElse(List.of()),
          new ModelStatus.Served(servedQueries.sum(), servedDocuments.sum()),
          open.map(encoder -> encoder.encoder().adaptersHere()).orElse(List.of()));
    }
  }

  private ModelLoad current() {
    synchronized (lock) {
      return load;
    }
  }
}
