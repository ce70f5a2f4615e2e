/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.query;

import io.github.llm2vec.files.NearestName;
import io.github.llm2vec.solr.errors.SolrErrors;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.SolrParams;

/**
 * The parameters of one query: its local parameters or, where there are none since the parser was
 * named by {@code defType}, those of the request that are meant for it. Names are checked, so that
 * a typo is an error instead of a default.
 */
final class QueryParameters {

  /** What Solr itself reads from the local parameters of any query. */
  private static final Set<String> OF_ANY_QUERY =
      Set.of(
          "type",
          "v",
          "defType",
          "df",
          "q.op",
          "tag",
          "ex",
          "key",
          "cache",
          "cost",
          "sort",
          "start",
          "rows",
          "minPrefixQueryTermLength");

  /** What says nothing about the documents that are found. */
  private static final Set<String> NOT_MEANING =
      Set.of("type", "tag", "ex", "key", "cache", "cost", "sort", "start", "rows");

  /** Shorter names than this are used for too many things to take their case for a typo. */
  private static final int LEAST_LENGTH = 4;

  private QueryParameters() {}

  /**
   * Reads and checks parameters.
   *
   * @param parser for messages
   * @param local the local parameters, or null
   * @param request those of the request
   * @param known names that the parser takes
   * @throws SolrException 400 if a local parameter is not known, or one of the request is written
   *     in the wrong case
   */
  static ModifiableSolrParams of(
      String parser, SolrParams local, SolrParams request, Set<String> known) {
    if (local == null) {
      return ofRequest(parser, request, known);
    }
    for (Iterator<String> names = local.getParameterNamesIterator(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name) && !OF_ANY_QUERY.contains(name) && !isFieldAlias(name, known)) {
        throw unknown(parser, name, known);
      }
    }
    return new ModifiableSolrParams(local);
  }

  private static ModifiableSolrParams ofRequest(
      String parser, SolrParams request, Set<String> known) {
    Set<String> anyCase = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    known.stream().filter(name -> name.length() >= LEAST_LENGTH).forEach(anyCase::add);
    ModifiableSolrParams own = new ModifiableSolrParams();
    for (Iterator<String> names = request.getParameterNamesIterator(); names.hasNext(); ) {
      String name = names.next();
      if (known.contains(name)) {
        own.set(name, request.getParams(name));
      } else if (anyCase.contains(name)) {
        throw unknown(parser, name, known);
      }
    }
    return own;
  }

  /** What edismax takes as {@code f.NAME.qf}, where it is among the known. */
  private static boolean isFieldAlias(String name, Set<String> known) {
    return known.contains("qf") && name.startsWith("f.") && name.endsWith(".qf");
  }

  /**
   * Describes a query by all that says which documents it finds: {@code llm2vec(f=vector, topK=10,
   * v=a text)}.
   */
  static String describe(String parser, SolrParams own) {
    StringJoiner parameters = new StringJoiner(", ", parser + "(", ")");
    meaning(own).forEach((name, values) -> values.forEach(v -> parameters.add(name + "=" + v)));
    return parameters.toString();
  }

  /** The parameters that say which documents a query finds, in the order of their names. */
  static SortedMap<String, List<String>> meaning(SolrParams own) {
    SortedMap<String, List<String>> parameters = new TreeMap<>();
    for (Iterator<String> names = own.getParameterNamesIterator(); names.hasNext(); ) {
      String name = names.next();
      if (!NOT_MEANING.contains(name)) {
        parameters.put(name, List.of(own.getParams(name)));
      }
    }
    return parameters;
  }

  private static SolrException unknown(String parser, String name, Set<String> known) {
    return SolrErrors.badRequest(
        "%s query: unknown parameter '%s'%s"
            .formatted(parser, name, NearestName.hint(name, known)));
  }
}
