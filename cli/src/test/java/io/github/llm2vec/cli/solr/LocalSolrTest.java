/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.cli.solr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.encoder.BatchLayout;
import io.github.llm2vec.encoder.BatchModel;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TokenizedText;
import io.github.llm2vec.serving.EncoderService;
import io.github.llm2vec.serving.QueryVectorCache;
import io.github.llm2vec.serving.ServingOptions;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelDeclaration;
import io.github.llm2vec.solr.node.ModelsFile;
import io.github.llm2vec.solr.node.ModelsFileWriter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalSolrTest {

  private static final Path BASIC = Path.of("..", "solr-config-examples", "basic");
  private static final Map<String, String> PROPERTIES = Map.of("llm2vec.dims", "2");

  @TempDir private Path home;

  @Test
  void servesACollectionOverHttpAndKeepsItForTheNextStart() throws Exception {
    ModelDeclaration model = ModelDeclaration.of("default", "no/such/model");
    ModelsFileWriter.write(home.resolve(ModelsFile.NAME), List.of(model));
    try (LocalSolr solr = LocalSolr.start(home, 0, LocalPages.NONE)) {
      EncoderRegistry.install(
          solr.container(),
          new EncoderRegistry(
              ModelsFile.read(home.resolve(ModelsFile.NAME)),
              any ->
                  EncoderService.start(
                      new TwoLetters(), ServingOptions.defaults(), new QueryVectorCache(0))));
      assertFalse(solr.hasCollection("demo"));
      solr.createCollection("demo", BASIC, PROPERTIES);
      assertTrue(solr.hasCollection("demo"));
      String documents = "[{\"id\":\"1\",\"text\":\"aaa\"},{\"id\":\"2\",\"text\":\"bbb\"}]";
      assertEquals(200, post(solr, "/demo/update?commit=true", documents).statusCode());
      String found =
          post(solr, "/demo/select?fl=id", "{\"query\":\"{!llm2vec f=vector topK=1}b\"}").body();
      assertTrue(found.contains("\"id\":\"2\"") && found.contains("\"numFound\":1"), found);
    }
    try (LocalSolr solr = LocalSolr.start(home, 0, LocalPages.NONE)) {
      assertTrue(solr.hasCollection("demo"));
      String found = post(solr, "/demo/select?fl=id", "{\"query\":\"*:*\"}").body();
      assertTrue(found.contains("\"numFound\":2"), found);
    }
  }

  @Test
  void saysThatThePortIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      IOException thrown =
          assertThrows(
              IOException.class,
              () -> LocalSolr.start(home, taken.getLocalPort(), LocalPages.NONE));
      assertEquals(
          "port " + taken.getLocalPort() + " is taken; name another one, or 0 for any that is free",
          thrown.getMessage());
    }
  }

  @Test
  void saysWhyACollectionIsNotTaken() throws Exception {
    try (LocalSolr solr = LocalSolr.start(home, 0, LocalPages.NONE)) {
      IOException noModel =
          assertThrows(IOException.class, () -> solr.createCollection("demo", BASIC, PROPERTIES));
      assertTrue(
          noModel.getMessage().contains("model 'default' is not declared"), noModel.getMessage());
      IOException noConfigset =
          assertThrows(IOException.class, () -> solr.createCollection("demo", home, PROPERTIES));
      assertTrue(
          noConfigset.getMessage().contains("no configset in " + home), noConfigset.getMessage());
    }
  }

  private static HttpResponse<String> post(LocalSolr solr, String path, String json)
      throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(solr.url() + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))
                .build(),
            HttpResponse.BodyHandlers.ofString());
  }

  /** Texts of letters before and after the middle of "ab"; each is one token. */
  private static final class TwoLetters implements BatchModel {

    private static final int BEFORE = 0;
    private static final int AFTER = 1;

    @Override
    public int dimensions() {
      return 2;
    }

    @Override
    public String fingerprint() {
      return "ab";
    }

    @Override
    public BatchLayout layout() {
      return BatchLayout.PACKED;
    }

    @Override
    public int maxBatchTokens() {
      return 100;
    }

    @Override
    public TokenizedText tokenize(String text, Prompt prompt) {
      return TokenizedText.of(text.contains("a") ? BEFORE : AFTER);
    }

    @Override
    public float[][] encode(List<TokenizedText> texts) {
      return texts.stream()
          .map(text -> text.id(0) == BEFORE ? new float[] {1, 0} : new float[] {0, 1})
          .toArray(float[][]::new);
    }

    @Override
    public void close() {}
  }
}
