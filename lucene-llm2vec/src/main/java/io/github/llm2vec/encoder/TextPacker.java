/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.encoder;

import io.github.llm2vec.torch.PackedBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apiguardian.api.API;

/**
 * Puts prepared texts into a batch with the weights by which their hidden states are pooled:
 * encoding and training do it alike. Immutable.
 */
@API(status = API.Status.INTERNAL)
public final class TextPacker {

  private final List<Pooling> poolings;
  private final int padId;

  /**
   * Pools in one way that is a weighted sum, so that every text has one vector in the batch.
   *
   * @param pooling how vectors are made of hidden states
   * @param padId id of padding, for rows that are pooled over it
   * @throws IllegalArgumentException if the pooling is {@link Pooling#MAX}, which is none
   */
  public TextPacker(Pooling pooling, int padId) {
    this(List.of(pooling), padId);
    if (pooling == Pooling.MAX) {
      throw new IllegalArgumentException("pooling max is no weighted sum; choose another");
    }
  }

  TextPacker(List<Pooling> poolings, int padId) {
    this.poolings = List.copyOf(poolings);
    this.padId = padId;
  }

  /**
   * Adds a text and what is pooled of it.
   *
   * @param rowLength length of the text's row if it is pooled over its padding, see {@link
   *     TokenizedText#poolsPadding()}; otherwise nothing is padded
   */
  public void add(PackedBatch.Builder builder, TokenizedText text, int rowLength) {
    int length = rowLength(text, rowLength);
    int padding = length - text.length();
    int[] ids = new int[length];
    Arrays.fill(ids, 0, padding, padId);
    text.copyIds(ids, padding);
    builder.add(ids, padding);
    boolean first = true; // a text has one vector from the start
    for (Pooling pooling : poolings) {
      if (!first) {
        builder.nextVector();
      }
      first = false;
      if (pooling == Pooling.MAX) {
        // A vector for every token, of which the largest values are taken afterwards.
        for (int token = 0; token < text.poolLength(); token++) {
          if (token > 0) {
            builder.nextVector();
          }
          builder.pool(length - text.poolLength() + token, 1f);
        }
      } else {
        PoolingWeights weights = pooling.weights(text, length);
        for (int i = 0; i < weights.size(); i++) {
          builder.pool(weights.first() + i, weights.weight(i));
        }
      }
    }
  }

  /**
   * Packs texts into batches.
   *
   * @param lists texts, those of a list being padded to one length as {@link #add} says
   * @param most texts of a batch
   */
  public List<PackedBatch> pack(List<List<TokenizedText>> lists, int most) {
    List<PackedBatch> batches = new ArrayList<>();
    PackedBatch.Builder builder = new PackedBatch.Builder();
    int texts = 0;
    for (List<TokenizedText> list : lists) {
      int longest = list.stream().mapToInt(TokenizedText::length).max().orElse(0);
      for (TokenizedText text : list) {
        if (texts == most) {
          batches.add(builder.build());
          builder = new PackedBatch.Builder();
          texts = 0;
        }
        add(builder, text, longest);
        texts++;
      }
    }
    batches.add(builder.build());
    return batches;
  }

  /** How many vectors of a batch belong to a text. */
  int vectors(TokenizedText text) {
    int vectors = 0;
    for (Pooling pooling : poolings) {
      vectors += pooling == Pooling.MAX ? Math.max(1, text.poolLength()) : 1;
    }
    return vectors;
  }

  /** The vector of a text, joined from those of a batch that belong to it. */
  float[] join(float[][] rows, int firstRow, TokenizedText text) {
    int hidden = rows[firstRow].length;
    if (poolings.size() == 1 && poolings.get(0) != Pooling.MAX) {
      return rows[firstRow];
    }
    float[] joined = new float[poolings.size() * hidden];
    int row = firstRow;
    int start = 0;
    for (Pooling pooling : poolings) {
      System.arraycopy(rows[row++], 0, joined, start, hidden);
      for (int more = 1; pooling == Pooling.MAX && more < text.poolLength(); more++) {
        for (int i = 0; i < hidden; i++) {
          joined[start + i] = Math.max(joined[start + i], rows[row][i]);
        }
        row++;
      }
      start += hidden;
    }
    return joined;
  }

  /** Tokens that a text takes in a batch whose rows have a length. */
  static int rowLength(TokenizedText text, int rowLength) {
    return text.poolsPadding() ? rowLength : text.length();
  }
}
