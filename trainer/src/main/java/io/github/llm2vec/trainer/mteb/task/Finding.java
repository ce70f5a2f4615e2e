/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

/**
 * A defect of a test collection, such as a malformed line or a duplicate id.
 *
 * @param kind what is wrong
 * @param file where; a path or another name that tells the user
 * @param line counted from 1; 0 if it is not about one line
 * @param message what was found and what becomes of it
 */
public record Finding(Kind kind, String file, long line, String message) {

  /** What can be wrong. */
  public enum Kind {
    /** A line or record that cannot be read; it is left out. */
    MALFORMED("malformed lines"),
    /** An id that an earlier record has; the later one is left out. */
    DUPLICATE_ID("duplicate ids"),
    /** A document without title and text; it is kept and encoded as an empty text. */
    EMPTY_DOCUMENT("documents without text"),
    /** A query without text; it is kept and encoded as an empty text. */
    EMPTY_QUERY("queries without text"),
    /** A query that no split has judgements for; it is left out. */
    UNJUDGED_QUERY("queries without judgements"),
    /** Judgements of a query that is not among the queries; they cannot count. */
    UNKNOWN_QUERY("judged queries that do not exist"),
    /** A judgement of a document that is not in the corpus; nothing can find it. */
    UNKNOWN_DOCUMENT("judged documents that do not exist"),
    /** A second judgement of the same document for the same query; the last one counts. */
    DUPLICATE_JUDGEMENT("duplicate judgements"),
    /** A query without a relevant document; every measure is 0 for it. */
    NO_RELEVANT_DOCUMENT("queries without relevant documents"),
    /** An id that a run file cannot hold as it is; it is written with %20 for a space. */
    ID_WITH_SPACE("ids with white space"),
    /** A vector that is zero or not finite; it stays out of graph indexes. */
    UNUSABLE_VECTOR("vectors that are zero or not finite"),
    /** A query with more words than Lucene searches for; the most frequent words are left out. */
    LONG_QUERY("queries cut to Lucene's limit of clauses");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /** The kind in words, in the plural. */
    public String label() {
      return label;
    }
  }

  /** One line: where, then what. */
  @Override
  public String toString() {
    return file + (line > 0 ? ":" + line : "") + ": " + message;
  }
}
