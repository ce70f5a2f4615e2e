/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.query.PassageSearch;
import io.github.llm2vec.solr.schema.PassageFields;
import io.github.llm2vec.solr.update.MappedField;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.search.ScoreDoc;
import org.apache.solr.common.SolrDocument;
import org.apache.solr.common.SolrInputDocument;
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
 * the field of vectors where a request searches several. {@code separator} is what joins the values
 * of that field if no update chain of this core says so. In {@code solrconfig.xml}:
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
    Shown shown =
        new Shown(params.get("f", ""), params.get("fl", "*"), text, params.get("separator", " "));
    return new Passages(name, shown, request);
  }

  /**
   * What is to be shown.
   *
   * @param field of the vectors; "" for the only one
   * @param fields of the passage
   * @param text field of the document from which passages were cut; "" for none
   * @param separator of its values, where no chain of this core has cut them
   */
  private record Shown(String field, String fields, String text, String separator) {}

  private static final class Passages extends PerDocumentTransformer {

    private final String name;
    private final Shown shown;
    private final SolrQueryRequest request;
    private List<MappedField> cutters = List.of();

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
      PassageSearch search =
          PassageSearch.of(request, shown.field())
              .orElseThrow(
                  () ->
                      SolrErrors.badRequest(
                          "[%s] shows the best passage of a search over passages, and the request"
                                  .formatted(name)
                              + " has none: search with {!llm2vec which=...}"));
      IndexReader reader = context.getSearcher().getIndexReader();
      Optional<ScoreDoc> best = search.best(reader, number);
      if (best.isPresent()) {
        SimpleOrderedMap<Object> passage = new SimpleOrderedMap<>();
        values(best.get().doc, shown.fields()).forEach(passage::add);
        words(search, best.get().doc, number).ifPresent(words -> passage.add("text", words));
        passage.add("score", best.get().score);
        document.setField(name, passage);
      }
    }

    /** The part of the document's text that the passage is. */
    private Optional<String> words(PassageSearch search, int passage, int document) {
      if (shown.text().isEmpty()) {
        return Optional.empty();
      }
      SolrInputDocument whole = new SolrInputDocument();
      values(document, shown.text()).forEach(whole::setField);
      String text = cutText(search.field(), whole);
      Map<String, Object> place = values(passage, PassageFields.START + "," + PassageFields.END);
      if (place.get(PassageFields.START) instanceof Number start
          && place.get(PassageFields.END) instanceof Number end
          && end.intValue() <= text.length()) {
        return Optional.of(text.substring(start.intValue(), end.intValue()));
      }
      return Optional.empty();
    }

    /** What the passages of a document were cut from: by the chain, if this core has it. */
    private String cutText(String vectorField, SolrInputDocument document) {
      if (cutters.isEmpty()) {
        cutters =
            UpdateChain.allOf(request.getCore()).stream()
                .flatMap(chain -> chain.encoding().stream())
                .flatMap(factory -> factory.fields(request).stream())
                .filter(field -> field.cutsPassagesOf(vectorField))
                .toList();
      }
      for (MappedField cutter : cutters) {
        if (cutter.cutField().equals(shown.text())) {
          return cutter.cutText(document);
        }
      }
      if (!cutters.isEmpty()) {
        throw SolrErrors.badRequest(
            "the passages of '%s' are cut from field '%s'; write [%s text=%s]"
                .formatted(
                    vectorField, cutters.get(0).cutField(), name, cutters.get(0).cutField()));
      }
      Collection<Object> values = document.getFieldValues(shown.text());
      return values == null
          ? ""
          : values.stream().map(String::valueOf).collect(Collectors.joining(shown.separator()));
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
