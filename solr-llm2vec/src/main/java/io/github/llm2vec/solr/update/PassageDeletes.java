/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.schema.PassageFields;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.join.ToChildBlockJoinQuery;
import org.apache.solr.common.SolrException;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.schema.IndexSchema;
import org.apache.solr.search.QParser;
import org.apache.solr.search.QueryUtils;
import org.apache.solr.search.SyntaxError;
import org.apache.solr.update.DeleteUpdateCommand;

/**
 * Rewrites deletes by query so that passages are deleted with their documents and only with them.
 * To Solr a passage is a document of its own: {@code text:pasta} would delete a document and leave
 * its passages, {@code -type:news} would delete the passages of documents that stay. The query that
 * is sent on finds documents alone, and the passages of those; only a query that names fields of
 * passages finds passages by themselves. It is made of Solr's own parsers, so that every node and
 * every log can read it.
 */
final class PassageDeletes {

  private static final String DOCUMENTS = "*:* -" + IndexSchema.NEST_PATH_FIELD_NAME + ":*";

  /** Who names one of these means passages. */
  private static final Set<String> OF_PASSAGES =
      Set.of(
          PassageFields.NUMBER,
          PassageFields.START,
          PassageFields.END,
          PassageFields.PARENT,
          IndexSchema.NEST_PATH_FIELD_NAME,
          IndexSchema.NEST_PARENT_FIELD_NAME,
          IndexSchema.ROOT_FIELD_NAME);

  private final List<String> passages;
  private final SolrQueryRequest request;

  /**
   * @param fields of vectors, with passages and without
   */
  PassageDeletes(List<MappedField> fields, SolrQueryRequest request) {
    this.passages =
        fields.stream()
            .filter(field -> field.mapping().cutsPassages())
            .map(field -> field.auxiliary().passages())
            .toList();
    this.request = request;
  }

  /** The command to send on: itself, or one with a wider query. */
  DeleteUpdateCommand withPassages(DeleteUpdateCommand command) {
    if (passages.isEmpty() || command.isDeleteById()) {
      return command;
    }
    String query = command.getQuery();
    Query parsed;
    try {
      parsed = QParser.getParser(query, request).getQuery();
    } catch (SyntaxError | SolrException e) {
      // Whoever carries it out says what is wrong with it.
      return command;
    }
    if (parsed == null || parsed instanceof MatchAllDocsQuery) {
      return command;
    }
    String meant = query;
    if (QueryUtils.isNegative(parsed)) {
      if (query.stripLeading().startsWith("{!")) {
        return command;
      }
      // What Solr adds to a query that only excludes, but not within others.
      meant = "*:* " + query;
    }
    DeleteUpdateCommand wider = (DeleteUpdateCommand) command.clone();
    wider.setQuery(withPassages(meant, meansPassages(parsed)));
    return wider;
  }

  private String withPassages(String query, boolean meansPassages) {
    String documents = "{!bool must=%s must=%s}".formatted(quoted(query), quoted(DOCUMENTS));
    String nested = "{!child of=%s v=%s}".formatted(quoted(DOCUMENTS), quoted(documents));
    String ours =
        passages.stream()
            .map(path -> IndexSchema.NEST_PATH_FIELD_NAME + ":\"/" + path + "\"")
            .collect(Collectors.joining(" OR "));
    return "{!bool should=%s should=%s}"
        .formatted(
            quoted(meansPassages ? query : documents),
            quoted("{!bool must=%s must=%s}".formatted(quoted(nested), quoted(ours))));
  }

  /** As the value of a local parameter, whatever is in it. */
  private static String quoted(String value) {
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }

  private static boolean meansPassages(Query query) {
    Set<String> named = new TreeSet<>();
    query.visit(
        new QueryVisitor() {
          @Override
          public boolean acceptField(String field) {
            named.add(field);
            return true;
          }

          @Override
          public void visitLeaf(Query leaf) {
            if (leaf instanceof ToChildBlockJoinQuery) {
              named.add(IndexSchema.NEST_PATH_FIELD_NAME);
            }
          }

          @Override
          public QueryVisitor getSubVisitor(BooleanClause.Occur occur, Query parent) {
            return this;
          }
        });
    return named.stream().anyMatch(OF_PASSAGES::contains);
  }
}
