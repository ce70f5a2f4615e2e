/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.benchmarks.reembed;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.client.solrj.impl.CloudHttp2SolrClient;
import org.apache.solr.client.solrj.impl.CloudSolrClient;
import org.apache.solr.client.solrj.request.CollectionAdminRequest;
import org.apache.solr.cloud.ZkConfigSetService;
import org.apache.solr.cloud.ZkTestServer;
import org.apache.solr.common.cloud.DocCollection;
import org.apache.solr.common.cloud.Replica;
import org.apache.solr.common.cloud.Slice;
import org.apache.solr.common.cloud.ZkStateReader;
import org.apache.solr.common.util.NamedList;

/**
 * A SolrCloud cluster whose nodes are processes of their own, so that they can be killed, with
 * ZooKeeper in this one. Two nodes hold the data; a third one holds none, is the overseer, and
 * hands on what is sent to it.
 */
final class SolrCluster implements AutoCloseable {

  /** The nodes with replicas. */
  static final List<String> DATA_NODES = List.of("node1", "node2");

  /** The node without replicas. */
  static final String COORDINATOR = "coordinator";

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** After so long without a sign a node counts as dead; less than Solr's own 30 s. */
  private static final int SESSION_MILLIS = 15_000;

  private static final String SOLR_XML =
      """
      <solr>
        <solrcloud>
          <str name="host">127.0.0.1</str>
          <int name="hostPort">${hostPort:8983}</int>
          <str name="hostContext">solr</str>
          <int name="zkClientTimeout">%s</int>
          <int name="distribUpdateSoTimeout">60000</int>
          <int name="distribUpdateConnTimeout">10000</int>
        </solrcloud>
        <shardHandlerFactory name="shardHandlerFactory" class="HttpShardHandlerFactory">
          <int name="socketTimeout">30000</int>
          <int name="connTimeout">5000</int>
        </shardHandlerFactory>
      </solr>
      """
          .formatted(SESSION_MILLIS);

  private final Path folder;
  private final String models;
  private final List<String> nodeFlags;
  private final ZkTestServer zooKeeper;
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final CloudSolrClient client;

  /** A node that runs, or that ran and was killed. */
  private record Node(Process process, Path home, String url, String name) {}

  /**
   * Starts ZooKeeper and the nodes.
   *
   * @param folder for everything that they write
   * @param models content of {@code llm2vec-models.json} of each
   * @param nodeFlags flags of the JVMs of nodes
   */
  SolrCluster(Path folder, String models, List<String> nodeFlags) throws Exception {
    this.folder = folder;
    this.models = models;
    this.nodeFlags = List.copyOf(nodeFlags);
    // Both are done by a launcher for Solr itself.
    System.setProperty("zookeeper.forceSync", "no");
    System.setProperty("zookeeper.4lw.commands.whitelist", "*");
    zooKeeper = new ZkTestServer(folder.resolve("zookeeper"));
    zooKeeper.run();
    try {
      // The first one is there before the others, so that it becomes the overseer.
      start(COORDINATOR, 0);
      for (String name : DATA_NODES) {
        start(name, 0);
      }
      client =
          new CloudHttp2SolrClient.Builder(List.of(zooKeeper.getZkAddress()), Optional.empty())
              .build();
    } catch (Exception e) {
      stop();
      throw e;
    }
  }

  /** A client as any program would have it: it knows the cluster's state and its live replicas. */
  CloudSolrClient client() {
    return client;
  }

  /** Address of a node, ending in {@code /solr}. */
  String url(String node) {
    return node(node).url;
  }

  /** The process of a node. */
  ProcessHandle process(String node) {
    return node(node).process.toHandle();
  }

  private Node node(String name) {
    Node node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException("no node " + name);
    }
    return node;
  }

  private void start(String name, int port) throws IOException {
    Path home = Files.createDirectories(folder.resolve(name));
    Files.writeString(home.resolve("solr.xml"), SOLR_XML);
    Files.writeString(home.resolve("llm2vec-models.json"), models);
    List<String> line = new ArrayList<>(Jvm.command());
    line.addAll(nodeFlags);
    boolean data = DATA_NODES.contains(name);
    line.add(
        "-Dsolr.node.roles=data:%s,overseer:%s"
            .formatted(data ? "on" : "off", data ? "allowed" : "preferred"));
    line.addAll(
        List.of(
            "-Dsolr.log.dir=" + home.resolve("logs"),
            "-Dhost=127.0.0.1",
            SolrNodeMain.class.getName(),
            home.toString(),
            zooKeeper.getZkAddress(),
            String.valueOf(port)));
    ProcessBuilder command = Jvm.process(line);
    command.redirectError(ProcessBuilder.Redirect.appendTo(home.resolve("errors.txt").toFile()));
    Process process = command.start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String answer = output.readLine();
    while (answer != null && !answer.startsWith(SolrNodeMain.READY)) {
      answer = output.readLine();
    }
    if (answer == null) {
      throw new IOException("node " + name + " did not start; see " + home.resolve("errors.txt"));
    }
    String[] parts = answer.split(" ", -1);
    nodes.put(name, new Node(process, home, parts[1], parts[2]));
  }

  /** Ends a node at once, by SIGKILL. */
  void kill(String name) throws InterruptedException {
    node(name).process.destroyForcibly().waitFor();
  }

  /** Starts a node that was killed, at its port and with its data. */
  void restart(String name) throws IOException {
    start(name, URI.create(node(name).url).getPort());
  }

  /** The name of the node that is the overseer now. */
  String overseer() throws IOException, SolrServerException {
    NamedList<Object> status = client.request(CollectionAdminRequest.getOverseerStatus());
    String leader = String.valueOf(status.get("leader"));
    return nodes.entrySet().stream()
        .filter(node -> node.getValue().name.equals(leader))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(leader);
  }

  /** Puts files into a configset, beside those that it has. */
  void upload(String configset, Map<String, String> files) throws IOException {
    ZkConfigSetService configsets =
        new ZkConfigSetService(ZkStateReader.from(client).getZkClient());
    for (Map.Entry<String, String> file : files.entrySet()) {
      configsets.uploadFileToConfig(
          configset, file.getKey(), file.getValue().getBytes(StandardCharsets.UTF_8), true);
    }
  }

  /**
   * Makes a collection of two shards with two replicas each on the two nodes for data.
   *
   * @param replicas whether each replica indexes what it gets (NRT), or takes segments of the
   *     leader (TLOG)
   */
  void create(
      String collection, String configset, Replica.Type replicas, Map<String, String> properties)
      throws Exception {
    int indexing = replicas == Replica.Type.NRT ? 2 : 0;
    CollectionAdminRequest.Create create =
        CollectionAdminRequest.createCollection(collection, configset, 2, indexing, 2 - indexing, 0)
            .setCreateNodeSet(
                String.join(",", DATA_NODES.stream().map(name -> node(name).name).toList()));
    properties.forEach(create::withProperty);
    create.process(client);
    awaitActive(collection);
  }

  /** Loads the configset of a collection anew. */
  void reload(String collection) throws IOException, SolrServerException {
    CollectionAdminRequest.reloadCollection(collection).process(client);
  }

  /** Waits until all replicas of a collection take part. */
  void awaitActive(String collection) throws InterruptedException, TimeoutException {
    ZkStateReader.from(client)
        .waitForState(
            collection,
            PATIENCE.toSeconds(),
            TimeUnit.SECONDS,
            (live, state) ->
                state != null
                    && live.size() >= nodes.size()
                    && state.getSlices().stream()
                        .flatMap(slice -> slice.getReplicas().stream())
                        .allMatch(replica -> replica.isActive(live)));
  }

  /** The folders with the indexes of a collection, by shard. */
  Map<String, List<Path>> indexes(String collection) throws IOException {
    DocCollection state = ZkStateReader.from(client).getClusterState().getCollection(collection);
    Map<String, List<Path>> indexes = new LinkedHashMap<>();
    for (Slice slice : state.getSlices()) {
      for (Replica replica : slice.getReplicas()) {
        Path home =
            nodes.values().stream()
                .filter(node -> node.name.equals(replica.getNodeName()))
                .findFirst()
                .orElseThrow()
                .home;
        indexes
            .computeIfAbsent(slice.getName(), name -> new ArrayList<>())
            .add(IndexCheck.indexFolder(home.resolve(replica.getCoreName()).resolve("data")));
      }
    }
    return indexes;
  }

  private void stop() throws IOException, InterruptedException {
    for (Node node : nodes.values()) {
      node.process.destroyForcibly().waitFor();
    }
    zooKeeper.shutdown();
  }

  @Override
  public void close() throws IOException {
    client.close();
    try {
      stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
