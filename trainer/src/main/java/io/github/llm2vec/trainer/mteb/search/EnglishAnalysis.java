/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;

/**
 * Lucene's analysis of English texts: lower case, Porter stemming, no stop words of Lucene's list.
 * Thread-safe.
 */
public final class EnglishAnalysis implements AutoCloseable {

  private final Analyzer analyzer = new EnglishAnalyzer();

  /** What an index of such words is written with; closed with this. */
  public Analyzer analyzer() {
    return analyzer;
  }

  /** How often a text has each of its words, in the order in which they first stand there. */
  public Map<String, Integer> count(String text) throws IOException {
    Map<String, Integer> words = new LinkedHashMap<>();
    try (TokenStream tokens = analyzer.tokenStream("", text)) {
      CharTermAttribute word = tokens.addAttribute(CharTermAttribute.class);
      tokens.reset();
      while (tokens.incrementToken()) {
        words.merge(word.toString(), 1, Integer::sum);
      }
      tokens.end();
    }
    return words;
  }

  @Override
  public void close() {
    analyzer.close();
  }
}
