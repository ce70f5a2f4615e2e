/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

/**
 * Loss and accuracy of a model's predictions for the labelled tokens of some texts.
 *
 * @param summedLoss cross-entropy in nats, summed over all predictions
 * @param predictions labelled tokens
 * @param correct those whose most probable token is the label
 */
public record MaskedLanguageModelScore(double summedLoss, long predictions, long correct) {

  /** No prediction yet; where {@link #plus} begins. */
  public static final MaskedLanguageModelScore NONE = new MaskedLanguageModelScore(0, 0, 0);

  /** Mean loss per prediction; NaN if there is none. */
  public double meanLoss() {
    return summedLoss / predictions;
  }

  /** Share of predictions that are right; NaN if there is none. */
  public double accuracy() {
    return (double) correct / predictions;
  }

  /** The score of both sets of texts together. */
  public MaskedLanguageModelScore plus(MaskedLanguageModelScore other) {
    return new MaskedLanguageModelScore(
        summedLoss + other.summedLoss, predictions + other.predictions, correct + other.correct);
  }
}
