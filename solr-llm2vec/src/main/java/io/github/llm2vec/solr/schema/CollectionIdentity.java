/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.client.solrj.cloud.AlreadyExistsException;
import org.apache.solr.client.solrj.cloud.BadVersionException;
import org.apache.solr.client.solrj.cloud.DistribStateManager;
import org.apache.solr.client.solrj.cloud.VersionedData;
import org.apache.solr.client.solrj.request.GenericSolrRequest;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.cloud.ClusterState;
import org.apache.solr.common.cloud.Replica;
import org.apache.solr.common.cloud.Slice;
import org.apache.solr.common.cloud.ZkStateReader;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.params.UpdateParams;
import org.apache.solr.core.SolrCore;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;

/**
 * Identity of the model of a SolrCloud collection, agreed upon by all its nodes: a collection
 * property, {@code llm2vec.model.FIELD}, whose value is the identity as it is indexed. ZooKeeper
 * decides which of several nodes writes first, so that a collection without a document has one
 * model as well. The value also says which node wrote it, for messages.
 *
 * <p>A node writes its model as a proposal first, {@code llm2vec.model.FIELD.proposed}. Before that
 * becomes an agreement, every replica is asked whether its documents agree: those of an index from
 * before the property was there, or restored from a backup, and those of requests under way. The
 * same look lets a collection that was emptied take another model.
 */
public final class CollectionIdentity {

  /** Parameter of an update request without documents that asks a replica for its agreement. */
  public static final String CHECK_PARAMETER = "llm2vec.identity.check.";

  /** Parameter beside it: the node on whose behalf it asks. */
  public static final String NODE_PARAMETER = "llm2vec.identity.node";

  /** How long a node that died over its proposal holds others up. */
  private static final Duration PROPOSAL_PATIENCE = Duration.ofSeconds(10);

  private static final Duration PROPOSAL_PAUSE = Duration.ofMillis(20);

  /** Key in the value of the property, beside those of the identity. */
  private static final String NODE = "node";

  private static final JsonMapper JSON = new JsonMapper();

  private final SolrCore core;
  private final String field;
  private final String property;
  private final String proposal;
  private final String path;
  private final DistribStateManager zooKeeper;

  /**
   * All properties of the collection.
   *
   * @param version of the node in ZooKeeper, -1 if there is none yet
   */
  private record Properties(ObjectNode values, int version) {

    /** Whether a property holds an identity that agrees with one. */
    boolean has(String name, FieldIdentity mine) {
      return FieldIdentity.ofTerm(values.path(name).asText()).filter(mine::agreesWith).isPresent();
    }

    /** All of them and one more, which says by which node it was written. */
    ObjectNode with(String name, FieldIdentity mine, String node) {
      return values.deepCopy().put(name, mine.toJson().put(NODE, node).toString());
    }

    /** The node that wrote a property if it agrees with an identity, "" if that is not known. */
    String nodeOf(String name, FieldIdentity there) {
      try {
        return has(name, there)
            ? JSON.readTree(values.path(name).asText()).path(NODE).asText()
            : "";
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("an identity that was read is no JSON; this is a bug", e);
      }
    }
  }

  private CollectionIdentity(SolrCore core, String field) {
    this.core = core;
    this.field = field;
    this.property = "llm2vec.model." + field;
    this.proposal = property + ".proposed";
    this.path =
        ZkStateReader.COLLECTIONS_ZKNODE
            + "/"
            + core.getCoreDescriptor().getCollectionName()
            + "/"
            + ZkStateReader.COLLECTION_PROPS_ZKNODE;
    this.zooKeeper =
        core.getCoreContainer().getZkController().getSolrCloudManager().getDistribStateManager();
  }

  /** The identity of a vector field of the core's collection; empty without SolrCloud. */
  public static Optional<CollectionIdentity> of(SolrCore core, String field) {
    return core.getCoreContainer().isZooKeeperAware()
            && core.getCoreDescriptor().getCloudDescriptor() != null
        ? Optional.of(new CollectionIdentity(core, field))
        : Optional.empty();
  }

  /**
   * Whether the collection has agreed upon a model, it is this one, and nobody proposes another.
   *
   * @throws SolrException 503 if ZooKeeper does not answer
   */
  public boolean is(FieldIdentity mine) {
    return is(read(), mine);
  }

  private boolean is(Properties properties, FieldIdentity mine) {
    return properties.has(property, mine) && !properties.values().has(proposal);
  }

  /**
   * Makes this the model of the collection, unless another one is.
   *
   * @param node that encodes with it, for messages
   * @param request whose chain the replicas are asked through
   * @throws SolrException 409 if there are vectors of another model, 503 if a replica or ZooKeeper
   *     does not answer
   */
  public void agreeOn(FieldIdentity mine, String node, SolrParams request) {
    long patience = System.nanoTime() + PROPOSAL_PATIENCE.toNanos();
    while (true) {
      Properties now = read();
      if (is(now, mine)) {
        return;
      }
      if (now.has(proposal, mine)) {
        decide(now, mine, node, request);
      } else if (now.values().has(proposal) && System.nanoTime() < patience) {
        await();
      } else {
        askReplicas(mine, node, request);
        write(now, now.with(proposal, mine, node));
      }
    }
  }

  /**
   * Turns a proposal into an agreement, or takes it back. Nobody has a claim granted while a
   * proposal stands. So a request of another model has had its claim before: it is found under way
   * at the replica that took it, or it has ended and its documents are found after that.
   */
  private void decide(Properties now, FieldIdentity mine, String node, SolrParams request) {
    ObjectNode decided = now.values().deepCopy();
    try {
      askReplicas(mine, node, request);
      askReplicas(mine, node, request);
      decided = now.with(property, mine, node);
    } finally {
      decided.remove(proposal);
      write(now, decided);
    }
  }

  /** Lets another node decide about its proposal. */
  private void await() {
    try {
      TimeUnit.NANOSECONDS.sleep(PROPOSAL_PAUSE.toNanos());
    } catch (InterruptedException e) {
      throw unavailable(e);
    }
  }

  /** Makes this the model of the collection, whatever is there. */
  public void changeTo(FieldIdentity mine, String node) {
    while (true) {
      Properties now = read();
      ObjectNode changed = now.with(property, mine, node);
      changed.remove(proposal);
      if (is(now, mine) || write(now, changed)) {
        return;
      }
    }
  }

  /**
   * The node that first brought vectors of this model, for messages; "" if that is not known, as in
   * collections that agreed before it was written down.
   */
  String nodeOf(FieldIdentity there) {
    try {
      return read().nodeOf(property, there);
    } catch (SolrException e) {
      // Whoever asks is about to report something worse.
      return "";
    }
  }

  private Properties read() {
    try {
      VersionedData data = zooKeeper.getData(path);
      JsonNode values = data.getData() == null ? null : JSON.readTree(data.getData());
      return new Properties(
          values instanceof ObjectNode object ? object : JSON.createObjectNode(),
          data.getVersion());
    } catch (NoSuchElementException e) {
      return new Properties(JSON.createObjectNode(), -1);
    } catch (IOException | KeeperException | InterruptedException e) {
      throw unavailable(e);
    }
  }

  /** Writes the properties anew; false if they have changed since they were read. */
  private boolean write(Properties read, ObjectNode values) {
    try {
      byte[] json = JSON.writeValueAsBytes(values);
      if (read.version() < 0) {
        zooKeeper.createData(path, json, CreateMode.PERSISTENT);
      } else {
        zooKeeper.setData(path, json, read.version());
      }
      return true;
    } catch (AlreadyExistsException | BadVersionException e) {
      return false;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of strings is no JSON; this is a bug", e);
    } catch (IOException | KeeperException | InterruptedException e) {
      throw unavailable(e);
    }
  }

  /** Asks all replicas that are there whether their vectors agree. */
  private void askReplicas(FieldIdentity mine, String node, SolrParams request) {
    ClusterState cluster = core.getCoreContainer().getZkController().getClusterState();
    for (Slice shard :
        cluster.getCollection(core.getCoreDescriptor().getCollectionName()).getSlices()) {
      for (Replica replica : shard.getReplicas()) {
        if (replica.getCoreName().equals(core.getName())) {
          CoreIdentities.of(core).require(core, field, mine, node);
        } else if (replica.isActive(cluster.getLiveNodes())) {
          ask(replica, mine, node, request);
        }
      }
    }
  }

  private void ask(Replica replica, FieldIdentity mine, String node, SolrParams request) {
    ModifiableSolrParams params = new ModifiableSolrParams();
    params.set(CHECK_PARAMETER + field, mine.toTerm());
    params.set(NODE_PARAMETER, node);
    params.set(UpdateParams.UPDATE_CHAIN, request.getParams(UpdateParams.UPDATE_CHAIN));
    GenericSolrRequest check =
        new GenericSolrRequest(SolrRequest.METHOD.POST, "/update", params)
            .withContent("[]".getBytes(StandardCharsets.UTF_8), "application/json");
    check.setRequiresCollection(true);
    try {
      core.getCoreContainer()
          .getUpdateShardHandler()
          .getUpdateOnlyHttpClient()
          .requestWithBaseUrl(
              replica.getBaseUrl(), client -> client.request(check, replica.getCoreName()));
    } catch (SolrException e) {
      if (e.code() == ErrorCode.CONFLICT.code) {
        throw new SolrException(ErrorCode.CONFLICT, e.getMessage(), e);
      }
      throw unanswered(replica, e);
    } catch (SolrServerException | IOException e) {
      throw unanswered(replica, e);
    }
  }

  private SolrException unanswered(Replica replica, Exception cause) {
    return SolrErrors.unavailable(
        "replica %s does not say which model the vectors of field '%s' are of: %s"
            .formatted(replica.getCoreUrl(), field, cause.getMessage()),
        cause);
  }

  private SolrException unavailable(Exception cause) {
    if (cause instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    return SolrErrors.unavailable(
        "cannot find out in ZooKeeper (%s) which model the vectors of field '%s' are of: %s"
            .formatted(path, field, cause),
        cause);
  }
}
