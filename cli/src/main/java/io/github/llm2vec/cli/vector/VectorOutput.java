/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.vector;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** An output file for vectors: opens it, continues it or refuses to touch what is there. */
public final class VectorOutput {

  /**
   * Destination of encoded vectors, in order. A sink for files writes to a {@code .partial} file
   * that takes its real name when {@link #finish} is called; closed before that, it leaves the
   * partial file with complete rows for a later run to go on with.
   */
  public interface Sink extends Closeable {

    /**
     * The id of the next row that an earlier, interrupted run left here; empty when all of them
     * were asked for. They must be asked for before anything is written.
     */
    Optional<String> nextEarlierId() throws IOException;

    /** Writes rows and hands them to the operating system. */
    void write(List<String> ids, float[][] vectors) throws IOException;

    /** Gives the files their real names; nothing may be written afterwards. */
    void finish() throws IOException;
  }

  /** What to do about the partial file of an interrupted run. */
  public enum Existing {
    /** Refuse to start. */
    REFUSE,
    /** Go on after its last complete row. */
    RESUME,
    /** Throw it away. */
    OVERWRITE
  }

  private final Path output;
  private final Path identityFile;
  private final boolean npy;

  /**
   * Names an output.
   *
   * @throws IllegalArgumentException if the name's ending is neither {@code .jsonl} nor {@code
   *     .npy}
   */
  public VectorOutput(Path output) {
    String name = output.getFileName().toString().toLowerCase(Locale.ROOT);
    this.npy = name.endsWith(".npy");
    if (!npy && !name.endsWith(".jsonl") && !name.endsWith(".json") && !name.endsWith(".ndjson")) {
      throw new IllegalArgumentException(
          "output must end in .jsonl or .npy, or be - for standard output; got '" + output + "'");
    }
    this.output = output.toAbsolutePath();
    this.identityFile = PartialFile.identity(output);
  }

  /** Whether an earlier run finished this output and none is under way. */
  public boolean finished() {
    return Files.exists(output) && !Files.exists(PartialFile.of(output));
  }

  /**
   * Opens the sink.
   *
   * @param identity what this run is
   * @param existing what to do if a partial file is there
   * @throws IOException if it is there and must not be touched, or is of another run
   */
  public Sink open(RunIdentity identity, Existing existing) throws IOException {
    Path partial = PartialFile.of(output);
    if (output.getParent() != null) {
      Files.createDirectories(output.getParent());
    }
    if (Files.exists(partial)) {
      switch (existing) {
        case REFUSE ->
            throw new IOException(
                partial
                    + " is left from an interrupted run: add --resume to go on with it or --overwrite"
                    + " to start again");
        case RESUME -> checkSameRun(identity, partial);
        case OVERWRITE -> discard(partial);
      }
    }
    if (!Files.exists(partial)) {
      identity.save(identityFile);
    }
    return npy ? NpySink.open(output, identity.dimensions()) : JsonlSink.open(output);
  }

  private void discard(Path partial) throws IOException {
    Files.delete(partial);
    if (npy) {
      Files.deleteIfExists(PartialFile.of(NpySink.idsFile(output)));
    }
  }

  private void checkSameRun(RunIdentity identity, Path partial) throws IOException {
    if (!Files.exists(identityFile)) {
      throw new IOException(
          "%s is missing, so nobody knows what %s is of; use --overwrite"
              .formatted(identityFile, partial));
    }
    RunIdentity earlier = RunIdentity.load(identityFile);
    if (!earlier.equals(identity)) {
      throw new IOException(
          ("%s is of another model, role or instruction (%s, now %s); repeat the options"
                  + " of that run or use --overwrite")
              .formatted(partial, earlier, identity));
    }
  }
}
