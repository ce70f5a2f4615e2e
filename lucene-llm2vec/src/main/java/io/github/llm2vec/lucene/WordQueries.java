/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.lucene;

import java.util.Map;
import java.util.function.Function;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.util.QueryBuilder;

/** Queries for the words of a text, scored by BM25. */
public final class WordQueries {

  private WordQueries() {}

  /**
   * Makes a query out of any text: a document matches if it has one of the words in one of the
   * fields. Nothing in the text is syntax. A text without words matches nothing.
   *
   * @param analyzer the one the fields were indexed with
   * @param fields field names and their weights
   */
  public static Function<String, Query> anyWord(Analyzer analyzer, Map<String, Float> fields) {
    if (fields.isEmpty()) {
      throw new IllegalArgumentException("at least one field is needed to search for words");
    }
    Map<String, Float> weights = Map.copyOf(fields);
    return text -> {
      QueryBuilder words = new QueryBuilder(analyzer);
      BooleanQuery.Builder any = new BooleanQuery.Builder();
      boolean found = false;
      for (Map.Entry<String, Float> field : weights.entrySet()) {
        Query query = words.createBooleanQuery(field.getKey(), text);
        // Lucene's way to say that the analyzer left nothing of the text.
        if (query != null) {
          any.add(new BoostQuery(query, field.getValue()), BooleanClause.Occur.SHOULD);
          found = true;
        }
      }
      return found ? any.build() : new MatchNoDocsQuery("the text has no words");
    };
  }
}
