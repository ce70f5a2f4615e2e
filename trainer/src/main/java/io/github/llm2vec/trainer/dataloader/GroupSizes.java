/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.dataloader;

/**
 * How many texts are tokenized together before they are cut into blocks. Hugging Face's {@code
 * datasets} maps 1000 records at a time, within each of the parts that it gives its workers; what
 * is left over of a group is lost, so the groups decide about the blocks.
 */
final class GroupSizes {

  static final int GROUP = 1000;

  private final long texts;
  private final int workers;
  private int worker;
  private long leftOfPart;

  /**
   * @param texts number of texts; only needed if there are several workers
   * @param workers {@code preprocessing_num_workers}
   */
  GroupSizes(long texts, int workers) {
    this.texts = texts;
    this.workers = (int) Math.max(1, Math.min(workers, texts));
    this.leftOfPart = part(0);
  }

  /** Groups of any number of texts. */
  static GroupSizes endless() {
    return new GroupSizes(Long.MAX_VALUE, 1);
  }

  /** Parts differ by one text at most, the larger ones come first. */
  private long part(int number) {
    return texts / workers + (number < texts % workers ? 1 : 0);
  }

  /** Size of the next group; 0 when all texts are in a group. */
  int next() {
    while (leftOfPart == 0 && worker + 1 < workers) {
      worker++;
      leftOfPart = part(worker);
    }
    int size = (int) Math.min(GROUP, leftOfPart);
    leftOfPart -= size;
    return size;
  }
}
