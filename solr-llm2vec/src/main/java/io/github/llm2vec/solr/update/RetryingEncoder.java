/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.update;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;

/**
 * Tries texts again that could not be encoded, a bounded number of times and with growing pauses.
 * Not those that the model refuses: they would be refused again. A model that is not there counts
 * as a failure that may pass.
 */
final class RetryingEncoder {

  private final BatchEncoder encoder;
  private final FailurePolicy policy;
  private final Pause pause;

  RetryingEncoder(BatchEncoder encoder, FailurePolicy policy, Pause pause) {
    this.encoder = encoder;
    this.policy = policy;
    this.pause = pause;
  }

  /**
   * What came of each text in the end.
   *
   * @throws SolrException if there is no model to encode with, still
   */
  List<Outcome> encode(List<String> texts) {
    List<Outcome> outcomes = new ArrayList<>(attempt(texts, 0));
    for (int retry = 1; retry <= policy.effectiveRetries(); retry++) {
      List<Integer> left =
          IntStream.range(0, texts.size()).filter(i -> mayPass(outcomes.get(i))).boxed().toList();
      if (left.isEmpty()) {
        break;
      }
      takePause(retry);
      List<Outcome> again = attempt(left.stream().map(texts::get).toList(), retry);
      for (int i = 0; i < left.size(); i++) {
        outcomes.set(left.get(i), again.get(i));
      }
    }
    return outcomes;
  }

  private List<Outcome> attempt(List<String> texts, int retry) {
    try {
      return encoder.encode(texts);
    } catch (SolrException e) {
      if (retry >= policy.effectiveRetries()) {
        throw e;
      }
      return texts.stream().<Outcome>map(text -> new Outcome.Failed(e)).toList();
    }
  }

  private static boolean mayPass(Outcome outcome) {
    return outcome instanceof Outcome.Failed failed && !failed.isTheTextsFault();
  }

  private void takePause(int retry) {
    Duration length = policy.pause().multipliedBy(1L << Math.min(retry - 1, 20));
    try {
      pause.take(length);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SolrException(
          ErrorCode.SERVICE_UNAVAILABLE, "interrupted while waiting to encode once more", e);
    }
  }
}
