/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import io.github.llm2vec.checkpoint.ResolverOptions;
import io.github.llm2vec.encoder.Llm2Vec;
import io.github.llm2vec.encoder.Llm2VecOptions;
import io.github.llm2vec.encoder.ModelSource;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.encoder.VectorIdentity;
import io.github.llm2vec.safetensors.DType;
import io.github.llm2vec.torch.LoadListener;
import io.github.llm2vec.torch.TorchDevice;
import io.github.llm2vec.trainer.config.TeacherArguments;
import io.github.llm2vec.trainer.data.DistillationSet;
import io.github.llm2vec.trainer.mteb.search.VectorStoreBuilder;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A teacher's vectors of the queries and documents of a set.
 *
 * @param queries by number; of the documents where there are none
 * @param documents by number
 */
public record Teacher(TeacherVectors queries, TeacherVectors documents) implements Closeable {

  /** Vectors per file, the work that a killed run loses: minutes of a large model. */
  private static final int SHARD = 1024;

  /** Told of vectors that are made or found. */
  @FunctionalInterface
  public interface Listener {

    /**
     * Called as vectors are made.
     *
     * @param done so far
     * @param total of the queries or documents
     */
    void made(int done, int total);
  }

  /** The making of vectors was stopped; what was made is kept. */
  public static final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /**
   * How vectors are made.
   *
   * @param models where the teacher may be looked for
   * @param device where it is computed
   * @param cache the folder for vectors
   * @param loading told how far the loading of the teacher is
   * @param listener told how far the encoding is
   * @param stop whether to stop, with a {@link StoppedException}
   */
  public record Tools(
      ResolverOptions models,
      TorchDevice device,
      Path cache,
      LoadListener loading,
      Listener listener,
      BooleanSupplier stop) {}

  /**
   * Finds the vectors of all texts: from a file, or by a model, which is opened only if it has not
   * encoded these texts before. Vectors of a model are kept by its fingerprint and found again by
   * the hashes of the texts; those of an interrupted run are not made anew.
   *
   * @throws IOException if the teacher or a vector cannot be had; the message says why
   * @throws StoppedException if it was stopped
   */
  public static Teacher of(TeacherArguments teacher, DistillationSet set, Tools tools)
      throws IOException {
    if (teacher instanceof TeacherArguments.Vectors vectors) {
      VectorFile file = VectorFile.open(vectors.file(), set.documents(), tools.cache());
      return new Teacher(file, file);
    }
    try (LazyEncoder encoder = LazyEncoder.of((TeacherArguments.Model) teacher, tools)) {
      Prompt query = Prompt.query(((TeacherArguments.Model) teacher).queryInstruction());
      TeacherVectors documents =
          encode(encoder, Prompt.document(), "documents", set.documents(), tools);
      TeacherVectors queries =
          set.queries().size() == 0
              ? documents
              : encode(encoder, query, "queries", set.queries(), tools);
      return new Teacher(queries, documents);
    }
  }

  private static TeacherVectors encode(
      TextEncoder encoder, Prompt prompt, String what, DistillationSet.TextTable texts, Tools tools)
      throws IOException {
    Path folder =
        tools.cache().resolve("teacher-" + encoder.fingerprint().substring(0, 16) + "-" + what);
    return StoredVectors.of(
        VectorStoreBuilder.unscaled(folder, encoder, prompt, SHARD)
            .build(
                texts.texts(),
                (vectors, fresh) -> {
                  tools.listener().made(vectors, texts.size());
                  if (fresh && tools.stop().getAsBoolean()) {
                    throw new StoppedException();
                  }
                }),
        what);
  }

  /** Floats per vector. */
  public int dimensions() {
    return documents.dimensions();
  }

  @Override
  public void close() throws IOException {
    queries.close();
    documents.close();
  }

  /** A model whose weights are read when the first text comes. */
  private static final class LazyEncoder implements TextEncoder {

    private final ModelSource source;
    private final Llm2VecOptions options;
    private final LoadListener loading;
    private final VectorIdentity identity;
    private Optional<Llm2Vec> model = Optional.empty();

    private LazyEncoder(ModelSource source, Llm2VecOptions options, LoadListener loading)
        throws IOException {
      this.source = source;
      this.options = options;
      this.loading = loading;
      this.identity = Llm2Vec.identify(source, options);
    }

    static LazyEncoder of(TeacherArguments.Model teacher, Tools tools) throws IOException {
      Llm2VecOptions.Builder options =
          Llm2VecOptions.builder()
              .dtype(teacher.dtype().format().orElse(DType.FLOAT32))
              .device(tools.device());
      teacher.pooling().ifPresent(options::pooling);
      teacher.bidirectional().ifPresent(options::enableBidirectional);
      if (teacher.maxSeqLength().isPresent()) {
        int length = teacher.maxSeqLength().getAsInt();
        options.maxLength(length).docMaxLength(length);
      }
      ModelSource source = new ModelSource(teacher.name(), teacher.adapters(), tools.models());
      return new LazyEncoder(source, options.build(), tools.loading());
    }

    @Override
    public int dimensions() {
      return identity.dimensions();
    }

    @Override
    public String fingerprint() {
      return identity.fingerprint();
    }

    @Override
    public float[][] encode(List<String> texts, Prompt prompt) {
      if (model.isEmpty()) {
        try {
          model = Optional.of(Llm2Vec.open(source, options, loading));
        } catch (IOException e) {
          throw new java.io.UncheckedIOException(e);
        }
      }
      return model.get().encode(texts, prompt);
    }

    @Override
    public void close() {
      model.ifPresent(Llm2Vec::close);
    }
  }
}
