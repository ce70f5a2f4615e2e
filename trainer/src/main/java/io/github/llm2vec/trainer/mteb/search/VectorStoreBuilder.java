/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextEncoder;
import io.github.llm2vec.encoder.Vectors;
import io.github.llm2vec.trainer.data.RecordStream;
import io.github.llm2vec.trainer.data.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.IntConsumer;

/**
 * Encodes texts into a {@link VectorStore}. A run that was killed goes on where it stood: shards
 * that are on disk and whose texts are the same are not encoded again. A shard is always encoded as
 * a whole, in one call, so that what comes out does not depend on when a run was killed.
 */
public final class VectorStoreBuilder {

  /** Texts that the encoder is given at once: enough for full batches. */
  private static final int PART = 256;

  private final Path folder;
  private final TextEncoder encoder;
  private final Prompt prompt;
  private final StoreIdentity identity;
  private final StoreManifest manifest;
  private final boolean scaled;

  /** Told how far a store is. */
  @FunctionalInterface
  public interface Listener {
    /**
     * More vectors are there. An exception from here ends the building; the shards that are
     * complete stay.
     *
     * @param vectors so far in the store
     * @param encoded whether they were encoded now, and are perhaps not on disk yet; those found
     *     from a run before are
     */
    void stored(int vectors, boolean encoded);
  }

  /**
   * Prepares to fill a folder.
   *
   * @param folder of the store alone
   * @param encoder not closed here
   * @param prompt how to present the texts
   * @param shardVectors vectors per file: the work that a killed run loses
   */
  public VectorStoreBuilder(Path folder, TextEncoder encoder, Prompt prompt, int shardVectors) {
    this(folder, encoder, prompt, StoreIdentity.of(encoder, prompt, shardVectors), true);
  }

  /** Prepares a store of vectors as the encoder gives them, not scaled to length 1. */
  public static VectorStoreBuilder unscaled(
      Path folder, TextEncoder encoder, Prompt prompt, int shardVectors) {
    StoreIdentity identity = StoreIdentity.of(encoder, prompt, shardVectors);
    return new VectorStoreBuilder(folder, encoder, prompt, identity.unscaled(), false);
  }

  private VectorStoreBuilder(
      Path folder, TextEncoder encoder, Prompt prompt, StoreIdentity identity, boolean scaled) {
    this.folder = Objects.requireNonNull(folder, "folder");
    this.encoder = Objects.requireNonNull(encoder, "encoder");
    this.prompt = Objects.requireNonNull(prompt, "prompt");
    this.identity = identity;
    this.manifest = new StoreManifest(folder);
    this.scaled = scaled;
  }

  /**
   * Encodes what is not yet there.
   *
   * @param texts all texts of the store, in their order
   * @param listener told after every shard
   * @throws IOException if the texts cannot be read or the vectors not be written
   */
  public VectorStore build(RecordStream<String> texts, Listener listener) throws IOException {
    if (!manifest.identity().equals(Optional.of(identity))) {
      manifest.start(identity);
    }
    SortedMap<Integer, StoreManifest.Shard> known = manifest.shards(identity);
    int stored = 0;
    int shard = 0;
    List<String> next = texts.take(identity.shardVectors());
    while (!next.isEmpty()) {
      Sha256 sha256 = new Sha256();
      next.forEach(sha256::add);
      String digest = sha256.hex();
      StoreManifest.Shard found = known.get(shard);
      boolean same =
          found != null && found.texts().equals(digest) && found.vectors() == next.size();
      if (!same) {
        int before = stored;
        encode(shard, next, digest, part -> listener.stored(before + part, true));
      }
      stored += next.size();
      shard++;
      if (same) {
        listener.stored(stored, false);
      }
      next = texts.take(identity.shardVectors());
    }
    manifest.complete(stored);
    return VectorStore.open(folder);
  }

  /**
   * Encodes part by part, so that long work can be watched and stopped. The parts do not depend on
   * speed: in other company a vector could come out with other rounding.
   */
  private float[][] vectors(List<String> texts, IntConsumer progress) {
    float[][] vectors = new float[texts.size()][];
    for (int from = 0; from < vectors.length; from += PART) {
      int to = Math.min(vectors.length, from + PART);
      float[][] part = encoder.encode(texts.subList(from, to), prompt);
      if (part.length != to - from) {
        throw new IllegalStateException(
            "the encoder returned %s vectors for %s texts; this is a bug"
                .formatted(part.length, to - from));
      }
      System.arraycopy(part, 0, vectors, from, part.length);
      progress.accept(to);
    }
    return vectors;
  }

  private void encode(int shard, List<String> texts, String digest, IntConsumer progress)
      throws IOException {
    float[][] vectors = vectors(texts, progress);
    List<Integer> unusable = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      if (!(scaled ? normalize(vectors[i]) : hasLength(vectors[i]))) {
        unusable.add(i);
      }
    }
    StoreManifest.Shard record = new StoreManifest.Shard(shard, vectors.length, digest, unusable);
    Path file = folder.resolve(record.file());
    Path partial = folder.resolve(record.file() + ".partial");
    NpyFile.write(partial, vectors, identity.dimensions());
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    manifest.add(record);
  }

  /** Gives a vector length 1. Returns false, and changes nothing, if that cannot be done. */
  private static boolean normalize(float[] vector) {
    if (!hasLength(vector)) {
      return false;
    }
    double length = Math.sqrt(Vectors.squaredLength(vector));
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (vector[i] / length);
    }
    return true;
  }

  private static boolean hasLength(float[] vector) {
    double length = Math.sqrt(Vectors.squaredLength(vector));
    return length > 0 && Double.isFinite(length);
  }
}
