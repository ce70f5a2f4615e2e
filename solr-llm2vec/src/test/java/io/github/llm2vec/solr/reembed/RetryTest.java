/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.reembed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.apache.solr.client.solrj.SolrServerException;
import org.apache.solr.common.SolrException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetryTest {

  private final List<Duration> pauses = new ArrayList<>();
  private final AtomicBoolean stop = new AtomicBoolean();
  private final Retry retry = Retry.of(pauses::add, stop::get);
  private int sent;

  private static SolrException answer(int code) {
    return new SolrException(SolrException.ErrorCode.getErrorCode(code), "answer " + code);
  }

  @Test
  void pausesDoubleToHalfAMinuteAndEndAfterTwoMinutes() {
    IOException refused = new IOException("connection refused");
    IOException thrown =
        assertThrows(
            IOException.class,
            () ->
                retry.send(
                    () -> {
                      sent++;
                      throw refused;
                    }));
    assertSame(refused, thrown);
    assertEquals(9, sent);
    assertEquals(Stream.of(1, 2, 4, 8, 16, 30, 30, 30).map(Duration::ofSeconds).toList(), pauses);
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void anAnswerThatMayPassIsAskedForAgain(int code) throws IOException {
    String answer =
        retry.send(
            () -> {
              if (++sent < 3) {
                throw answer(code);
              }
              return "done";
            });
    assertEquals("done", answer);
    assertEquals(3, sent);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 409})
  void anAnswerThatStaysTheSameIsNotAskedForAgain(int code) {
    SolrException thrown =
        assertThrows(
            SolrException.class,
            () ->
                retry.send(
                    () -> {
                      sent++;
                      throw answer(code);
                    }));
    assertEquals(code, thrown.code());
    assertEquals(1, sent);
  }

  @Test
  void afterAStopTheFailureOfTheNetworkIsTold() {
    IOException thrown =
        assertThrows(
            IOException.class,
            () ->
                retry.send(
                    () -> {
                      sent++;
                      stop.set(sent == 2);
                      throw new SolrServerException("no live node");
                    }));
    assertEquals("Solr says: no live node", thrown.getMessage());
    // What was under way when the stop came ends by itself; nothing more is sent than once again.
    assertEquals(3, sent);
  }
}
