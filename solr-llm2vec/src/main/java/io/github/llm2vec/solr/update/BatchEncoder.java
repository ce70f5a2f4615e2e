/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.solr.common.SolrException;

/**
 * Encodes texts in one call and, should that fail, finds the texts that are to blame by halving, so
 * that their neighbours still get their vectors: k bad texts among n cost about 2 k log2(n) calls
 * more.
 */
final class BatchEncoder {

  /**
   * So many single texts failing one after the other, with no success between them, tell of an
   * encoder that is broken: the texts that are left are given up instead of being tried one by one.
   */
  static final int FAILURES_IN_A_ROW = 16;

  private final Function<List<String>, float[][]> encoder;

  /** Encodes with a function that gives one vector per text or throws. */
  BatchEncoder(Function<List<String>, float[][]> encoder) {
    this.encoder = encoder;
  }

  /**
   * What came of each text, in the order of the texts.
   *
   * @throws SolrException if there is no model to encode with
   */
  List<Outcome> encode(List<String> texts) {
    List<Outcome> outcomes = new ArrayList<>(texts.size());
    if (!texts.isEmpty()) {
      encode(texts, outcomes);
    }
    return outcomes;
  }

  private void encode(List<String> texts, List<Outcome> outcomes) {
    if (isGivenUp(outcomes)) {
      Outcome last = outcomes.get(outcomes.size() - 1);
      texts.forEach(text -> outcomes.add(last));
      return;
    }
    float[][] vectors;
    try {
      vectors = encoder.apply(List.copyOf(texts));
    } catch (SolrException e) {
      // The model is not there: no text is to blame.
      throw e;
    } catch (RuntimeException e) {
      // Kept with its text, or found again in one of the halves.
      if (texts.size() == 1) {
        outcomes.add(new Outcome.Failed(e));
      } else {
        int middle = texts.size() / 2;
        encode(texts.subList(0, middle), outcomes);
        encode(texts.subList(middle, texts.size()), outcomes);
      }
      return;
    }
    for (float[] vector : vectors) {
      outcomes.add(checked(vector));
    }
  }

  private static boolean isGivenUp(List<Outcome> outcomes) {
    int first = outcomes.size() - FAILURES_IN_A_ROW;
    return first >= 0
        && outcomes.subList(first, outcomes.size()).stream()
            .allMatch(outcome -> outcome instanceof Outcome.Failed);
  }

  private static Outcome checked(float[] vector) {
    boolean zero = true;
    for (int i = 0; i < vector.length; i++) {
      if (!Float.isFinite(vector[i])) {
        return new Outcome.Failed(
            new ArithmeticException(
                "the model gave %s at dimension %d of the vector".formatted(vector[i], i)));
      }
      zero &= vector[i] == 0;
    }
    if (zero) {
      return new Outcome.Failed(
          new ArithmeticException("the model gave a zero vector, which is near to nothing"));
    }
    return new Outcome.Encoded(new FloatList(vector));
  }
}
