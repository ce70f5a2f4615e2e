/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.lucene.KnnOptions;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.query.EncodedQueryParser.QueryDefaults;
import java.util.List;
import java.util.Set;
import org.apache.lucene.util.Version;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.SolrParams;

/**
 * What {@code {!llm2vec}} takes beside the parameters of Solr's own parsers. 0 and "" stand for
 * parameters that were not given.
 *
 * @param efSearch width of the beam in every segment
 * @param scaleFactor {@code efSearchScaleFactor}, on Solr 9 too: the beam is so many times {@code
 *     topK}
 * @param overRequest how many times {@code topK} candidates of a quantised field are scored again
 * @param which marks documents; hits are the documents of the passages that are found
 * @param childrenOf marks documents; hits are the passages that are found, one of a document
 * @param parentFilters {@code parents.preFilter}: which documents' passages may be found
 * @param threshold whether all that is similar enough is wanted instead of the nearest
 * @param guided whether Solr's parser is asked for seeds, for an early end or for its own way with
 *     filters, as it can be from release 10 on
 */
record KnnParameters(
    int efSearch,
    float scaleFactor,
    int overRequest,
    String which,
    String childrenOf,
    List<String> parentFilters,
    boolean threshold,
    boolean guided) {

  static final String EF_SEARCH = "efSearch";
  static final String SCALE_FACTOR = "efSearchScaleFactor";
  static final String OVER_REQUEST = "overRequest";
  static final String WHICH = "which";
  static final String CHILDREN_OF = "childrenOf";
  static final String PARENT_FILTER = "parents.preFilter";
  static final String MIN_RETURN = "minReturn";
  static final String MIN_TRAVERSE = "minTraverse";
  static final String TOP_K = "topK";
  static final String PRE_FILTER = "preFilter";
  static final String INCLUDE_TAGS = "includeTags";
  static final String EXCLUDE_TAGS = "excludeTags";

  /** All that is ours; Solr's own parsers do not get to see it. */
  static final Set<String> NAMES =
      Set.of(EF_SEARCH, SCALE_FACTOR, OVER_REQUEST, WHICH, CHILDREN_OF, PARENT_FILTER);

  /** What a parser of Solr's reads. */
  static final Set<String> OF_SOLR =
      Set.of(TOP_K, PRE_FILTER, INCLUDE_TAGS, EXCLUDE_TAGS, MIN_RETURN, MIN_TRAVERSE);

  /** What the knn parser of Solr 10 takes and that of Solr 9 passes over in silence. */
  static final Set<String> OF_SOLR_10 =
      Set.of(
          "earlyTermination",
          "saturationThreshold",
          "patience",
          "seedQuery",
          "filteredSearchThreshold");

  private static final int FIRST_WITH_ALL = 10;
  private static final int SOLRS_TOP_K = 10;

  /** Copies the filters. */
  KnnParameters {
    parentFilters = List.copyOf(parentFilters);
  }

  /**
   * Reads the parameters of a query.
   *
   * @param params local parameters, or those of the request where there are none
   * @param defaults for what is not given
   * @throws SolrException 400 if a value is not right or two do not go together
   */
  static KnnParameters of(SolrParams params, QueryDefaults defaults) {
    boolean threshold = params.get(MIN_RETURN) != null || params.get(MIN_TRAVERSE) != null;
    count(params, TOP_K, SOLRS_TOP_K);
    String[] filters = params.getParams(PARENT_FILTER);
    int overRequest = count(params, OVER_REQUEST, threshold ? 0 : defaults.overRequest());
    KnnParameters parameters =
        new KnnParameters(
            count(params, EF_SEARCH, threshold ? 0 : beam(params, defaults, overRequest)),
            params.getFloat(SCALE_FACTOR, 0),
            overRequest,
            params.get(WHICH, "").strip(),
            params.get(CHILDREN_OF, "").strip(),
            filters == null ? List.of() : List.of(filters),
            threshold,
            OF_SOLR_10.stream().anyMatch(name -> params.get(name) != null));
    parameters.check(params);
    return parameters;
  }

  /**
   * The beam of a query that names none: the parser's, or that of {@link KnnOptions#top}, since one
   * of {@code topK}, as Solr's own parser has it, misses every sixth of ten neighbours. It is to
   * help and not to forbid a large {@code topK} or many candidates.
   */
  private static int beam(SolrParams params, QueryDefaults defaults, int overRequest) {
    int topK = topK(params);
    if (params.get(SCALE_FACTOR) != null || topK < 1) {
      return 0;
    }
    if (defaults.efSearch() > 0) {
      return Math.max(defaults.efSearch(), topK);
    }
    long candidates = (long) topK * Math.max(1, overRequest);
    return (int) Math.min(Integer.MAX_VALUE, Math.max(KnnOptions.top(topK).efSearch(), candidates));
  }

  private static int count(SolrParams params, String name, int missing) {
    Integer value = params.getInt(name);
    if (value != null && value < 1) {
      throw refused(name + " must be at least 1, got " + value);
    }
    return value == null ? missing : value;
  }

  private void check(SolrParams params) {
    for (String name : OF_SOLR_10) {
      if (params.get(name) != null && Version.LATEST.major < FIRST_WITH_ALL) {
        throw refused(
            name + " is a parameter of Solr 10; this Solr's knn parser has no such thing");
      }
      if (params.get(name) != null && (threshold || passages())) {
        throw refused(
            name + " does not go with which, childrenOf and " + MIN_RETURN + "; leave one out");
      }
    }
    // Written so that NaN fails too.
    if (scaleFactor != 0 && !(scaleFactor >= 1)) {
      throw refused(SCALE_FACTOR + " must be at least 1, got " + scaleFactor);
    }
    if (threshold) {
      for (String name : new String[] {TOP_K, EF_SEARCH, OVER_REQUEST, SCALE_FACTOR, CHILDREN_OF}) {
        if (params.get(name) != null) {
          throw refused(
              "%s does not go with %s, which finds all that is similar enough; leave one out"
                  .formatted(name, MIN_RETURN));
        }
      }
    }
    if (!which.isEmpty() && !childrenOf.isEmpty()) {
      throw refused("which finds documents, childrenOf finds passages; leave one out");
    }
    if (!parentFilters.isEmpty() && !passages()) {
      throw refused(PARENT_FILTER + " needs which or childrenOf, to know what a document is");
    }
  }

  /** Whether vectors belong to passages of documents. */
  boolean passages() {
    return !which.isEmpty() || !childrenOf.isEmpty();
  }

  /** What marks the documents; "" if there are no passages. */
  String mask() {
    return which.isEmpty() ? childrenOf : which;
  }

  /** Whether Solr's own parser could not do it. */
  boolean tuned() {
    return efSearch > 0 || scaleFactor > 0 || overRequest > 1 || passages();
  }

  /** Hits that are asked for. */
  static int topK(SolrParams params) {
    return params.getInt(TOP_K, SOLRS_TOP_K);
  }

  /** How far to search for so many hits. */
  KnnOptions options(int topK) {
    long over = (long) topK * Math.max(1, overRequest);
    long beam = efSearch > 0 ? efSearch : Math.max(over, (long) Math.ceil(topK * scaleFactor));
    if (beam < topK) {
      throw refused(
          "efSearch must be at least topK = %s, got %s: it is the number of candidates"
              .formatted(topK, beam));
    }
    return KnnOptions.top(topK)
        .withEfSearch((int) Math.min(Integer.MAX_VALUE, beam))
        .withOverfetch(Math.max(1, overRequest));
  }

  static SolrException refused(String message) {
    return SolrErrors.badRequest("llm2vec query: " + message);
  }
}
