/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.search;

import io.github.llm2vec.trainer.data.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Vectors on disk, numbered from 0 in the order of their texts and of length 1 (or zero, or not
 * finite, where the encoder returned such). They are in files of equal size that are mapped when
 * they are read and never held on the heap.
 *
 * <p>Thread-safe.
 */
public final class VectorStore {

  private final Path folder;
  private final StoreIdentity identity;
  private final List<StoreManifest.Shard> shards;
  private final int size;

  private VectorStore(
      Path folder, StoreIdentity identity, List<StoreManifest.Shard> shards, int size) {
    this.folder = folder;
    this.identity = identity;
    this.shards = shards;
    this.size = size;
  }

  /**
   * Opens a complete store.
   *
   * @throws IOException if it is not there or was not completed
   */
  public static VectorStore open(Path folder) throws IOException {
    StoreManifest manifest = new StoreManifest(folder);
    StoreIdentity identity =
        manifest
            .identity()
            .orElseThrow(() -> new IOException(folder + " holds no vectors; encode first"));
    int size =
        manifest
            .completed()
            .orElseThrow(
                () -> new IOException(folder + " is not complete; encode again to go on with it"));
    int count = (size + identity.shardVectors() - 1) / identity.shardVectors();
    List<StoreManifest.Shard> shards =
        new ArrayList<>(manifest.shards(identity).headMap(count).values());
    int found = shards.stream().mapToInt(StoreManifest.Shard::vectors).sum();
    if (found != size) {
      throw new IOException(
          "%s should hold %s vectors and holds %s; delete the folder and encode again"
              .formatted(folder, size, found));
    }
    return new VectorStore(folder, identity, List.copyOf(shards), size);
  }

  /** Number of vectors. */
  public int size() {
    return size;
  }

  /** Length of a vector. */
  public int dimensions() {
    return identity.dimensions();
  }

  /** Bytes of all vectors. */
  public long bytes() {
    return (long) size * dimensions() * Float.BYTES;
  }

  /** Number of files. */
  public int shards() {
    return shards.size();
  }

  /** Number of vectors in a file. */
  public int shardSize(int shard) {
    return shards.get(shard).vectors();
  }

  /** Number of vectors in every file but the last. */
  public int shardVectors() {
    return identity.shardVectors();
  }

  /** Number of the first vector of a file. */
  public int firstOf(int shard) {
    return shard * identity.shardVectors();
  }

  /** The vectors of a file, {@code [shardSize, dimensions]}, mapped and little-endian. */
  public ByteBuffer shard(int shard) throws IOException {
    return NpyFile.map(folder.resolve(shards.get(shard).file()));
  }

  /** Numbers of the vectors that are zero or not finite, in their order. */
  public List<Integer> unusable() {
    return shards.stream()
        .flatMap(shard -> shard.unusable().stream().map(place -> firstOf(shard.shard()) + place))
        .toList();
  }

  /** Tells stores apart by what was encoded and by which encoder, in hexadecimal. */
  public String digest() {
    Sha256 sha256 = new Sha256().add(identity.toString());
    shards.forEach(shard -> sha256.add(shard.texts()));
    return sha256.hex();
  }

  /** Copies vectors {@code [to - from, dimensions]} to the heap. */
  public float[] copy(int from, int to) throws IOException {
    float[] vectors = new float[Math.multiplyExact(to - from, dimensions())];
    int next = from;
    while (next < to) {
      int shard = next / identity.shardVectors();
      int end = Math.min(to, firstOf(shard) + shardSize(shard));
      shard(shard)
          .asFloatBuffer()
          .position((next - firstOf(shard)) * dimensions())
          .get(vectors, (next - from) * dimensions(), (end - next) * dimensions());
      next = end;
    }
    return vectors;
  }
}
