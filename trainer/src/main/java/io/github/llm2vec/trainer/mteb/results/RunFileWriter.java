/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.results;

import io.github.llm2vec.files.AtomicFile;
import io.github.llm2vec.trainer.mteb.metrics.Hit;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes a run in TREC's format, one line per hit: {@code query Q0 document rank score tag}. The
 * columns are separated by blanks, so white space in an id becomes {@code %20}, and {@code %} of
 * such an id {@code %25}; ids without white space are written as they are.
 *
 * <p>The file has another name until it is complete.
 */
public final class RunFileWriter implements AutoCloseable {

  /** What Python's split() parts columns at, too. */
  private static final Pattern SPACE = Pattern.compile("\\s", Pattern.UNICODE_CHARACTER_CLASS);

  private final AtomicFile file;
  private final BufferedWriter out;
  private final String tag;

  /**
   * Starts a file.
   *
   * @param path where it will be; gzipped if the name ends in {@code .gz}
   * @param tag name of the system, without white space
   */
  public RunFileWriter(Path path, String tag) throws IOException {
    this.tag = escape(tag);
    this.file = new AtomicFile(path);
    this.out = file.open();
  }

  /**
   * Writes the hits of a query in trec_eval's order. A query without hits leaves no line, since the
   * format has none for it.
   */
  public void write(String queryId, List<Hit> hits) throws IOException {
    int rank = 0;
    String query = escape(queryId);
    for (Hit hit : hits.stream().sorted(Hit.TREC_ORDER).toList()) {
      rank++;
      out.write(query + " Q0 " + escape(hit.documentId()) + " " + rank + " " + hit.score());
      out.write(" " + tag + "\n");
    }
  }

  static String escape(String id) {
    Matcher space = SPACE.matcher(id);
    return space.find() ? SPACE.matcher(id.replace("%", "%25")).replaceAll("%20") : id;
  }

  /** Completes the file and gives it its name. */
  public void finish() throws IOException {
    out.close();
    file.publish();
  }

  /** Closes the file; without {@link #finish} it is left incomplete and does not get its name. */
  @Override
  public void close() throws IOException {
    out.close();
  }
}
