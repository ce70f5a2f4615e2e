/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.demo;

import io.github.llm2vec.cli.demo.DemoPage.DemoSearch;
import io.github.llm2vec.cli.search.CorpusSearcher.SearchHit;
import io.github.llm2vec.cli.text.TextReader.TextRecord;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.solr.client.solrj.SolrClient;
import org.apache.solr.client.solrj.SolrRequest;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.client.solrj.impl.HttpJdkSolrClient;
import org.apache.solr.client.solrj.request.GenericSolrRequest;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.util.NamedList;

/**
 * A collection of the {@code hybrid} configset, reached with SolrJ. Every failure is an {@link
 * IOException} that says what the server said.
 */
public final class SolrCollection implements Closeable {

  /** Encoding a batch may take long on a large model; the server's own limits hold. */
  private static final Duration PATIENCE = Duration.ofHours(6);

  private static final Duration POLL = Duration.ofMillis(200);

  /**
   * Candidates that the walk through the graph holds: as many as Solr returns, so more are asked
   * for than are shown.
   */
  private static final int CANDIDATES = 100;

  private final SolrClient client;
  private final String name;

  /**
   * A client for one collection.
   *
   * @param url of the node, ending in {@code /solr}
   * @param name of the collection
   */
  public SolrCollection(String url, String name) {
    this.client =
        new HttpJdkSolrClient.Builder(url)
            // Otherwise it tries HTTP/2 with a HEAD request that Solr takes for an empty update.
            .useHttp1_1(true)
            .withRequestTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
            .withIdleTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
            .build();
    this.name = name;
  }

  /** A request that may fail in the ways of SolrJ. */
  @FunctionalInterface
  private interface Request<T> {
    T send() throws SolrServerException, IOException;
  }

  /**
   * Waits until the node has opened its model.
   *
   * @param stop ends the waiting early
   * @throws IOException if the model cannot be opened; the message is the node's
   */
  public void awaitModel(BooleanSupplier stop) throws IOException {
    while (!stop.getAsBoolean()) {
      NamedList<?> model = model();
      String state = String.valueOf(model.get("state"));
      if (state.equals("READY")) {
        return;
      }
      if (state.equals("FAILED")) {
        throw new IOException("Solr cannot open the model: " + model.get("failure"));
      }
      try {
        TimeUnit.MILLISECONDS.sleep(POLL.toMillis());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while the model was being opened", e);
      }
    }
  }

  private NamedList<?> model() throws IOException {
    GenericSolrRequest status =
        new GenericSolrRequest(SolrRequest.METHOD.GET, "/llm2vec").setRequiresCollection(true);
    Object models = call(() -> client.request(status, name)).get("models");
    if (models instanceof List<?> list
        && !list.isEmpty()
        && list.get(0) instanceof NamedList<?> m) {
      return m;
    }
    throw new IOException("Solr's /llm2vec does not name a model: " + models);
  }

  /** Those of some ids that the collection has. */
  public Set<String> present(List<String> ids) throws IOException {
    ModifiableSolrParams get = new ModifiableSolrParams();
    get.set("qt", "/get").set("fl", "id").add("id", ids.toArray(String[]::new));
    // With more than one id the answer is a list, whatever was found.
    get.add("id", "");
    Set<String> found = new HashSet<>();
    for (SolrDocument document : query(get)) {
      found.add(text(document, "id"));
    }
    return found;
  }

  /** Adds documents, all in one request, so that the server encodes them together. */
  public void add(List<TextRecord> texts) throws IOException {
    List<SolrInputDocument> documents = new ArrayList<>();
    for (TextRecord text : texts) {
      SolrInputDocument document = new SolrInputDocument();
      document.setField("id", text.id());
      document.setField("text", text.text());
      if (!text.title().isEmpty()) {
        document.setField("title", text.title());
      }
      documents.add(document);
    }
    call(() -> client.add(name, documents));
  }

  /** Makes what was added visible and durable. */
  public void commit() throws IOException {
    call(() -> client.commit(name));
  }

  /** Documents in the collection. */
  public long size() throws IOException {
    ModifiableSolrParams all = new ModifiableSolrParams();
    all.set("q", "*:*").set("rows", 0);
    return call(() -> client.query(name, all, SolrRequest.METHOD.POST)).getResults().getNumFound();
  }

  /** The documents whose vectors are nearest to a text. */
  public List<SearchHit> byMeaning(String text, int topK) throws IOException {
    int candidates = Math.max(CANDIDATES, topK);
    return search("{!llm2vec f=vector topK=" + candidates + " v=$qq}", text, topK);
  }

  /** What one of the searches that the demo compares finds for a text. */
  public List<SearchHit> search(DemoSearch search, String text, int topK) throws IOException {
    ModifiableSolrParams params = new ModifiableSolrParams();
    search.params().forEach(params::set);
    params.set("qt", search.handler());
    return search(params, text, topK);
  }

  private List<SearchHit> search(String query, String text, int topK) throws IOException {
    return search(new ModifiableSolrParams().set("q", query), text, topK);
  }

  private List<SearchHit> search(ModifiableSolrParams params, String text, int topK)
      throws IOException {
    params.set("qq", text).set("rows", topK).set("fl", "id,title,text,score");
    List<SearchHit> hits = new ArrayList<>();
    for (SolrDocument document : query(params)) {
      double score =
          Optional.ofNullable((Number) document.getFieldValue("score"))
              .map(Number::doubleValue)
              .orElse(0.0);
      hits.add(
          new SearchHit(
              text(document, "id"), text(document, "title"), text(document, "text"), score));
    }
    return hits;
  }

  /** By POST: a long text does not fit into an address. */
  private List<SolrDocument> query(ModifiableSolrParams params) throws IOException {
    return call(() -> client.query(name, params, SolrRequest.METHOD.POST)).getResults();
  }

  private static String text(SolrDocument document, String field) {
    return Objects.toString(document.getFirstValue(field), "");
  }

  private <T> T call(Request<T> request) throws IOException {
    try {
      return request.send();
    } catch (SolrServerException | SolrException e) {
      throw new IOException("Solr says: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    client.close();
  }
}
