/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.lucene.BestPassage;
import io.github.llm2vec.lucene.PassageBlocks;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.ScoreDoc;
import org.apache.solr.common.SolrException;
import org.apache.solr.request.SolrQueryRequest;

/**
 * A search over passages. Those that a request makes are kept in its context for those who show the
 * best passage of a document.
 */
public final class PassageSearch {

  private static final Object CONTEXT_KEY = PassageSearch.class.getName();

  private final String field;
  private final BestPassage passages;
  private final PassageBlocks blocks;

  private PassageSearch(String field, float[] vector, PassageBlocks blocks) {
    this.field = field;
    this.passages = new BestPassage(field, vector, blocks);
    this.blocks = blocks;
  }

  /** Notes a search; of several in one field the first counts, which is the main query. */
  static void note(SolrQueryRequest request, String field, float[] vector, PassageBlocks blocks) {
    searches(request).computeIfAbsent(field, name -> new PassageSearch(name, vector, blocks));
  }

  /** The field of the passages' vectors. */
  public String field() {
    return field;
  }

  /**
   * The passage by which a document was found, with its score.
   *
   * @param document number of any document of the index
   * @return empty if it is no document that has passages
   */
  public Optional<ScoreDoc> best(IndexReader reader, int document) throws IOException {
    List<LeafReaderContext> leaves = reader.leaves();
    LeafReaderContext leaf = leaves.get(ReaderUtil.subIndex(document, leaves));
    return blocks.isDocument(leaf, document - leaf.docBase)
        ? passages.of(reader, document)
        : Optional.empty();
  }

  /**
   * The search of a request.
   *
   * @param field its field; "" if there is one search only
   * @return empty if the request has no such search
   * @throws SolrException 400 if no field is named and there are several
   */
  public static Optional<PassageSearch> of(SolrQueryRequest request, String field) {
    Map<String, PassageSearch> searches = searches(request);
    if (!field.isEmpty()) {
      return Optional.ofNullable(searches.get(field));
    }
    if (searches.size() > 1) {
      throw SolrErrors.badRequest(
          "the request searches the passages of several fields; say whose passage to show: f="
              + String.join(" or f=", searches.keySet()));
    }
    return searches.values().stream().findFirst();
  }

  // The context is a map of anything; this class alone writes the key.
  @SuppressWarnings("unchecked")
  private static Map<String, PassageSearch> searches(SolrQueryRequest request) {
    return (Map<String, PassageSearch>)
        request.getContext().computeIfAbsent(CONTEXT_KEY, key -> new TreeMap<>());
  }
}
