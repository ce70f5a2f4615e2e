/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.node.NodeEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.response.SolrQueryResponse;
import org.apache.solr.update.AddUpdateCommand;
import org.apache.solr.update.CommitUpdateCommand;
import org.apache.solr.update.DeleteUpdateCommand;
import org.apache.solr.update.MergeIndexesCommand;
import org.apache.solr.update.RollbackUpdateCommand;
import org.apache.solr.update.processor.UpdateRequestProcessor;

/**
 * Gives the documents of one request their vectors: holds them back until there is a batch, encodes
 * it in one call and forwards the documents in the order in which they came. It belongs before the
 * distributed processor, where a document passes once in a cluster.
 *
 * <p>Everything held back is forwarded before any command that must not overtake it, and at the end
 * of the request also when its stream broke off, as Solr then keeps what came before. A batch that
 * failed fails the request at its end once more: a tolerant processor in front of this one would
 * otherwise hide the loss of documents behind the id of the one that filled the batch.
 */
public final class EncodingUpdateProcessor extends UpdateRequestProcessor {

  private final EncodingSettings settings;
  private final NodeEncoder encoder;
  private final SolrQueryResponse response;
  private final DocumentPlanner planner;
  private final BatchEncoder batchEncoder;
  private final DocumentBuffer buffer;
  private final UpdateReport report;
  private final DocumentCompleter completer;
  private final List<RuntimeException> failures = new ArrayList<>();

  /** A processor for one request. */
  public EncodingUpdateProcessor(
      EncodingSettings settings,
      NodeEncoder encoder,
      SolrQueryResponse response,
      UpdateRequestProcessor next) {
    super(next);
    this.settings = settings;
    this.encoder = encoder;
    this.response = response;
    this.planner = new DocumentPlanner(settings.mapping(), settings.field());
    this.batchEncoder =
        new BatchEncoder(texts -> encoder.encodeDocuments(texts, settings.mapping().prompt()));
    this.buffer = new DocumentBuffer(settings.limits());
    this.report = new UpdateReport(settings.mapping().vectorField());
    this.completer = new DocumentCompleter(settings.mapping(), report);
  }

  @Override
  public void processAdd(AddUpdateCommand command) throws IOException {
    DocumentPlan plan = planner.plan(command);
    if (buffer.holdsIdOf(command)) {
      flush();
    }
    buffer.add(new BufferedAdd((AddUpdateCommand) command.clone(), plan));
    if (buffer.isFull()) {
      flush();
    }
  }

  @Override
  public void processDelete(DeleteUpdateCommand command) throws IOException {
    flush();
    super.processDelete(command);
  }

  @Override
  public void processMergeIndexes(MergeIndexesCommand command) throws IOException {
    flush();
    super.processMergeIndexes(command);
  }

  @Override
  public void processCommit(CommitUpdateCommand command) throws IOException {
    flush();
    super.processCommit(command);
  }

  @Override
  public void processRollback(RollbackUpdateCommand command) throws IOException {
    flush();
    super.processRollback(command);
  }

  @Override
  public void finish() throws IOException {
    try {
      flush();
    } catch (IOException | RuntimeException e) {
      finishNext(e);
      throw e;
    }
    report.writeTo(response);
    super.finish();
    if (!failures.isEmpty()) {
      throw failures.get(0);
    }
  }

  /** Documents that were forwarded are still on their way to other nodes: they are awaited. */
  private void finishNext(Exception failure) {
    try {
      super.finish();
    } catch (IOException | RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  private void flush() throws IOException {
    try {
      encodeAndForward(buffer.drain());
    } catch (IOException e) {
      failures.add(new UncheckedIOException(e));
      throw e;
    } catch (RuntimeException e) {
      failures.add(e);
      throw e;
    }
  }

  private void encodeAndForward(List<BufferedAdd> adds) throws IOException {
    Iterator<Outcome> outcomes = encode(adds).iterator();
    Refusals refusals = new Refusals(settings.mapping().vectorField());
    List<BufferedAdd> accepted = new ArrayList<>(adds.size());
    for (BufferedAdd add : adds) {
      if (completer.complete(add, outcomes, refusals)) {
        accepted.add(add);
      }
    }
    forward(accepted, refusals.exception(adds.size()));
  }

  private List<Outcome> encode(List<BufferedAdd> adds) {
    List<String> texts = new ArrayList<>(adds.size());
    for (BufferedAdd add : adds) {
      if (add.plan() instanceof DocumentPlan.Encode encode) {
        texts.add(encode.text());
      }
    }
    if (!texts.isEmpty()) {
      encoder.awaitReady(settings.limits().patience());
      settings.field().checkDimensions(encoder.declaration().name(), encoder.dimensions());
    }
    return batchEncoder.encode(texts);
  }

  private void forward(List<BufferedAdd> adds, Optional<SolrException> refusal) throws IOException {
    try {
      for (BufferedAdd add : adds) {
        super.processAdd(add.command());
      }
    } catch (IOException | RuntimeException e) {
      refusal.ifPresent(e::addSuppressed);
      throw e;
    }
    if (refusal.isPresent()) {
      throw refusal.get();
    }
  }
}
