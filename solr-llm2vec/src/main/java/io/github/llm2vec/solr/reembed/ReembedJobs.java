/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.reembed.ReembedState.Phase;
import io.github.llm2vec.solr.reembed.ReembedState.Work;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.request.GenericSolrRequest;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.cloud.CollectionProperties;
import org.apache.solr.common.cloud.Slice;
import org.apache.solr.common.cloud.ZkStateReader;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.ExecutorUtil;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;
import org.apache.solr.core.CoreContainer;
import org.apache.solr.core.SolrCore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The jobs of a node that have the documents of collections encoded with another model, at most one
 * for each vector field. In SolrCloud a collection property tells all nodes which one works at it,
 * so that any of them can be asked, and can stop it; what a job has done is what the index holds.
 */
public final class ReembedJobs {

  private static final Logger LOG = LoggerFactory.getLogger(ReembedJobs.class);
  private static final String CACHE_KEY = "llm2vec-reembed-jobs";

  /** How long the properties are watched after they were asked for last. */
  private static final Duration WATCHED = Duration.ofMinutes(10);

  /**
   * What a job is about.
   *
   * @param name of the collection, or of the core without SolrCloud
   * @param handler path of the request handler that tells the mappings
   * @param field vector field that serves now
   * @param to that of the new model
   */
  public record Target(String name, String handler, String field, String to) {

    /** The collection that a core belongs to. */
    public static Target of(SolrCore core, String handler, String field, String to) {
      String name =
          core.getCoreContainer().isZooKeeperAware()
              ? core.getCoreDescriptor().getCollectionName()
              : core.getName();
      return new Target(name, handler, field, to);
    }

    private String key() {
      return name + "/" + field;
    }
  }

  private final CoreContainer container;
  private final Map<String, ReembedJob> jobs = new ConcurrentHashMap<>();

  /** What is known of the jobs of a node without SolrCloud, where no property holds it. */
  private final Map<String, ReembedState> states = new ConcurrentHashMap<>();

  private ReembedJobs(CoreContainer container) {
    this.container = container;
  }

  /** The jobs of a node. */
  public static ReembedJobs of(CoreContainer container) {
    return container
        .getObjectCache()
        .computeIfAbsent(CACHE_KEY, ReembedJobs.class, key -> new ReembedJobs(container));
  }

  /** A thread that signs for the node, and does not keep it from ending. */
  static Thread thread(Runnable run) {
    Thread thread =
        new Thread(
            () -> {
              // By this Solr tells its own threads from those of others.
              ExecutorUtil.setServerThreadFlag(true);
              run.run();
            },
            "llm2vec-reembed");
    thread.setDaemon(true);
    return thread;
  }

  /** The change, for a request that asks for a step of it. */
  @FunctionalInterface
  public interface Step<T> {

    /** Does it. */
    T of(ModelChange change) throws IOException;
  }

  /**
   * Does a step and waits for it. It is done in the name of the node, as the user's right to ask
   * for it has been checked.
   *
   * @throws SolrException 400 if it is refused, 500 if it fails
   */
  public <T> T call(Target target, Step<T> step) {
    return onThread(() -> step.of(change(target, Optional.empty())));
  }

  private static <T> T onThread(Callable<T> call) {
    FutureTask<T> task = new FutureTask<>(call);
    thread(task).start();
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw SolrErrors.serverError("interrupted", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (cause instanceof SolrException refused) {
        throw refused;
      }
      throw cause instanceof IllegalArgumentException
          ? SolrErrors.badRequest(cause.getMessage(), cause)
          : SolrErrors.serverError(cause.getMessage(), cause);
    }
  }

  private ModelChange change(Target target, Optional<String> shard) throws IOException {
    LiveCollection collection =
        LiveCollection.over(new NodeClient(container, shard), target.name(), target.handler());
    return ModelChange.of(collection, target.field(), target.to());
  }

  /**
   * Starts to encode the documents that lack their vector, by this node.
   *
   * @param rate most documents in a second, 0 for any number
   * @param batch documents of a request
   * @throws SolrException 409 if a job works at the field
   */
  public void encode(Target target, double rate, int batch) {
    start(target, Work.ENCODE, rate, batch);
  }

  /** Starts to remove the vectors of the old field, as {@link #encode} starts to make them. */
  public void drop(Target target, double rate, int batch) {
    start(target, Work.DROP, rate, batch);
  }

  private synchronized void start(Target target, Work work, double rate, int batch) {
    Optional<ReembedState> earlier = state(target);
    if (earlier.isPresent() && earlier.get().phase() == Phase.RUNNING) {
      throw SolrErrors.conflict(
          "node %s works at field '%s' since %s; stop it first"
              .formatted(earlier.get().node(), target.field(), earlier.get().started()));
    }
    ReembedState begun =
        new ReembedState(
            work, target.to(), node(), startAfter(earlier).toString(), Phase.RUNNING, "");
    ReembedJob job =
        onThread(
            () ->
                new ReembedJob(
                    begun,
                    change(target, Optional.empty()),
                    () -> shards(target),
                    rate,
                    batch,
                    isNotWanted(target, begun)));
    write(target, begun);
    jobs.put(target.key(), job);
    thread(() -> work(target, job)).start();
  }

  /** Later than the job before, also where the clock of another node is ahead of this one's. */
  private static Instant startAfter(Optional<ReembedState> earlier) {
    Instant now = Instant.now();
    return earlier
        .map(state -> Instant.parse(state.started()).plusMillis(1))
        .filter(now::isBefore)
        .orElse(now);
  }

  private void work(Target target, ReembedJob job) {
    try {
      ReembedState end = job.run();
      LOG.info("{} of {} for '{}': {}", end.work(), target.name(), target.to(), end);
      // A node that ends leaves its job interrupted, and another job may have taken over.
      if (!container.isShutDown() && read(target).filter(now -> isLater(now, end)).isEmpty()) {
        write(target, end);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.warn("what became of the job for '{}' cannot be written", target, e);
    } finally {
      job.finish();
    }
  }

  private Map<String, ModelChange> shards(Target target) throws IOException {
    if (!container.isZooKeeperAware()) {
      return Map.of(target.name(), change(target, Optional.empty()));
    }
    Map<String, ModelChange> shards = new LinkedHashMap<>();
    for (Slice shard : reader().getClusterState().getCollection(target.name()).getActiveSlices()) {
      shards.put(shard.getName(), change(target, Optional.of(shard.getName())));
    }
    return shards;
  }

  /** What says that a job should end: the node does, somebody stopped it, or another took over. */
  private BooleanSupplier isNotWanted(Target target, ReembedState begun) {
    return () ->
        container.isShutDown()
            || read(target)
                .filter(
                    now ->
                        isLater(now, begun)
                            || (now.started().equals(begun.started())
                                && now.phase() != Phase.RUNNING))
                .isPresent();
  }

  private static boolean isLater(ReembedState one, ReembedState other) {
    return Instant.parse(one.started()).isAfter(Instant.parse(other.started()));
  }

  /**
   * Has a job stop after the request that is under way, whichever node works at it.
   *
   * @throws SolrException 409 if none runs
   */
  public void stop(Target target) {
    ReembedState running =
        state(target)
            .filter(state -> state.phase() == Phase.RUNNING)
            .orElseThrow(
                () -> SolrErrors.conflict("nothing works at field '" + target.field() + "'"));
    write(target, running.in(Phase.STOPPED, ""));
  }

  /**
   * What is known of the job of a field.
   *
   * @param ask parameters by which another node is asked for the same, if that one works
   */
  public NamedList<Object> status(Target target, SolrParams ask) {
    Optional<ReembedState> state = state(target);
    NamedList<Object> report = new SimpleOrderedMap<>();
    if (state.isEmpty()) {
      report.add("state", "NONE");
      return report;
    }
    if (state.get().phase() == Phase.RUNNING && !state.get().node().equals(node())) {
      return ask(state.get().node(), target, ask);
    }
    report.add("state", state.get().phase().name());
    report.add("work", state.get().work().name());
    report.add("to", state.get().to());
    report.add("node", state.get().node());
    report.add("started", state.get().started());
    if (!state.get().message().isEmpty()) {
      report.add("message", state.get().message());
    }
    ReembedJob job = jobs.get(target.key());
    if (job != null && job.begun().started().equals(state.get().started())) {
      report.addAll(job.report());
    }
    return report;
  }

  /** The node that works knows whether it was restarted since. */
  private NamedList<Object> ask(String node, Target target, SolrParams ask) {
    GenericSolrRequest request =
        new GenericSolrRequest(SolrRequest.METHOD.GET, target.handler(), ask)
            .setRequiresCollection(true);
    NamedList<Object> answer =
        onThread(
            () ->
                container
                    .getDefaultHttpSolrClient()
                    .requestWithBaseUrl(
                        reader().getBaseUrlForNodeName(node),
                        client -> client.request(request, target.name())));
    if (answer.get("reembed") instanceof NamedList<?> report) {
      NamedList<Object> copy = new SimpleOrderedMap<>();
      report.forEach(copy::add);
      return copy;
    }
    throw SolrErrors.serverError("node " + node + " does not say how far it is");
  }

  /** What is known of a job, with what became of its node. */
  private Optional<ReembedState> state(Target target) {
    ReembedJob job = jobs.get(target.key());
    Optional<ReembedState> known = read(target);
    if (job != null
        && !job.isOver()
        && known.filter(state -> !isLater(job.begun(), state)).isEmpty()) {
      // ZooKeeper has not told this node yet what it wrote itself.
      known = Optional.of(job.begun());
    }
    return known.map(
        state ->
            state.phase() == Phase.RUNNING && !isAlive(target, state)
                ? state.in(Phase.INTERRUPTED, "the node was restarted or is gone")
                : state);
  }

  private boolean isAlive(Target target, ReembedState state) {
    if (state.node().equals(node())) {
      ReembedJob job = jobs.get(target.key());
      return job != null && job.begun().started().equals(state.started()) && !job.isOver();
    }
    return reader().getClusterState().liveNodesContain(state.node());
  }

  private Optional<ReembedState> read(Target target) {
    if (!container.isZooKeeperAware()) {
      return Optional.ofNullable(states.get(target.key()));
    }
    return Optional.ofNullable(
            reader()
                .getCollectionProperties(target.name(), WATCHED.toMillis())
                .get(ReembedState.PROPERTY + target.field()))
        .map(ReembedState::of);
  }

  private void write(Target target, ReembedState state) {
    if (!container.isZooKeeperAware()) {
      states.put(target.key(), state);
      return;
    }
    try {
      new CollectionProperties(reader().getZkClient())
          .setCollectionProperty(
              target.name(), ReembedState.PROPERTY + target.field(), state.toProperty());
    } catch (IOException e) {
      throw SolrErrors.serverError("the state of the job cannot be written to ZooKeeper", e);
    }
  }

  private String node() {
    return container.isZooKeeperAware() ? container.getZkController().getNodeName() : "this node";
  }

  private ZkStateReader reader() {
    return container.getZkController().getZkStateReader();
  }
}
