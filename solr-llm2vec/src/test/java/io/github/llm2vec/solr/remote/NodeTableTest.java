/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.Role;
import io.github.llm2vec.solr.remote.NodeSource.NodeAddress;
import io.github.llm2vec.solr.remote.NodeTransport.NodeFailedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a call that is under way is given up, at times that the test sets. */
class NodeTableTest {

  private static final ModelIdentity MODEL =
      new ModelIdentity("0a", 2, "float32", "", true, "", "", "", Map.of());
  private static final NodeAddress ADDRESS = new NodeAddress("x", "http://x");

  private final long began = System.nanoTime();
  private Set<NodeAddress> there = Set.of(ADDRESS);
  private boolean answers = true;
  private String start = "1";
  private List<ServedModel> open = List.of(new ServedModel("m", MODEL, ServedModel.Load.UNKNOWN));
  private final NodeTable table =
      new NodeTable("m", Optional.empty(), () -> there, this::look, Runnable::run);
  private final FutureTask<NodeReply> call = begin();

  private NodeReply look(NodeAddress node, NodeCall look) throws NodeFailedException {
    if (!answers) {
      throw new NodeFailedException("connection refused", new IllegalStateException());
    }
    return new NodeReply.Models(open, start);
  }

  /** A call that no node ends. */
  private FutureTask<NodeReply> begin() {
    table.tick(began);
    FutureTask<NodeReply> begun =
        new FutureTask<>(
            () -> {
              throw new AssertionError("nobody runs this");
            });
    table.begin(node(), Role.DOCUMENT, 10, begun);
    return begun;
  }

  private EncoderNode node() {
    return table.choose(MODEL, Role.DOCUMENT, Set.of()).orElseThrow();
  }

  private void tick(int seconds) {
    table.tick(began + TimeUnit.SECONDS.toNanos(seconds));
  }

  @BeforeEach
  void isUnderWay() {
    assertFalse(call.isCancelled());
  }

  @Test
  void aCallIsLeftAloneWhileItsNodeRuns() {
    tick(30);
    // The models are opened anew.
    open = List.of();
    tick(60);
    tick(90);
    assertFalse(call.isCancelled());
  }

  @Test
  void aCallToAFormerStartIsGivenUpAndTheNodeUsed() {
    start = "2";
    tick(30);
    assertTrue(call.isCancelled());
    assertTrue(table.isServed(MODEL));
    assertEquals(1, table.status().get(0).failedCalls());
    FutureTask<NodeReply> again = new FutureTask<>(() -> null);
    table.begin(node(), Role.DOCUMENT, 10, again);
    tick(60);
    assertFalse(again.isCancelled());
  }

  @Test
  void aFormerStartIsSeenBeforeTheModelIsOpen() {
    start = "2";
    open = List.of();
    tick(30);
    assertTrue(call.isCancelled());
  }

  @Test
  void aNodeOfAnEarlierReleaseTellsNoStart() {
    start = "";
    tick(30);
    FutureTask<NodeReply> older = new FutureTask<>(() -> null);
    table.begin(node(), Role.DOCUMENT, 10, older);
    tick(60);
    assertFalse(older.isCancelled());
    there = Set.of();
    tick(61);
    assertTrue(older.isCancelled());
  }

  @Test
  void aNodeThatLeftMayDoWhatItHasWhileItAnswers() {
    there = Set.of();
    tick(30);
    tick(60);
    assertFalse(call.isCancelled());
    assertEquals(List.of(), table.status());
    assertEquals(Optional.empty(), table.choose(MODEL, Role.DOCUMENT, Set.of()));
    // It is back, and this was another start.
    there = Set.of(ADDRESS);
    start = "2";
    tick(90);
    assertTrue(call.isCancelled());
    assertTrue(table.isServed(MODEL));
  }

  @Test
  void aNodeThatLeftAndDoesNotAnswerIsGivenUp() {
    there = Set.of();
    answers = false;
    tick(30);
    tick(60);
    assertTrue(call.isCancelled());
  }

  @Test
  void aCallToANodeThatLeftWhenItWasChosenIsWatched() {
    EncoderNode chosen = node();
    table.end(chosen, Role.DOCUMENT, 10, call);
    there = Set.of();
    tick(1);
    tick(2);
    table.begin(chosen, Role.DOCUMENT, 10, call);
    answers = false;
    tick(30);
    tick(60);
    assertTrue(call.isCancelled());
  }

  @Test
  void noCallTakesForEver() {
    tick(9 * 60);
    assertFalse(call.isCancelled());
    tick(11 * 60);
    assertTrue(call.isCancelled());
    assertTrue(table.isServed(MODEL));
  }
}
