/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.ServingFigures;
import io.github.llm2vec.serving.TextFailedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;

/**
 * To an encoder with a queue: texts of all cores share its batches, queries go before documents,
 * and what is too much waits (documents) or is refused (queries).
 */
final class QueueDoor {

  private final EncoderService service;

  QueueDoor(EncoderService service) {
    this.service = service;
  }

  /**
   * Encodes documents; blocks while too many wait. The queue knows of each text what came of it, so
   * that nothing is encoded twice because of its neighbours. Ends early with an encoder that fails
   * for text after text.
   *
   * @return what came of each text, in the order of the texts
   */
  List<EncodedText> documents(List<String> texts, Prompt prompt) {
    List<CompletableFuture<float[]>> futures = service.submitAll(texts, prompt);
    List<EncodedText> results = new ArrayList<>(futures.size());
    int failures = 0;
    try {
      for (CompletableFuture<float[]> future : futures) {
        if (failures == EncodedText.FAILURES_IN_A_ROW) {
          results.add(results.get(results.size() - 1));
          continue;
        }
        EncodedText result = await(future);
        failures = result instanceof EncodedText.Failure ? failures + 1 : 0;
        results.add(result);
      }
    } finally {
      // Of those that nobody waits for any more.
      futures.forEach(future -> future.cancel(false));
    }
    return results;
  }

  private static EncodedText await(CompletableFuture<float[]> future) {
    try {
      return new EncodedText.Vector(future.get());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SolrException(
          ErrorCode.SERVICE_UNAVAILABLE, "interrupted while documents were encoded", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof TextFailedException failure) {
        return new EncodedText.Failure(failure);
      }
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException("a checked exception from the queue; this is a bug", e);
    }
  }

  /** Encodes a query, or finds it encoded. */
  float[] query(String text, Prompt prompt, Duration patience) {
    return service.encodeWithin(text, prompt, patience);
  }

  /** What the queue does and has done. */
  ServingFigures figures() {
    return service.figures();
  }
}
