/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.update.vector.VectorRedaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.ToleratedUpdateError;
import org.apache.solr.common.ToleratedUpdateError.CmdType;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.update.SolrCmdDistributor.SolrError;
import org.apache.solr.update.processor.DistributedUpdateProcessor.DistributedUpdatesAsyncException;

/** The documents of a request that were rejected, for one message that names them all. */
final class RejectedDocuments {

  /** A request with so many of them is given up: something else is wrong than a document. */
  static final int TOO_MANY = 100;

  private static final int NAMED = 10;
  private static final String IDS_KEY = "llm2vec-refused-ids";

  private record Refusal(String id, String message, Exception cause) {}

  private final List<Refusal> rejected = new ArrayList<>();

  /** Notes a document whose text could not be encoded. */
  void addUnencoded(String id, String vectorField, RuntimeException cause) {
    String message = "document '%s', field '%s': %s".formatted(id, vectorField, describe(cause));
    rejected.add(new Refusal(id, message, cause));
  }

  /** Notes a document that something behind this processor did not take. */
  void addRejected(String id, Exception cause) {
    rejected.add(new Refusal(id, "document '%s': %s".formatted(id, describe(cause)), cause));
  }

  boolean isEmpty() {
    return rejected.isEmpty();
  }

  int size() {
    return rejected.size();
  }

  /**
   * What to throw if no tolerant processor stands in front: 400 if all is the fault of documents.
   *
   * @param documents that were seen so far
   */
  SolrException exception(int documents) {
    String named =
        rejected.stream().limit(NAMED).map(Refusal::message).collect(Collectors.joining("; "));
    SolrException exception =
        new SolrException(
            ErrorCode.getErrorCode(code()),
            "%s of %s documents could not be encoded and were not indexed; those beside them were. "
                    .formatted(rejected.size(), documents)
                + named
                + (rejected.size() > NAMED ? "; ..." : ""),
            rejected.get(0).cause);
    exception.setMetadata(
        IDS_KEY, rejected.stream().map(Refusal::id).collect(Collectors.joining(",")));
    return exception;
  }

  private int code() {
    List<Integer> codes =
        rejected.stream().map(Refusal::cause).map(RejectedDocuments::code).distinct().toList();
    return codes.size() == 1 ? codes.get(0) : ErrorCode.SERVER_ERROR.code;
  }

  private static int code(Exception cause) {
    if (cause instanceof SolrException known) {
      return known.code();
    }
    return isFaultOfTheText(cause) ? ErrorCode.BAD_REQUEST.code : ErrorCode.SERVER_ERROR.code;
  }

  /**
   * What to throw at the end of a request for a tolerant processor in front. What is thrown while a
   * document passes it takes for that document's failure; of others it hears in this form only,
   * which is how it hears of failures on other nodes.
   *
   * @param others failures on other nodes
   */
  DistributedUpdatesAsyncException tolerable(Optional<DistributedUpdatesAsyncException> others) {
    List<SolrError> errors = new ArrayList<>();
    others.ifPresent(thrown -> errors.addAll(thrown.errors));
    for (Refusal refusal : rejected) {
      ToleratedUpdateError tolerated =
          new ToleratedUpdateError(CmdType.ADD, refusal.id, refusal.message);
      NamedList<String> metadata = new NamedList<>();
      metadata.add(tolerated.getMetadataKey(), tolerated.getMetadataValue());
      SolrException exception =
          new SolrException(
              ErrorCode.getErrorCode(code(refusal.cause)), refusal.message, refusal.cause);
      exception.setMetadata(metadata);
      SolrError error = new SolrError();
      error.e = exception;
      error.statusCode = exception.code();
      errors.add(error);
    }
    return new DistributedUpdatesAsyncException(errors);
  }

  /**
   * Whether a text fails whenever it is tried: its failure says so, or was caused by one that does.
   */
  static boolean isFaultOfTheText(Throwable failure) {
    return failure instanceof IllegalArgumentException
        || failure.getCause() instanceof IllegalArgumentException;
  }

  /** The cause in a few words. */
  static String describe(Exception cause) {
    return VectorRedaction.of(
        Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getName()));
  }
}
