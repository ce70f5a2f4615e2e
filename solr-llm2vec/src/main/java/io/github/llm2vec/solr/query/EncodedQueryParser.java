/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.NodeEncoder;
import io.github.llm2vec.solr.schema.VectorField;
import java.util.List;
import org.apache.lucene.search.Query;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.QParser;
import org.apache.solr.search.SyntaxError;

/**
 * Encodes the text of a query and hands the vector to Solr's own {@code knn} parser, which brings
 * the parameters, filters and rules of the Solr release that runs.
 */
public final class EncodedQueryParser extends QParser {

  private static final String DELEGATE = "knn";
  private static final String FIELD = "f";
  private static final String TEXT = "v";
  private static final String MODEL = "model";
  private static final String INSTRUCTION = "instruction";

  /** What is taken from the request where there are no local parameters: with defType. */
  private static final List<String> DELEGATE_PARAMETERS =
      List.of(
          "topK",
          "preFilter",
          "includeTags",
          "excludeTags",
          "efSearchScaleFactor",
          "earlyTermination",
          "saturationThreshold",
          "patience",
          "seedQuery",
          "filteredSearchThreshold");

  private final QueryDefaults defaults;

  /** A parser for one query; text, local parameters and request come from Solr. */
  public EncodedQueryParser(
      String text,
      SolrParams localParams,
      SolrParams params,
      SolrQueryRequest request,
      QueryDefaults defaults) {
    super(text, localParams, params, request);
    this.defaults = defaults;
  }

  @Override
  public Query parse() throws SyntaxError {
    String fieldName = required(FIELD, "the vector field to search, as in {!llm2vec f=vector}");
    if (qstr == null || qstr.isBlank()) {
      throw refused("the text to search for is empty; give it as v=$q or after the }");
    }
    VectorField field = VectorField.of(req.getSchema(), fieldName);
    float[] vector = vector(field);
    ModifiableSolrParams delegateParams = delegateParams(fieldName);
    String written = write(vector);
    delegateParams.set(TEXT, written);
    QParser delegate =
        req.getCore().getQueryPlugin(DELEGATE).createParser(written, delegateParams, params, req);
    // A sub-query must not take the request's filters as its own, as a filter does not.
    delegate.setIsFilter(isFilter() || recurseCount != 0);
    return delegate.parse();
  }

  private float[] vector(VectorField field) {
    String model = param(MODEL, defaults.model());
    if (model.isBlank()) {
      throw refused("no model is named; give model=NAME, or 'model' to the parser in solrconfig");
    }
    Prompt prompt = Prompt.query(param(INSTRUCTION, defaults.instruction()));
    String key = QueryVectors.key(model, prompt, qstr);
    float[] vector =
        QueryVectors.received(req.getParams(), key)
            .orElseGet(() -> encode(field, model, prompt, key));
    field.checkDimensions(model, vector.length);
    return vector;
  }

  private float[] encode(VectorField field, String model, Prompt prompt, String key) {
    NodeEncoder encoder = EncoderRegistry.of(req.getCore()).acquire(req.getCore(), model);
    field.checkSimilarity(encoder.declaration());
    field.checkDimensions(model, encoder.dimensions());
    try {
      float[] vector = encoder.encodeQuery(qstr, prompt);
      QueryVectors.keep(req, key, vector);
      return vector;
    } catch (SolrException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new SolrException(ErrorCode.BAD_REQUEST, failure(model, e), e);
    } catch (RuntimeException e) {
      throw new SolrException(ErrorCode.SERVER_ERROR, failure(model, e), e);
    }
  }

  private static String failure(String model, RuntimeException cause) {
    return "model '%s' cannot encode the query: %s".formatted(model, cause.getMessage());
  }

  private ModifiableSolrParams delegateParams(String fieldName) {
    ModifiableSolrParams delegateParams = new ModifiableSolrParams();
    if (localParams != null) {
      delegateParams.add(localParams);
      delegateParams.remove(MODEL);
      delegateParams.remove(INSTRUCTION);
    } else {
      for (String name : DELEGATE_PARAMETERS) {
        String[] values = params.getParams(name);
        if (values != null) {
          delegateParams.set(name, values);
        }
      }
    }
    delegateParams.set(FIELD, fieldName);
    return delegateParams;
  }

  private String required(String name, String meaning) {
    String value = param(name, "");
    if (value.isBlank()) {
      throw refused("parameter '" + name + "' is missing: " + meaning);
    }
    return value;
  }

  private String param(String name, String missing) {
    String value = getParam(name);
    return value == null ? missing : value;
  }

  private static SolrException refused(String message) {
    return new SolrException(ErrorCode.BAD_REQUEST, "llm2vec query: " + message);
  }

  /** The vector as the delegate reads it; every float comes back as it was. */
  private static String write(float[] vector) {
    StringBuilder text = new StringBuilder(vector.length * 12).append('[');
    for (int i = 0; i < vector.length; i++) {
      text.append(i == 0 ? "" : ",").append(vector[i]);
    }
    return text.append(']').toString();
  }
}
