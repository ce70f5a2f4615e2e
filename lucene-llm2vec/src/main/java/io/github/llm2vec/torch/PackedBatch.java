/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * Texts of one forward pass, laid end to end without padding, and what of them is pooled. Made by
 * {@link Builder}; immutable, and free of anything native.
 */
public final class PackedBatch {

  private final long[] ids; // (T)
  private final long[] positions; // (T), from 0 in every text
  private final int[] lengths; // (B)
  private final int[] unseen; // (B) leading tokens of a text that no token attends to
  private final long[] poolToken; // (P) index into T
  private final long[] poolRow; // (P) number of the pooled vector
  private final float[] poolWeight; // (P)
  private final int vectors; // usually B
  private final long[] predictor; // (M) index into T of the token that predicts
  private final long[] label; // (M) id that it should predict

  private PackedBatch(Builder builder) {
    ids = Arrays.copyOf(builder.ids, builder.tokens);
    positions = Arrays.copyOf(builder.positions, builder.tokens);
    lengths = Arrays.copyOf(builder.lengths, builder.texts);
    unseen = Arrays.copyOf(builder.unseen, builder.texts);
    poolToken = Arrays.copyOf(builder.poolToken, builder.pooled);
    poolRow = Arrays.copyOf(builder.poolRow, builder.pooled);
    poolWeight = Arrays.copyOf(builder.poolWeight, builder.pooled);
    vectors = builder.vectors;
    predictor = Arrays.copyOf(builder.predictor, builder.labels);
    label = Arrays.copyOf(builder.label, builder.labels);
  }

  /** Texts in the batch, B. */
  public int texts() {
    return lengths.length;
  }

  /** Pooled vectors that the batch gives: one per text, unless a text was asked for more. */
  public int vectors() {
    return vectors;
  }

  /** Tokens in the batch, T. */
  public int tokens() {
    return ids.length;
  }

  /** Tokens of a text. */
  int length(int text) {
    return lengths[text];
  }

  /** Length of the longest text in tokens, S. */
  public int longest() {
    return Arrays.stream(lengths).max().orElse(0);
  }

  /** Largest token id. */
  long largestId() {
    return Arrays.stream(ids).max().orElse(0);
  }

  /** Smallest token id. */
  long smallestId() {
    return Arrays.stream(ids).min().orElse(0);
  }

  /** Whether some tokens stand in for padding, so that attention needs a mask. */
  boolean hasUnseen() {
    return Arrays.stream(unseen).anyMatch(n -> n > 0);
  }

  /** Token ids, {@code (rows)}; those beyond the batch's tokens are 0. */
  long[] ids(int rows) {
    return Arrays.copyOf(ids, rows);
  }

  /**
   * The position of every token in its text; those of texts longer than a limit are counted from
   * the limit on, where the tables of rotary embeddings go on for them (see {@link WeightScript}).
   * {@code (rows)}; 0 beyond the batch's tokens.
   */
  long[] positions(OptionalInt limit, int rows) {
    long[] result = Arrays.copyOf(positions, rows);
    int token = 0;
    for (int length : lengths) {
      boolean shifted = limit.isPresent() && length > limit.getAsInt();
      for (int i = 0; shifted && i < length; i++) {
        result[token + i] += limit.getAsInt();
      }
      token += length;
    }
    return result;
  }

  long[] poolToken() {
    return poolToken.clone();
  }

  long[] poolRow() {
    return poolRow.clone();
  }

  float[] poolWeight() {
    return poolWeight.clone();
  }

  /** Tokens of the batch that are to be predicted, M. */
  public int labels() {
    return label.length;
  }

  long[] predictor() {
    return predictor.clone();
  }

  long[] label() {
    return label.clone();
  }

  /**
   * Runs of texts of equal length as (texts, length) pairs, in order. Rows beyond the batch's
   * tokens are texts of one token, the cheapest there are.
   */
  long[] groups(int rows) {
    long[] groups = new long[2 * lengths.length + 2];
    int used = 0;
    for (int length : lengths) {
      if (used > 0 && groups[used - 1] == length) {
        groups[used - 2]++;
      } else {
        groups[used++] = 1;
        groups[used++] = length;
      }
    }
    if (rows > ids.length) {
      groups[used++] = (long) rows - ids.length;
      groups[used++] = 1;
    }
    return Arrays.copyOf(groups, used);
  }

  /**
   * Divides the texts, in their order, into so many batches of about as many tokens each; fewer
   * where there are not enough texts. Every text must have one pooled vector.
   */
  List<PackedBatch> split(int shares) {
    if (shares == 1) {
      return List.of(this);
    }
    if (vectors != lengths.length) {
      throw new IllegalStateException("texts with several vectors are not divided; this is a bug");
    }
    List<PackedBatch> batches = new ArrayList<>();
    int[] bounds = bounds(lengths, shares);
    int token = 0;
    int pooled = 0;
    int labelled = 0;
    for (int share = 0; share < shares; share++) {
      Builder builder = new Builder();
      for (int text = bounds[share]; text < bounds[share + 1]; text++) {
        int end = token + lengths[text];
        builder.add(
            Arrays.stream(ids, token, end).mapToInt(Math::toIntExact).toArray(), unseen[text]);
        for (; pooled < poolToken.length && poolToken[pooled] < end; pooled++) {
          builder.pool((int) poolToken[pooled] - token, poolWeight[pooled]);
        }
        for (; labelled < label.length && predictor[labelled] < end; labelled++) {
          builder.label((int) predictor[labelled] - token + 1, (int) label[labelled]);
        }
        token = end;
      }
      if (builder.texts > 0) {
        batches.add(builder.build());
      }
    }
    return batches;
  }

  /**
   * Where each of so many shares of consecutive items begins, and where the last ends: as near to
   * equal weights as the order allows, so that a share may be empty.
   */
  static int[] bounds(int[] weights, int shares) {
    double total = Arrays.stream(weights).asLongStream().sum();
    int[] bounds = new int[shares + 1];
    long before = 0;
    int item = 0;
    for (int share = 1; share < shares; share++) {
      while (item < weights.length && before + weights[item] / 2.0 < total * share / shares) {
        before += weights[item++];
      }
      bounds[share] = item;
    }
    bounds[shares] = weights.length;
    return bounds;
  }

  /**
   * For every place of the padded rows the token that stands there, {@code (B*S)}; padding is 0.
   */
  long[] gather() {
    int longest = longest();
    long[] gather = new long[lengths.length * longest];
    long token = 0;
    for (int row = 0; row < lengths.length; row++) {
      for (int i = 0; i < lengths[row]; i++) {
        gather[row * longest + i] = token++;
      }
    }
    return gather;
  }

  /** For every token its place in the padded rows, {@code (rows)}; 0 beyond the batch's tokens. */
  long[] scatter(int rows) {
    int longest = longest();
    long[] scatter = new long[rows];
    int token = 0;
    for (int row = 0; row < lengths.length; row++) {
      for (int i = 0; i < lengths[row]; i++) {
        scatter[token++] = (long) row * longest + i;
      }
    }
    return scatter;
  }

  /** Which places of the padded rows may be attended to, {@code (B, S)}. */
  boolean[] mask() {
    int longest = longest();
    boolean[] mask = new boolean[lengths.length * longest];
    for (int row = 0; row < lengths.length; row++) {
      Arrays.fill(mask, row * longest + unseen[row], row * longest + lengths[row], true);
    }
    return mask;
  }

  /** Collects the texts of a batch. */
  public static final class Builder {

    private long[] ids = new long[256];
    private long[] positions = new long[256];
    private long[] poolToken = new long[256];
    private long[] poolRow = new long[256];
    private float[] poolWeight = new float[256];
    private long[] predictor = new long[64];
    private long[] label = new long[64];
    private int[] lengths = new int[8];
    private int[] unseen = new int[8];
    private int tokens;
    private int pooled;
    private int labels;
    private int texts;
    private int vectors;

    /**
     * Adds a text. Texts of equal length should follow one another: they then share one attention
     * call.
     *
     * @param tokenIds its token ids, at least one
     * @param leadingUnseen how many of its first tokens are padding that no token attends to
     * @return this
     */
    public Builder add(int[] tokenIds, int leadingUnseen) {
      if (tokenIds.length == 0 || leadingUnseen < 0 || leadingUnseen > tokenIds.length) {
        throw new IllegalArgumentException(
            "a text of a batch needs at least one token and at most that many unseen ones, got "
                + tokenIds.length
                + " and "
                + leadingUnseen
                + "; this is a bug");
      }
      if (tokens + tokenIds.length > ids.length) {
        int size = Math.max(2 * ids.length, tokens + tokenIds.length);
        ids = Arrays.copyOf(ids, size);
        positions = Arrays.copyOf(positions, size);
      }
      if (texts == lengths.length) {
        lengths = Arrays.copyOf(lengths, 2 * texts);
        unseen = Arrays.copyOf(unseen, 2 * texts);
      }
      for (int i = 0; i < tokenIds.length; i++) {
        ids[tokens + i] = tokenIds[i];
        positions[tokens + i] = i;
      }
      tokens += tokenIds.length;
      lengths[texts] = tokenIds.length;
      unseen[texts] = leadingUnseen;
      texts++;
      vectors++;
      return this;
    }

    /**
     * Starts one more pooled vector of the text added last, after its first: a vector per word, for
     * example.
     *
     * @return this
     */
    public Builder nextVector() {
      if (texts == 0) {
        throw new IllegalStateException("there is no text yet to pool; this is a bug");
      }
      vectors++;
      return this;
    }

    /**
     * Adds a token of the text added last to that text's pooled vector, to the latest if it has
     * more.
     *
     * @param position of the token in its text
     * @param weight of its hidden state in the sum
     * @return this
     */
    public Builder pool(int position, float weight) {
      int length = lengths[texts - 1];
      if (position < 0 || position >= length) {
        throw new IllegalArgumentException(
            "position " + position + " of a text of " + length + " tokens; this is a bug");
      }
      if (pooled == poolToken.length) {
        poolToken = Arrays.copyOf(poolToken, 2 * pooled);
        poolRow = Arrays.copyOf(poolRow, 2 * pooled);
        poolWeight = Arrays.copyOf(poolWeight, 2 * pooled);
      }
      poolToken[pooled] = tokens - length + (long) position;
      poolRow[pooled] = vectors - 1L;
      poolWeight[pooled] = weight;
      pooled++;
      return this;
    }

    /**
     * Says which id stands at a position of the text added last. Training predicts it from the
     * position before, as a causal model does (BehnamGhader et al., 2024, LLM2Vec, section 2.1).
     *
     * @param position in the text, at least 1
     * @param id the token to be predicted
     * @return this
     */
    public Builder label(int position, int id) {
      int length = lengths[texts - 1];
      if (position < 1 || position >= length) {
        throw new IllegalArgumentException(
            "label at position " + position + " of a text of " + length + " tokens; this is a bug");
      }
      if (labels == label.length) {
        predictor = Arrays.copyOf(predictor, 2 * labels);
        label = Arrays.copyOf(label, 2 * labels);
      }
      predictor[labels] = tokens - length + position - 1L;
      label[labels] = id;
      labels++;
      return this;
    }

    /** The batch collected so far. */
    public PackedBatch build() {
      return new PackedBatch(this);
    }
  }
}
