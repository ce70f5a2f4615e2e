/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.report;

import java.util.ArrayList;
import java.util.List;

/** A table in plain text: the first column to the left, the others to the right. */
public final class TextTable {

  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  /** Starts with the names of the columns. */
  public TextTable(String... columns) {
    rows.add(List.of(columns));
  }

  /**
   * Adds a row.
   *
   * @param cells one per column
   */
  public TextTable add(String... cells) {
    if (cells.length != rows.get(0).size()) {
      throw new IllegalArgumentException(
          "a row of " + cells.length + " cells in a table of " + rows.get(0).size() + " columns");
    }
    rows.add(List.of(cells));
    return this;
  }

  /** The table, a line per row and one under the names of the columns. */
  @Override
  public String toString() {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], length(row.get(i)));
      }
    }
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        String cell = rows.get(r).get(i);
        String space = " ".repeat(widths[i] - length(cell));
        line.append(i == 0 ? "" : GAP).append(i == 0 ? cell + space : space + cell);
      }
      text.append(line.toString().stripTrailing()).append('\n');
      if (r == 0) {
        for (int i = 0; i < columns; i++) {
          text.append(i == 0 ? "" : GAP).append("-".repeat(widths[i]));
        }
        text.append('\n');
      }
    }
    return text.toString();
  }

  private static int length(String cell) {
    return cell.codePointCount(0, cell.length());
  }
}
