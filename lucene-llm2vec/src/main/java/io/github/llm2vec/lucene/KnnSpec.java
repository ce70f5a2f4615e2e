/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;

/**
 * The target of a nearest-neighbour search: field, query vector and filter. A value: equal targets
 * give equal hits.
 */
final class KnnSpec {

  private final String field;
  private final float[] vector;
  private final Query filter;

  /**
   * @param field a field of float vectors
   * @param vector {@code [dimensions]}, finite; not changed after it was passed in
   * @param filter documents that may be hits; {@link MatchAllDocsQuery} for all
   */
  KnnSpec(String field, float[] vector, Query filter) {
    this.field = Objects.requireNonNull(field, "field");
    this.filter = Objects.requireNonNull(filter, "filter");
    this.vector = vector;
    for (int i = 0; i < vector.length; i++) {
      if (!Float.isFinite(vector[i])) {
        throw new IllegalArgumentException(
            "the query vector for field '" + field + "' has " + vector[i] + " in dimension " + i);
      }
    }
  }

  String field() {
    return field;
  }

  /** {@code [dimensions]}, not to be changed. */
  float[] vector() {
    return vector;
  }

  /** The filter, unless it lets everything through: Lucene searches faster without one. */
  Optional<Query> restriction() {
    return filter instanceof MatchAllDocsQuery ? Optional.empty() : Optional.of(filter);
  }

  /** The same with its filter as simple as the index allows. */
  KnnSpec rewritten(IndexSearcher searcher) throws IOException {
    return new KnnSpec(field, vector, searcher.rewrite(filter));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KnnSpec that
        && field.equals(that.field)
        && Arrays.equals(vector, that.vector)
        && filter.equals(that.filter);
  }

  @Override
  public int hashCode() {
    return Objects.hash(field, Arrays.hashCode(vector), filter);
  }

  @Override
  public String toString() {
    String where = field + "[" + vector.length + " dimensions]";
    return restriction().map(query -> where + "[" + query + "]").orElse(where);
  }
}
