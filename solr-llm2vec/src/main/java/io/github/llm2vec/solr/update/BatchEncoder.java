/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import io.github.llm2vec.solr.node.EncodedText;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.solr.common.SolrException;

/**
 * Encodes texts in one call, so that a text that fails does not take its neighbours' vectors away.
 * An encoder that fails for all of them without telling whose fault it is has the texts halved
 * until those are found that are to blame: k bad texts among n cost at most 2 k log2(n) calls more,
 * in which a neighbour is tried log2(n) times more at most. Halves that have their vectors are
 * done.
 */
final class BatchEncoder {

  private final Function<List<String>, List<EncodedText>> encoder;

  /** Encodes with a function that tells of each text what came of it, or throws. */
  BatchEncoder(Function<List<String>, List<EncodedText>> encoder) {
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
    List<EncodedText> encoded;
    try {
      encoded = encoder.apply(List.copyOf(texts));
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
    for (EncodedText text : encoded) {
      outcomes.add(outcome(text));
    }
  }

  private static Outcome outcome(EncodedText text) {
    return text instanceof EncodedText.Vector vector
        ? checked(vector.values())
        : new Outcome.Failed(((EncodedText.Failure) text).cause());
  }

  private static boolean isGivenUp(List<Outcome> outcomes) {
    int first = outcomes.size() - EncodedText.FAILURES_IN_A_ROW;
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
