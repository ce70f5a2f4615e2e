/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.distillation;

import io.github.llm2vec.trainer.mteb.search.VectorStore;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The vectors that a teacher gave and that were kept, as it gave them.
 *
 * @param store where they are
 * @param shards its files, mapped
 */
record StoredVectors(VectorStore store, List<FloatBuffer> shards) implements TeacherVectors {

  StoredVectors {
    shards = List.copyOf(shards);
  }

  /**
   * Maps the files of a store.
   *
   * @param what the texts are, for the message
   * @throws IOException if a file cannot be read, or a vector is zero or not finite
   */
  static StoredVectors of(VectorStore store, String what) throws IOException {
    List<Integer> unusable = store.unusable();
    if (!unusable.isEmpty()) {
      throw new IOException(
          "the teacher gives vectors that are zero or not finite for %s %s, the first of them"
                  .formatted(unusable.size(), what)
              + " number "
              + (unusable.get(0) + 1)
              + "; leave those texts out, or use another dtype");
    }
    List<FloatBuffer> shards = new ArrayList<>();
    for (int shard = 0; shard < store.shards(); shard++) {
      shards.add(store.shard(shard).asFloatBuffer());
    }
    return new StoredVectors(store, shards);
  }

  @Override
  public int dimensions() {
    return store.dimensions();
  }

  @Override
  public int size() {
    return store.size();
  }

  @Override
  public float[] read(int text) {
    int shard = text / store.shardVectors();
    float[] vector = new float[dimensions()];
    shards.get(shard).get((text - store.firstOf(shard)) * vector.length, vector);
    return vector;
  }
}
