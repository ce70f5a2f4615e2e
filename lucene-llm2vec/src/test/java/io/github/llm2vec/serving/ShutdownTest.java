/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.serving;

import static io.github.llm2vec.serving.ServiceHarness.DOCUMENT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Closing ends every wait with a reason, and the model only after its last step. */
@Timeout(60)
class ShutdownTest {

  private final ServiceHarness harness = new ServiceHarness();

  private static Throwable failure(CompletableFuture<float[]> future) {
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  @Test
  void failsWhatWaits() {
    CompletableFuture<float[]> document = harness.document("a");
    CompletableFuture<float[]> query = harness.query("b");
    harness.service.close();
    assertEquals(
        "the encoder service was closed before this text's turn; send it again to another one",
        failure(document).getMessage());
    assertInstanceOf(ServiceClosedException.class, failure(query));
    assertTrue(harness.isEmpty());
  }

  @Test
  void refusesWhatComesLater() {
    harness.service.close();
    harness.service.close();
    assertInstanceOf(ServiceClosedException.class, failure(harness.document("a")));
    // As every TextEncoder does.
    assertThrows(IllegalStateException.class, () -> harness.service.encode(List.of("a"), DOCUMENT));
  }

  @Test
  void theStepThatRunsStillGivesItsVectorsAndThenTheModelIsClosed() {
    CompletableFuture<float[]> running = harness.document("a");
    List<CompletableFuture<float[]>> waiting = new ArrayList<>();
    harness.time.at(
        harness.time.millis() + 1,
        () -> {
          waiting.add(harness.document("b"));
          harness.service.close();
          assertFalse(harness.model.closed);
        });
    harness.scheduler.workers().get(0).run();
    assertArrayEquals(FakeModel.vector("a", DOCUMENT), running.join());
    assertInstanceOf(ServiceClosedException.class, failure(waiting.get(0)));
    assertTrue(harness.model.closed);
    assertEquals(0, harness.scheduler.ended().getCount());
  }

  @Test
  void wakesCallersThatWaitForRoom() {
    ServiceHarness small =
        new ServiceHarness(ServingOptions.builder().documentBacklogBytes(1).build());
    small.document("a");
    Caller<CompletableFuture<float[]>> caller = Caller.start(() -> small.document("b"));
    while (small.service.metrics().documents().blockedCallers() == 0) {
      Thread.onSpinWait();
    }
    small.service.close();
    assertInstanceOf(ServiceClosedException.class, failure(caller.result()));
  }
}
