/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.join.BitSetProducer;

/**
 * Lucene queries for the documents whose vectors are nearest to a text.
 *
 * <p>The text is encoded when the query is made, the index is searched when Lucene rewrites it, and
 * a query may be used again and by several threads. A filter is applied while searching, so {@code
 * k} documents that pass it come back if there are as many. Scores of {@code COSINE} and {@code
 * DOT_PRODUCT} fields are (1 + cosine) / 2.
 */
public final class Llm2VecQueries {

  private static final Query ALL = new MatchAllDocsQuery();

  private Llm2VecQueries() {}

  /** The {@code k} documents nearest to a text, with {@link KnnOptions#top}. */
  public static Query knn(TextVectorField field, String text, int k) {
    return knn(field, text, KnnOptions.top(k), ALL);
  }

  /** The {@code k} documents nearest to a text among those that match a filter. */
  public static Query knn(TextVectorField field, String text, int k, Query filter) {
    return knn(field, text, KnnOptions.top(k), filter);
  }

  /** The documents nearest to a text. */
  public static Query knn(TextVectorField field, String text, KnnOptions options) {
    return knn(field, text, options, ALL);
  }

  /** The documents nearest to a text among those that match a filter. */
  public static Query knn(TextVectorField field, String text, KnnOptions options, Query filter) {
    return knn(field.name(), field.queryVector(text), options, filter);
  }

  /** The documents nearest to a vector. */
  public static Query knn(String field, float[] vector, KnnOptions options) {
    return knn(field, vector, options, ALL);
  }

  /**
   * The documents nearest to a vector among those that match a filter.
   *
   * @param field a field of float vectors of any similarity
   * @param vector {@code [dimensions]} of the field; of length 1 if the field is compared by {@code
   *     DOT_PRODUCT}
   * @param options how far to search
   * @param filter which documents may be hits
   * @throws IllegalArgumentException if the vector holds NaN or infinity; when the query is
   *     searched, if the field has other dimensions
   */
  public static Query knn(String field, float[] vector, KnnOptions options, Query filter) {
    return new OversamplingKnnQuery(
        new KnnSpec(field, vector.clone(), filter), options, BeamSearch.DOCUMENTS);
  }

  /**
   * The documents whose best passages are nearest to a vector, in an index where a document's
   * passages come before it in one block. At most one passage of a document enters, so that {@code
   * k} documents come back even if one of them has the {@code k} nearest passages.
   *
   * @param field a field of float vectors that passages have and documents have not
   * @param vector {@code [dimensions]} of the field
   * @param options how far to search; {@code k} counts documents
   * @param documents tells documents from their passages
   * @param passageFilter which passages may be found; lets through all of a document or none, as
   *     {@code ToChildBlockJoinQuery} does
   */
  public static Query documentsByPassages(
      String field,
      float[] vector,
      KnnOptions options,
      BitSetProducer documents,
      Query passageFilter) {
    return new OversamplingKnnQuery(
        new KnnSpec(field, vector.clone(), passageFilter),
        options,
        new BeamSearch.Passages(documents, BeamSearch.PassageHits.DOCUMENTS));
  }

  /**
   * The passages nearest to a vector, at most one of a document; as {@link #documentsByPassages},
   * but the hits are the passages themselves and the filter may be any.
   */
  public static Query passages(
      String field,
      float[] vector,
      KnnOptions options,
      BitSetProducer documents,
      Query passageFilter) {
    return new OversamplingKnnQuery(
        new KnnSpec(field, vector.clone(), passageFilter),
        options,
        new BeamSearch.Passages(documents, BeamSearch.PassageHits.FILTERED_PASSAGES));
  }

  /**
   * The best hits of another search for the nearest vectors: on a quantised field its best {@code k
   * * overfetch} hits are scored again from the full vectors.
   *
   * @param nearest finds documents by the vectors of the field, with a beam of its own
   * @param field where it searches
   * @param vector what it searches for
   * @param options how many hits to take; {@code efSearch} bounds those of the other search
   */
  public static Query best(Query nearest, String field, float[] vector, KnnOptions options) {
    return new OversamplingKnnQuery(
        new KnnSpec(field, vector.clone(), ALL), options, new BeamSearch.Given(nearest));
  }

  /**
   * Fuses a search by words and one by vectors, see {@link HybridFusion}, as a query that goes
   * wherever queries go; {@link HybridSearcher} gives the ranks as well. Both searches run when
   * Lucene rewrites the query. Explanations tell both ranks.
   *
   * @param words scores by words
   * @param vectors scores by vectors; restricted by its own filter
   * @param filter which documents are ranked at all, in both searches
   * @param depth hits of either search that enter the fusion
   * @param fusion how both rankings become one
   */
  public static Query hybrid(
      Query words, Query vectors, Query filter, int depth, HybridFusion fusion) {
    return new HybridQuery(words, vectors, filter, depth, fusion);
  }

  /** The {@code k} documents nearest to a text, compared with every vector of the index. */
  public static Query exact(TextVectorField field, String text, int k) {
    return exact(field.name(), field.queryVector(text), k, ALL);
  }

  /** As {@link #exact(TextVectorField, String, int)}, among the documents that match a filter. */
  public static Query exact(TextVectorField field, String text, int k, Query filter) {
    return exact(field.name(), field.queryVector(text), k, filter);
  }

  /** The {@code k} documents nearest to a vector, compared with every vector of the index. */
  public static Query exact(String field, float[] vector, int k) {
    return exact(field, vector, k, ALL);
  }

  /**
   * The {@code k} documents nearest to a vector among those that match a filter, compared with
   * every one of them from its full floats. Time grows with the index; the result is never
   * approximate.
   */
  public static Query exact(String field, float[] vector, int k, Query filter) {
    return new ExactKnnQuery(new KnnSpec(field, vector.clone(), filter), k);
  }

  /** All documents whose cosine with a text is at least {@code minCosine}. */
  public static Query similar(TextVectorField field, String text, float minCosine) {
    return similar(field, text, minCosine, ALL);
  }

  /**
   * All documents that match a filter and whose cosine with a text is at least {@code minCosine}.
   * The walk through the graph follows documents down to 0.1 below the limit, so that the ones
   * above it are reached. On quantised fields the limit applies to the approximate score.
   *
   * @param field where to search
   * @param text what to search
   * @param minCosine between -1 and 1; what a good value is depends on the model
   * @param filter which documents may be hits
   */
  public static Query similar(TextVectorField field, String text, float minCosine, Query filter) {
    if (!(minCosine >= -1 && minCosine <= 1)) {
      throw new IllegalArgumentException(
          "minCosine for vector field '%s' must be between -1 and 1, got %s"
              .formatted(field.name(), minCosine));
    }
    KnnSpec target = new KnnSpec(field.name(), field.queryVector(text), filter);
    float resultScore = VectorFieldChecks.scoreOfCosine(minCosine);
    float walkScore = VectorFieldChecks.scoreOfCosine(Math.max(-1, minCosine - 0.1f));
    return similar(target, walkScore, resultScore);
  }

  /**
   * All documents that match a filter and whose vectors have at least a score.
   *
   * @param field a field of float vectors of any similarity
   * @param vector {@code [dimensions]} of the field
   * @param walkScore the walk through the graph follows documents down to this score; at most
   *     {@code minScore}, negative infinity to see all that can be reached
   * @param minScore least score of a hit
   * @param filter which documents may be hits
   */
  public static Query similar(
      String field, float[] vector, float walkScore, float minScore, Query filter) {
    return similar(new KnnSpec(field, vector.clone(), filter), walkScore, minScore);
  }

  private static Query similar(KnnSpec target, float walkScore, float minScore) {
    return LuceneRelease.similar(
        target.field(), target.vector(), walkScore, minScore, target.restriction().orElse(null));
  }
}
