/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.lucene.BestPassage;
import io.github.llm2vec.solr.query.PassageSearch;
import java.io.IOException;
import java.util.Optional;
import org.apache.lucene.search.ScoreDoc;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.SimpleOrderedMap;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.response.transform.DocTransformer;
import org.apache.solr.response.transform.TransformerFactory;
import org.apache.solr.search.SolrIndexSearcher;
import org.apache.solr.search.SolrReturnFields;

/**
 * Shows the passage by which {@code {!llm2vec which=...}} found a document, with its score: {@code
 * fl=id,title,passage:[passage fl=id,text]}, and {@code f=} where a request searches several fields
 * of vectors. In {@code solrconfig.xml}:
 *
 * <pre>{@code
 * <transformer name="passage" class="io.github.llm2vec.solr.Llm2VecPassageTransformerFactory"/>
 * }</pre>
 */
public final class Llm2VecPassageTransformerFactory extends TransformerFactory {

  /** Made by Solr. */
  public Llm2VecPassageTransformerFactory() {}

  @Override
  public DocTransformer create(String name, SolrParams params, SolrQueryRequest request) {
    return new Passages(name, params.get("f", ""), params.get("fl", "*"), request);
  }

  private static final class Passages extends PerDocumentTransformer {

    private final String name;
    private final String field;
    private final SolrReturnFields shown;
    private final SolrQueryRequest request;

    Passages(String name, String field, String shown, SolrQueryRequest request) {
      this.name = name;
      this.field = field;
      this.shown = new SolrReturnFields(shown, request);
      this.request = request;
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean needsSolrIndexSearcher() {
      return true;
    }

    @Override
    void show(SolrDocument document, int number) throws IOException {
      BestPassage search =
          PassageSearch.of(request, field)
              .orElseThrow(
                  () ->
                      new SolrException(
                          ErrorCode.BAD_REQUEST,
                          "[%s] shows the best passage of a search over passages, and the request"
                                  .formatted(name)
                              + " has none: search with {!llm2vec which=...}"));
      SolrIndexSearcher searcher = context.getSearcher();
      Optional<ScoreDoc> best = search.of(searcher.getIndexReader(), number);
      if (best.isPresent()) {
        SimpleOrderedMap<Object> passage = new SimpleOrderedMap<>();
        searcher
            .getDocFetcher()
            .solrDoc(best.get().doc, shown)
            .forEach((key, value) -> passage.add(key, value));
        passage.add("score", best.get().score);
        document.setField(name, passage);
      }
    }
  }
}
