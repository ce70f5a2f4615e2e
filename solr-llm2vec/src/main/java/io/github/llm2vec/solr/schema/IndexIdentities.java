/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.schema;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.BytesRef;
import org.apache.solr.schema.IndexSchema;

/**
 * Identities of the models of the vectors that an index holds in a field: one as a rule, several
 * while a field is being moved to another model, none if the field is empty or its schema has no
 * field for the identity. Vectors of different origin have nothing to do with each other; comparing
 * them finds the wrong documents and says nothing, so updates and queries check first.
 *
 * <p>Costs a look at a handful of terms per segment.
 *
 * @param found all identities that live documents have
 */
public record IndexIdentities(List<FieldIdentity> found) {

  /** Request and local parameter that turns the checks off. */
  public static final String ALLOW_PARAMETER = "allowModelChange";

  /** Copies what it is given. */
  public IndexIdentities {
    found = List.copyOf(found);
  }

  /**
   * Looks into an index.
   *
   * @param reader of one core; {@link CoreIdentities} also knows of what no reader shows yet
   */
  public static IndexIdentities of(IndexReader reader, IndexSchema schema, String vectorField)
      throws IOException {
    Optional<String> field = AuxiliaryFields.of(schema, vectorField).identity();
    if (field.isEmpty()) {
      return new IndexIdentities(List.of());
    }
    Map<String, FieldIdentity> identities = new TreeMap<>();
    for (LeafReaderContext leaf : reader.leaves()) {
      collect(leaf.reader(), field.get(), identities);
    }
    return new IndexIdentities(new ArrayList<>(identities.values()));
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

  /** The identities of documents whose vectors cannot stand beside those of another model. */
  List<FieldIdentity> strangersTo(FieldIdentity mine) {
    return found.stream().filter(there -> !there.agreesWith(mine)).toList();
  }
}
