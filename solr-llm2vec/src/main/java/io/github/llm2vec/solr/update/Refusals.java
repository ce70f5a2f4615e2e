/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;

/** The documents of a batch that are refused, for one message that names them all. */
final class Refusals {

  private static final int NAMED = 10;
  private static final String IDS_KEY = "llm2vec-refused-ids";

  private record Refusal(String id, RuntimeException cause) {}

  private final String vectorField;
  private final List<Refusal> refusals = new ArrayList<>();

  Refusals(String vectorField) {
    this.vectorField = vectorField;
  }

  void add(String id, RuntimeException cause) {
    refusals.add(new Refusal(id, cause));
  }

  /**
   * What to throw, if any was refused: 400 if the encoder blames every text, else 500.
   *
   * @param batch number of documents that were encoded together
   */
  Optional<SolrException> exception(int batch) {
    if (refusals.isEmpty()) {
      return Optional.empty();
    }
    boolean textsToBlame =
        refusals.stream().allMatch(refusal -> refusal.cause instanceof IllegalArgumentException);
    String documents =
        refusals.stream()
            .limit(NAMED)
            .map(refusal -> "document '" + refusal.id + "': " + describe(refusal.cause))
            .collect(Collectors.joining("; "));
    SolrException exception =
        new SolrException(
            textsToBlame ? ErrorCode.BAD_REQUEST : ErrorCode.SERVER_ERROR,
            "%d of %d documents could not be encoded for field '%s' and were not indexed; those"
                    .formatted(refusals.size(), batch, vectorField)
                + " beside them in the batch were. "
                + documents
                + (refusals.size() > NAMED ? "; ..." : ""),
            refusals.get(0).cause);
    exception.setMetadata(
        IDS_KEY, refusals.stream().map(Refusal::id).collect(Collectors.joining(",")));
    return Optional.of(exception);
  }

  /** The cause in a few words. */
  static String describe(RuntimeException cause) {
    return Optional.ofNullable(cause.getMessage()).orElse(cause.getClass().getName());
  }
}
