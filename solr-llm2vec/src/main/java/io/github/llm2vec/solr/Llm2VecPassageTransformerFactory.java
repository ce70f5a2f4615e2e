/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.lucene.BestPassage;
import io.github.llm2vec.solr.query.PassageSearch;
import io.github.llm2vec.solr.schema.PassageFields;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.search.ScoreDoc;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.SimpleOrderedMap;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.response.transform.DocTransformer;
import org.apache.solr.response.transform.TransformerFactory;
import org.apache.solr.search.SolrReturnFields;

/**
 * Shows the passage by which {@code {!llm2vec which=...}} found a document, with its score: {@code
 * fl=id,title,passage:[passage text=body fl=passage_number]}. {@code text} names the field of the
 * document from which the passage was cut, {@code fl} stored fields of the passage, and {@code f}
 * the field of vectors where a request searches several. In {@code solrconfig.xml}:
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
    String text = params.get("text", "");
    return new Passages(name, new Shown(params.get("f", ""), params.get("fl", "*"), text), request);
  }

  /**
   * What is to be shown.
   *
   * @param field of the vectors; "" for the only one
   * @param fields of the passage
   * @param text field of the document from which passages were cut; "" for none
   */
  private record Shown(String field, String fields, String text) {}

  private static final class Passages extends PerDocumentTransformer {

    private final String name;
    private final Shown shown;
    private final SolrQueryRequest request;

    Passages(String name, Shown shown, SolrQueryRequest request) {
      this.name = name;
      this.shown = shown;
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
          PassageSearch.of(request, shown.field())
              .orElseThrow(
                  () ->
                      new SolrException(
                          ErrorCode.BAD_REQUEST,
                          "[%s] shows the best passage of a search over passages, and the request"
                                  .formatted(name)
                              + " has none: search with {!llm2vec which=...}"));
      IndexReader reader = context.getSearcher().getIndexReader();
      Optional<ScoreDoc> best = search.of(reader, number);
      if (best.isPresent()) {
        SimpleOrderedMap<Object> passage = new SimpleOrderedMap<>();
        values(best.get().doc, shown.fields()).forEach(passage::add);
        words(best.get().doc, number).ifPresent(words -> passage.add("text", words));
        passage.add("score", best.get().score);
        document.setField(name, passage);
      }
    }

    /** The part of the document's text that the passage is. */
    private Optional<String> words(int passage, int document) {
      if (shown.text().isEmpty()) {
        return Optional.empty();
      }
      Map<String, Object> place = values(passage, PassageFields.START + "," + PassageFields.END);
      String text =
          values(document, shown.text()).values().stream()
              .flatMap(
                  value -> value instanceof Collection<?> all ? all.stream() : Stream.of(value))
              .map(String::valueOf)
              .collect(Collectors.joining(" "));
      if (place.get(PassageFields.START) instanceof Number start
          && place.get(PassageFields.END) instanceof Number end
          && end.intValue() <= text.length()) {
        return Optional.of(text.substring(start.intValue(), end.intValue()));
      }
      return Optional.empty();
    }

    /** Stored fields of a document as their types present them. */
    private Map<String, Object> values(int number, String fields) {
      SolrDocument stored =
          context
              .getSearcher()
              .getDocFetcher()
              .solrDoc(number, new SolrReturnFields(fields, request));
      Map<String, Object> values = new LinkedHashMap<>();
      stored.forEach(
          (field, value) -> {
            Object plain = value(field, value);
            // The copy of a vector, which is long and says nothing.
            if (!(plain instanceof ByteBuffer)) {
              values.put(field, plain);
            }
          });
      return values;
    }

    private Object value(String field, Object value) {
      if (value instanceof Collection<?> all) {
        return all.stream().map(one -> value(field, one)).toList();
      }
      return value instanceof IndexableField stored
          ? request.getSchema().getFieldType(field).toObject(stored)
          : value;
    }
  }
}
