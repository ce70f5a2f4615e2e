/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.lucene.KnnOptions;
import io.github.llm2vec.lucene.Llm2VecQueries;
import io.github.llm2vec.solr.schema.IndexIdentities;
import io.github.llm2vec.solr.schema.VectorField;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.join.ScoreMode;
import org.apache.lucene.search.join.ToParentBlockJoinQuery;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.StrUtils;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.search.QParser;
import org.apache.solr.search.SyntaxError;

/**
 * Encodes the text of a query and hands the vector to Solr's own {@code knn} or {@code
 * vectorSimilarity} parser, which brings the parameters, filters and rules of the Solr release that
 * runs. Where more is asked for than that can do (a beam, exact scores, passages), its query is
 * taken apart and made anew with the same vector, {@code topK} and filter.
 */
public final class EncodedQueryParser extends QParser {

  /**
   * What a query parser falls back on.
   *
   * @param model for queries that name none; "" if they must
   * @param adapter beside the model, for queries that name none; "" for the model alone
   * @param instruction for queries that bring none; "" for the model's own
   * @param dimensions width that vectors are cut to; 0 for the model's own
   * @param efSearch width of the beam; 0 for 2 {@code topK}, at least 200
   * @param overRequest how many times {@code topK} candidates are scored again from full floats; 0
   *     for none
   */
  public record QueryDefaults(
      String model,
      String adapter,
      String instruction,
      int dimensions,
      int efSearch,
      int overRequest) {

    /** Nothing to fall back on. */
    public static final QueryDefaults NONE = new QueryDefaults("", "", "", 0, 0, 0);
  }

  private static final String NEAREST = "knn";
  private static final String SIMILAR = "vectorSimilarity";
  private static final String FIELD = "f";
  private static final String MODEL = "model";
  private static final String ADAPTER = "adapter";
  private static final String INSTRUCTION = "instruction";
  private static final String DIMENSIONS = "dimensions";

  /** What this parser reads itself. */
  private static final Set<String> OWN_NAMES =
      Set.of(FIELD, MODEL, ADAPTER, INSTRUCTION, DIMENSIONS, IndexIdentities.ALLOW_PARAMETER);

  /** What the parser takes: its own parameters and those of all releases of Solr's parsers. */
  static final Set<String> NAMES =
      Stream.of(OWN_NAMES, KnnParameters.NAMES, KnnParameters.OF_SOLR, KnnParameters.OF_SOLR_10)
          .flatMap(Set::stream)
          .collect(Collectors.toUnmodifiableSet());

  private final QueryDefaults defaults;
  private final KnownBlocks blocks;

  /**
   * A parser for one query; text, local parameters and request come from Solr.
   *
   * @param defaults what is not given
   * @param blocks of the core
   */
  public EncodedQueryParser(
      String text,
      SolrParams localParams,
      SolrParams params,
      SolrQueryRequest request,
      QueryDefaults defaults,
      KnownBlocks blocks) {
    super(text, localParams, params, request);
    this.defaults = defaults;
    this.blocks = blocks;
  }

  @Override
  public Query parse() throws SyntaxError {
    return RequestState.of(req).nested(qstr, this::parseNested);
  }

  private Query parseNested() throws SyntaxError {
    SolrParams own = QueryParameters.of(name(), localParams, params, NAMES);
    String named = required(FIELD, "the vector field to search, as in {!llm2vec f=vector}");
    if (qstr == null || qstr.isBlank()) {
      throw KnnParameters.refused(
          "the text to search for is empty; give it as v=$q or after the }");
    }
    ServedField served = ServedField.of(req, named, getParam(MODEL), defaults);
    String fieldName = served.name();
    VectorField field = VectorField.of(req.getSchema(), fieldName);
    KnnParameters parameters = KnnParameters.of(own, defaults);
    Optional<float[]> vector = vector(field, served.defaults());
    if (vector.isEmpty()) {
      return new MatchNoDocsQuery("the time allowed was over before the query was encoded");
    }
    Query query =
        parameters.tuned()
            ? tuned(fieldName, vector.get(), own, parameters)
            : delegate(
                parameters.threshold() ? SIMILAR : NEAREST, fieldName, vector.get(), bounded(own));
    return new LimitedQuery(
        query,
        new MatchNoDocsQuery("a vector has no words"),
        QueryParameters.describe(name(), new ModifiableSolrParams(own).set("v", qstr)));
  }

  private Optional<float[]> vector(VectorField field, QueryDefaults missing) {
    String model = param(MODEL, missing.model());
    if (model.isBlank()) {
      throw KnnParameters.refused(
          "no model is named; give model=NAME, or 'model' to the parser in solrconfig");
    }
    Prompt prompt = Prompt.query(param(INSTRUCTION, missing.instruction()));
    QueryEncoder.Checks checks =
        new QueryEncoder.Checks(
            dimensions(missing),
            StrUtils.parseBool(param(IndexIdentities.ALLOW_PARAMETER, "false")));
    return new QueryEncoder(req, field, checks)
        .vector(model, param(ADAPTER, missing.adapter()), prompt, qstr);
  }

  private int dimensions(QueryDefaults missing) {
    String given = param(DIMENSIONS, "" + missing.dimensions());
    try {
      return Integer.parseInt(given.strip());
    } catch (NumberFormatException e) {
      throw KnnParameters.refused("dimensions must be a whole number, got '" + given + "'");
    }
  }

  private Query tuned(String field, float[] vector, SolrParams own, KnnParameters parameters)
      throws SyntaxError {
    if (parameters.guided()) {
      return guided(field, vector, own, parameters);
    }
    if (!(delegate(NEAREST, field, vector, own) instanceof KnnFloatVectorQuery nearest)) {
      throw KnnParameters.refused(
          "Solr's knn parser makes a query that is not known here; this is a bug");
    }
    Query filter = nearest.getFilter() == null ? new MatchAllDocsQuery() : nearest.getFilter();
    if (!parameters.passages()) {
      return Llm2VecQueries.knn(field, vector, parameters.options(nearest.getK()), filter);
    }
    PassageFilters passages = passageFilters(parameters);
    if (!parameters.childrenOf().isEmpty()) {
      return Llm2VecQueries.passages(
          field,
          vector,
          parameters.options(nearest.getK()),
          passages.blocks(),
          passages.ofPassages(filter));
    }
    PassageSearch.note(req, field, vector, passages.blocks());
    Query ofDocuments = passages.ofDocuments(filter);
    if (parameters.threshold()) {
      return new ToParentBlockJoinQuery(
          Llm2VecQueries.similar(
              field,
              vector,
              own.getFloat(KnnParameters.MIN_TRAVERSE, Float.NEGATIVE_INFINITY),
              minReturn(own),
              ofDocuments),
          passages.blocks(),
          ScoreMode.Max);
    }
    return Llm2VecQueries.documentsByPassages(
        field, vector, parameters.options(nearest.getK()), passages.blocks(), ofDocuments);
  }

  /** Solr's own search, asked for a wider beam of hits, of which the best are kept. */
  private Query guided(String field, float[] vector, SolrParams own, KnnParameters parameters)
      throws SyntaxError {
    KnnOptions options = parameters.options(KnnParameters.topK(own));
    int beam = Math.min(options.efSearch(), Math.max(1, req.getSearcher().maxDoc()));
    ModifiableSolrParams wide = new ModifiableSolrParams(own);
    wide.set(KnnParameters.TOP_K, beam);
    return Llm2VecQueries.best(delegate(NEAREST, field, vector, wide), field, vector, options);
  }

  private static float minReturn(SolrParams own) {
    Float value = own.getFloat(KnnParameters.MIN_RETURN);
    if (value == null) {
      throw KnnParameters.refused("minTraverse needs minReturn, the least score of a hit");
    }
    return value;
  }

  private PassageFilters passageFilters(KnnParameters parameters) throws SyntaxError {
    Query mask = parsed(parameters.mask());
    PassageFilters filters = PassageFilters.of(mask, blocks);
    for (String filter : parameters.parentFilters()) {
      filters.restrict(parsed(filter));
    }
    return filters;
  }

  private Query parsed(String query) throws SyntaxError {
    QParser parser = subQuery(query, null);
    parser.setIsFilter(true);
    Query parsed = parser.getQuery();
    return parsed == null ? new MatchNoDocsQuery("an empty query") : parsed;
  }

  private Query delegate(String parser, String field, float[] vector, SolrParams own)
      throws SyntaxError {
    ModifiableSolrParams local = new ModifiableSolrParams(own);
    KnnParameters.NAMES.forEach(local::remove);
    OWN_NAMES.forEach(local::remove);
    String written = write(vector);
    local.set(FIELD, field);
    local.set("v", written);
    // Done by the caller of this parser, on the query that comes out of it.
    local.remove(CommonParams.TAG);
    local.remove(CommonParams.CACHE);
    local.remove(CommonParams.COST);
    QParser delegate =
        req.getCore().getQueryPlugin(parser).createParser(written, local, params, req);
    // A sub-query must not take the request's filters as its own, as a filter does not.
    delegate.setIsFilter(isFilter() || recurseCount != 0);
    return delegate.getQuery();
  }

  /** There are no more hits than documents, and Lucene makes room for all that are asked for. */
  private SolrParams bounded(SolrParams own) {
    int documents = Math.max(1, req.getSearcher().maxDoc());
    return own.getInt(KnnParameters.TOP_K, 1) <= documents
        ? own
        : new ModifiableSolrParams(own).set(KnnParameters.TOP_K, documents);
  }

  /** The name under which the parser is known to the core. */
  private String name() {
    String name = localParams == null ? params.get("defType") : localParams.get("type");
    return name == null ? "llm2vec" : name;
  }

  private String required(String name, String meaning) {
    String value = param(name, "");
    if (value.isBlank()) {
      throw KnnParameters.refused("parameter '" + name + "' is missing: " + meaning);
    }
    return value;
  }

  private String param(String name, String missing) {
    String value = getParam(name);
    return value == null ? missing : value;
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
