/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.schema.PassageFields;
import io.github.llm2vec.solr.update.DocumentBuffer.BufferedAdd;
import io.github.llm2vec.solr.update.identity.ClaimingUpdateProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrInputDocument;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.response.SolrQueryResponse;
import org.apache.solr.update.AddUpdateCommand;
import org.apache.solr.update.CommitUpdateCommand;
import org.apache.solr.update.DeleteUpdateCommand;
import org.apache.solr.update.MergeIndexesCommand;
import org.apache.solr.update.RollbackUpdateCommand;
import org.apache.solr.update.processor.DistributedUpdateProcessor.DistributedUpdatesAsyncException;
import org.apache.solr.update.processor.UpdateRequestProcessor;

/**
 * Gives the documents of one request their vectors: holds them back until there is a batch, encodes
 * it and forwards the documents in the order in which they came. It belongs before the distributed
 * processor, where a document passes once in a cluster.
 *
 * <p>Everything held back is forwarded before any command that must not overtake it, and at the end
 * of the request also when its stream broke off, as Solr then keeps what came before.
 *
 * <p>A document that is refused does not keep others from being indexed, whatever batch they are
 * in; the request fails at its end and names them all. A command that is no add ends the request
 * sooner: a client that adds a document and then deletes another counts on the first. With a
 * tolerant processor in front the request goes on to its end, and that processor is told.
 */
public final class EncodingUpdateProcessor extends ClaimingUpdateProcessor {

  /**
   * Limits of the buffer in which documents wait to be encoded together. A single document may have
   * more than fits; it is then encoded alone.
   *
   * @param documents most documents
   * @param tokens most tokens of their texts, estimated at four characters each
   * @param bytes most memory of the documents and of the vectors that they are going to get, about
   * @param patience how long a request waits for a model that is being opened
   */
  public record BufferLimits(int documents, long tokens, long bytes, Duration patience) {

    /** 128 documents, a million tokens, 64 MiB; ten minutes for a model to open. */
    public static final BufferLimits DEFAULTS =
        new BufferLimits(128, 1_000_000, 64L << 20, Duration.ofMinutes(10));

    /** Rejects limits that nothing fits into. */
    public BufferLimits {
      if (documents < 1 || tokens < 1 || bytes < 1) {
        throw new IllegalArgumentException(
            "a buffer must hold at least 1 document, 1 token and 1 byte, found %s, %s and %s"
                .formatted(documents, tokens, bytes));
      }
      if (patience.isNegative()) {
        throw new IllegalArgumentException("patience cannot be negative, found " + patience);
      }
    }
  }

  /**
   * Settings of the encoding processor for one request.
   *
   * @param fields the vector fields, each once
   * @param limits how much waits to be encoded together
   * @param reuse whether vectors of unchanged texts are looked for
   * @param rechecked whether the consistency processor stands behind the distributed one
   * @param tolerant whether a tolerant processor stands in front
   */
  public record UpdateSettings(
      List<MappedField> fields,
      BufferLimits limits,
      boolean reuse,
      boolean rechecked,
      boolean tolerant) {

    /** Copies the list. */
    public UpdateSettings {
      fields = List.copyOf(fields);
    }
  }

  private final UpdateSettings settings;
  private final SolrQueryRequest request;
  private final SolrQueryResponse response;
  private final ExistingDocuments existing;
  private final PassageDeletes deletes;
  private final List<FieldVectorizer> fields;
  private final DocumentBuffer buffer;
  private final UpdateReport report;
  private final RejectedDocuments rejected = new RejectedDocuments();
  private int seen;
  // What ended the request before its time.
  private Optional<RuntimeException> failure = Optional.empty();

  /** A processor for one request. */
  public EncodingUpdateProcessor(
      UpdateSettings settings,
      SolrQueryRequest request,
      SolrQueryResponse response,
      UpdateRequestProcessor next) {
    super(request, next);
    this.settings = settings;
    this.request = request;
    this.response = response;
    this.existing = new ExistingDocuments(request);
    this.deletes = new PassageDeletes(settings.fields(), request);
    this.report = new UpdateReport(settings.fields());
    this.fields =
        settings.fields().stream()
            .map(field -> new FieldVectorizer(field, settings, request, report, claims))
            .toList();
    this.buffer = new DocumentBuffer(settings.limits(), settings.fields());
  }

  @Override
  public void processAdd(AddUpdateCommand command) throws IOException {
    requireSound();
    BufferedAdd add = BufferedAdd.of(command);
    seen++;
    Optional<FieldVectorizer> passageOf = passageOf(add);
    if (passageOf.isPresent()) {
      report.countPassage(passageOf.get().field());
      return;
    }
    if (buffer.mustDrainBefore(add)) {
      flush();
    }
    buffer.add(add);
    if (buffer.isFull()) {
      flush();
    }
  }

  @Override
  public void processDelete(DeleteUpdateCommand command) throws IOException {
    flushBeforeCommand();
    super.processDelete(deletes.withPassages(command));
  }

  /**
   * A search that is not restricted to documents gives passages, too, and a client may send back
   * what it got. They come with their documents; by themselves they would become documents.
   */
  private Optional<FieldVectorizer> passageOf(BufferedAdd add) {
    SolrInputDocument document = add.document();
    if (add.atomic() || document.getFieldValue(PassageFields.PARENT) == null) {
      return Optional.empty();
    }
    String key = request.getSchema().getUniqueKeyField().getName();
    String id = String.valueOf(document.getFieldValue(key));
    String parent = String.valueOf(document.getFieldValue(PassageFields.PARENT));
    return fields.stream()
        .filter(field -> id.startsWith(field.field().auxiliary().passageId(parent, "")))
        .findFirst();
  }

  @Override
  public void processMergeIndexes(MergeIndexesCommand command) throws IOException {
    flushBeforeCommand();
    for (FieldVectorizer field : fields) {
      claims.claimMerged(command, field.field().auxiliary(), field.changesModel());
    }
    super.processMergeIndexes(command);
  }

  @Override
  public void processCommit(CommitUpdateCommand command) throws IOException {
    flushBeforeCommand();
    super.processCommit(command);
  }

  @Override
  public void processRollback(RollbackUpdateCommand command) throws IOException {
    flushBeforeCommand();
    super.processRollback(command);
  }

  private void flushBeforeCommand() throws IOException {
    requireSound();
    flush();
    if (!settings.tolerant() && !rejected.isEmpty()) {
      throw failed(rejected.exception(seen));
    }
  }

  @Override
  public void finish() throws IOException {
    if (failure.isEmpty()) {
      try {
        flush();
      } catch (IOException | RuntimeException e) {
        finishNext().ifPresent(e::addSuppressed);
        throw e;
      }
    }
    report.writeTo(response);
    Optional<DistributedUpdatesAsyncException> elsewhere = finishNext();
    // Thrown again: a tolerant processor may have taken it for the failure of one document.
    failure.ifPresent(
        thrown -> {
          throw thrown;
        });
    if (!rejected.isEmpty()) {
      if (settings.tolerant()) {
        throw rejected.tolerable(elsewhere);
      }
      SolrException exception = rejected.exception(seen);
      elsewhere.ifPresent(exception::addSuppressed);
      throw exception;
    }
    elsewhere.ifPresent(
        thrown -> {
          throw thrown;
        });
  }

  /** Documents that were forwarded are still on their way to other nodes: they are awaited. */
  private Optional<DistributedUpdatesAsyncException> finishNext() throws IOException {
    try {
      super.finish();
      return Optional.empty();
    } catch (DistributedUpdatesAsyncException e) {
      return Optional.of(e);
    }
  }

  /** A request that has failed does nothing more. */
  private void requireSound() {
    failure.ifPresent(
        thrown -> {
          throw thrown;
        });
  }

  private RuntimeException failed(RuntimeException exception) {
    failure = Optional.of(exception);
    return exception;
  }

  private void flush() throws IOException {
    List<BufferedAdd> adds = new ArrayList<>(buffer.drain());
    if (adds.isEmpty()) {
      return;
    }
    try {
      if (settings.tolerant()) {
        completeTolerantly(adds);
      } else {
        complete(adds);
      }
      forward(adds);
      if (!settings.tolerant() && rejected.size() >= RejectedDocuments.TOO_MANY) {
        throw rejected.exception(seen);
      }
    } catch (IOException e) {
      failed(new UncheckedIOException(e));
      throw e;
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  /** What fails for all documents fails for each of them. */
  private void completeTolerantly(List<BufferedAdd> adds) throws IOException {
    try {
      complete(adds);
    } catch (SolrException e) {
      adds.forEach(add -> rejected.addRejected(add.command().getPrintableId(), e));
      adds.clear();
    }
  }

  private void complete(List<BufferedAdd> adds) throws IOException {
    Map<String, SolrInputDocument> old = lookUp(adds);
    for (FieldVectorizer field : fields) {
      field.complete(adds, old, rejected);
    }
  }

  private Map<String, SolrInputDocument> lookUp(List<BufferedAdd> adds) throws IOException {
    List<BufferedAdd> wanted =
        adds.stream()
            .filter(add -> fields.stream().anyMatch(field -> field.planner().wantsOld(add)))
            .toList();
    if (wanted.isEmpty()) {
      return new HashMap<>();
    }
    Set<String> names =
        settings.fields().stream()
            .flatMap(
                field ->
                    Stream.concat(
                        field.mapping().source().fields().stream(),
                        field.auxiliary().copy().stream()))
            .collect(Collectors.toUnmodifiableSet());
    boolean nested = settings.fields().stream().anyMatch(field -> field.mapping().cutsPassages());
    return existing.find(wanted, names, nested);
  }

  private void forward(List<BufferedAdd> adds) throws IOException {
    for (BufferedAdd add : adds) {
      try {
        fields.forEach(field -> field.claimWhatIsWritten(add.document()));
        super.processAdd(add.command());
      } catch (IOException | RuntimeException e) {
        if (!settings.tolerant()) {
          if (!rejected.isEmpty()) {
            e.addSuppressed(rejected.exception(seen));
          }
          throw e;
        }
        rejected.addRejected(add.command().getPrintableId(), e);
      }
    }
  }
}
