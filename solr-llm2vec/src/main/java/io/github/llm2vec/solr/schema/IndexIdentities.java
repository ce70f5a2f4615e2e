/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.BytesRef;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.schema.IndexSchema;

/**
 * What made the vectors of a field that an index holds now: one identity as a rule, several while a
 * field is being moved to another model, none if the field is empty or its schema has no field for
 * the identity. Vectors of different origin have nothing to do with each other; comparing them
 * finds the wrong documents and says nothing, so both sides check here first.
 *
 * <p>Costs a look at a handful of terms per segment.
 */
public final class IndexIdentities {

  /** Request and local parameter that turns the checks off. */
  public static final String ALLOW_PARAMETER = "allowModelChange";

  private final String vectorField;
  private final List<FieldIdentity> found;

  private IndexIdentities(String vectorField, List<FieldIdentity> found) {
    this.vectorField = vectorField;
    this.found = List.copyOf(found);
  }

  /**
   * Looks into an index.
   *
   * @param reader of one core; in a cluster its index stands for the others
   */
  public static IndexIdentities of(IndexReader reader, IndexSchema schema, String vectorField)
      throws IOException {
    Optional<String> field = CompanionFields.of(schema, vectorField).identity();
    if (field.isEmpty()) {
      return new IndexIdentities(vectorField, List.of());
    }
    Map<String, FieldIdentity> identities = new TreeMap<>();
    for (LeafReaderContext leaf : reader.leaves()) {
      collect(leaf.reader(), field.get(), identities);
    }
    return new IndexIdentities(vectorField, new ArrayList<>(identities.values()));
  }

  private static void collect(
      LeafReader reader, String field, Map<String, FieldIdentity> identities) throws IOException {
    Terms terms = reader.terms(field);
    if (terms == null) {
      return;
    }
    TermsEnum each = terms.iterator();
    for (BytesRef term = each.next(); term != null; term = each.next()) {
      String written = term.utf8ToString();
      if (!identities.containsKey(written) && isAlive(each, reader.getLiveDocs())) {
        FieldIdentity.ofTerm(written).ifPresent(identity -> identities.put(written, identity));
      }
    }
  }

  /** Terms of deleted documents stay until their segment is merged. */
  private static boolean isAlive(TermsEnum term, Bits liveDocs) throws IOException {
    PostingsEnum docs = term.postings(null, PostingsEnum.NONE);
    for (int doc = docs.nextDoc(); doc != DocIdSetIterator.NO_MORE_DOCS; doc = docs.nextDoc()) {
      if (liveDocs == null || liveDocs.get(doc)) {
        return true;
      }
    }
    return false;
  }

  /** All identities that live documents have. */
  public List<FieldIdentity> found() {
    return found;
  }

  /**
   * Checks that new vectors belong to those that are there.
   *
   * @throws SolrException 409 if any of those was made with something else
   */
  public void requireSameAs(FieldIdentity mine) {
    Set<FieldIdentity> others =
        found.stream()
            .filter(there -> !there.agreesWith(mine))
            .collect(Collectors.toUnmodifiableSet());
    if (!others.isEmpty()) {
      throw new SolrException(
          ErrorCode.CONFLICT,
          "field '%s' holds vectors of %s; those of %s cannot be compared with them. "
                  .formatted(vectorField, list(others), mine)
              + "Give the new ones a field or a collection of their own and switch over, or set"
              + " allowModelChange=true and index every document anew; see docs/solr-updates.md");
    }
  }

  /**
   * Checks that a query vector can be compared with every vector that is there. The instruction of
   * a query is its own matter.
   *
   * @param model name for the message
   * @param fingerprint of the encoder
   * @param dimensions of the query vector as it is searched with
   * @throws SolrException 409 if any was made with something else
   */
  public void requireComparableWith(String model, String fingerprint, int dimensions) {
    Set<FieldIdentity> others =
        found.stream()
            .filter(there -> !there.comparesWith(fingerprint, dimensions))
            .collect(Collectors.toUnmodifiableSet());
    if (!others.isEmpty()) {
      throw new SolrException(
          ErrorCode.CONFLICT,
          "field '%s' holds vectors of %s; a query of model '%s' (fingerprint %s, %d dimensions)"
                  .formatted(vectorField, list(others), model, fingerprint, dimensions)
              + " cannot be compared with them. Name the model that made them, index the documents"
              + " anew, or search what was made by this model alone with a filter on '"
              + CompanionFields.identityName(vectorField)
              + "' and allowModelChange=true; see docs/solr-updates.md");
    }
  }

  private static String list(Set<FieldIdentity> identities) {
    return identities.stream()
        .map(FieldIdentity::toString)
        .sorted()
        .collect(Collectors.joining(", "));
  }
}
