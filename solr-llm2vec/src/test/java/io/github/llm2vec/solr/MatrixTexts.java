/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Texts that something on the way of a query could take for syntax. */
final class MatrixTexts {

  private static final List<String> SYNTAX =
      List.of(
          "\"",
          "'",
          "\\",
          "\\\"",
          "\\'",
          "{!",
          "}",
          "{!func}",
          "{!bool must=$near}",
          "{!llm2vec f=doc_vector v=$qq}",
          "$",
          "$qq",
          "$$",
          "${qq}",
          "${",
          "$near",
          "v=",
          "v=$qq",
          "&fq=category_i:0",
          "%24",
          "%",
          "+",
          "-",
          "&&",
          "||",
          "!",
          "(",
          ")",
          "[1 TO 2]",
          "{a}",
          "^2",
          "~",
          "*",
          "?",
          ":",
          "/",
          "<b>",
          "]]>",
          "&amp;",
          "_query_:\"{!func}1\"",
          "text:gene",
          "AND",
          "OR",
          "NOT",
          "\u0000",
          "\u0001",
          "\t",
          "\n",
          "\r\n",
          "\u001f",
          "\u007f",
          "\u0085",
          "\u00a0",
          "\u2028",
          "\ufeff",
          "\uffff",
          "\ud83e\uddec",
          "\u202e",
          "e\u0301",
          "#",
          ";",
          "|",
          "`",
          "[\"v\",true,{}]",
          "llm2vec.hybrid.search",
          "id,score",
          ",");

  private static final int LONG = 5000;

  private MatrixTexts() {}

  /** Words of the documents and others, syntax, or both; now and then very many. */
  static String random(Random random) {
    int kind = random.nextInt(20);
    StringBuilder text = new StringBuilder();
    int pieces = kind == 0 ? LONG : 1 + random.nextInt(8);
    for (int i = 0; i < pieces; i++) {
      boolean word = kind < 8 || random.nextBoolean();
      text.append(
          word
              ? MatrixCluster.WORDS.get(random.nextInt(MatrixCluster.WORDS.size()))
              : SYNTAX.get(random.nextInt(SYNTAX.size())));
      text.append(kind < 8 || random.nextInt(3) > 0 ? " " : "");
    }
    return text.toString();
  }

  /** Every printable and control character at the beginning, in the middle and at the end. */
  static List<String> withEveryCharacter() {
    List<String> texts = new ArrayList<>();
    for (char c = 0; c < 0x100; c++) {
      texts.add(c + "gene" + c + " cell" + c);
    }
    SYNTAX.forEach(syntax -> texts.add(syntax + "gene " + syntax + " cell" + syntax));
    return texts;
  }
}
