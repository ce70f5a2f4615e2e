/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.llm2vec.solr.remote.EncoderNodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelsFileTest {

  @TempDir private Path home;

  private ModelsFile read(String json) throws IOException {
    return ModelsFile.read(
        Files.writeString(home.resolve(ModelsFile.NAME), json.replace('\'', '"')));
  }

  @Test
  void everyKeyIsRead() throws IOException {
    Files.createDirectories(home.resolve("models/base"));
    ModelsFile file =
        read(
            """
            {'query_cache_bytes': 1000,
             'models': {'big': {
               'model': 'models/base', 'adapters': ['org/adapter', 'models/base'],
               'template': 'none', 'pooling': 'mean', 'dtype': 'bfloat16', 'device': 'cuda:1', 'normalize': false,
               'max_length': 512, 'doc_max_length': 400, 'dimensions': 256,
               'query_instruction': 'Q:', 'document_instruction': 'D:'}}}""");
    String folder = home.resolve("models/base").toAbsolutePath().normalize().toString();
    assertEquals(1000, file.queryCacheBytes());
    assertEquals(
        new ModelDeclaration(
            "big",
            folder,
            List.of("org/adapter", folder),
            Map.of(),
            "none",
            "mean",
            "bfloat16",
            List.of("cuda:1"),
            0,
            false,
            512,
            400,
            256,
            "Q:",
            "D:",
            ServingLimits.DEFAULTS,
            "",
            Optional.empty()),
        file.declaration("big"));
  }

  @Test
  void severalDevicesAreAList() throws IOException {
    ModelDeclaration model =
        read("{'models': {'a': {'model': 'm', 'device': ['cpu', 'cpu', 'cuda:1'], 'threads': 2}}}")
            .declaration("a");
    assertEquals(List.of("cpu", "cpu", "cuda:1"), model.devices());
    assertEquals(2, model.threads());
    Path file = home.resolve("written.json");
    ModelsFileWriter.write(file, List.of(model));
    assertEquals(model, ModelsFile.read(file).declaration("a"));
  }

  @Test
  void adaptersByNameStayBesideTheModel() throws IOException {
    Files.createDirectories(home.resolve("law"));
    ModelDeclaration model =
        read("{'models': {'a': {'model': 'm', 'adapters': {'law': 'law', 'news': 'org/news'}}}}")
            .declaration("a");
    String folder = home.resolve("law").toAbsolutePath().normalize().toString();
    assertEquals(Map.of("law", folder, "news", "org/news"), model.adaptersBeside());
    assertEquals(List.of(), model.adapters());
    Path file = home.resolve("written.json");
    ModelsFileWriter.write(file, List.of(model));
    assertEquals(model, ModelsFile.read(file).declaration("a"));
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    ModelDeclaration full =
        new ModelDeclaration(
            "full",
            "o/m",
            List.of("o/a"),
            Map.of(),
            "none",
            "mean",
            "float16",
            List.of("cpu"),
            0,
            false,
            9,
            8,
            7,
            "Q:",
            "D:",
            ServingLimits.DEFAULTS,
            "",
            Optional.empty());
    ModelDeclaration bare = ModelDeclaration.of("bare", "o/m");
    Path file = home.resolve(ModelsFile.NAME);
    ModelsFileWriter.write(file, List.of(full, bare));
    assertEquals(Map.of("full", full, "bare", bare), ModelsFile.read(file).models());
  }

  @Test
  void aModelIsInTheSpaceOfAnotherOne() throws IOException {
    String fingerprint = "0123456789abcdef".repeat(4);
    ModelsFile file =
        read(
            "{'models': {'a': {'model': 'm', 'same_space_as': 'b'}, 'b': {'model': 'n'},"
                + " 'c': {'model': 'm', 'same_space_as': '"
                + fingerprint
                + "'}}}");
    assertEquals("b", file.declaration("a").sameSpaceAs());
    assertEquals("", file.declaration("b").sameSpaceAs());
    assertEquals(fingerprint, file.declaration("c").sameSpaceAs());
    Path written = home.resolve("written.json");
    ModelsFileWriter.write(written, file.models().values());
    assertEquals(file.models(), ModelsFile.read(written).models());
  }

  @Test
  void whatIsLeftOutIsLeftToTheCheckpoint() throws IOException {
    assertEquals(
        Map.of("a", ModelDeclaration.of("a", "org/model")),
        read("{'models': {'a': {'model': 'org/model'}}}").models());
  }

  @Test
  void fileThatIsNotThereDeclaresNothing() throws IOException {
    ModelsFile none = ModelsFile.read(home.resolve("none.json"));
    assertEquals(Map.of(), none.models());
    Exception thrown = assertThrows(IllegalArgumentException.class, () -> none.declaration("a"));
    assertTrue(thrown.getMessage().contains("none.json is missing or declares none"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'modles': {}}                                          | unknown key "modles"; did you mean 'models'?
          {'models': []}                                          | "models" must be an object
          {'models': {'a': 'org/model'}}                          | model 'a': expected a JSON object
          {'models': {'a': {}}}                                   | model 'a' has no "model"
          {'models': {'a': {'model': 'm', 'max_lenght': 5}}}      | unknown key "max_lenght"; did you mean 'max_length'?
          {'models': {'a': {'model': 'm', 'max_length': '5'}}}    | "max_length" must be a whole number, found "5"
          {'models': {'a': {'model': 'm', 'max_length': 1.5}}}    | "max_length" must be a whole number
          {'models': {'a': {'model': 'm', 'max_length': 9999999999}}} | "max_length" must be a whole number
          {'models': {'a': {'model': 'm', 'max_length': -1}}}     | max_length -1
          {'models': {'a': {'model': 'm', 'normalize': 'yes'}}}   | "normalize" must be true or false
          {'models': {'a': {'model': 'm', 'adapters': 'x'}}}      | "adapters" must be a list of texts
          {'models': {'a': {'model': 'm', 'adapters': [1]}}}      | "adapters" must be texts
          {'models': {'a': {'model': 'm', 'adapters': {'law': 1}}}} | "adapters": "law" must be a text
          {'models': {'a': {'model': 'm', 'adapters': {' ': 'x'}}}} | an adapter needs a name
          {'models': {'a': {'model': 'm', 'dtype': 'int7'}}}      | "dtype" must be float32, float16, bfloat16, int8 or int4
          {'models': {'a': {'model': 'm', 'device': 'gpu'}}}      | device must be cpu, cuda or cuda:N, got 'gpu'
          {'models': {'a': {'model': 'm', 'device': []}}}         | device is an empty list; name at least one
          {'models': {'a': {'model': 'm', 'device': ['cuda', 'cuda:0']}}} | device lists cuda:0 twice
          {'models': {'a': {'model': 'm', 'device': ['cpu', 1]}}} | "device" must be texts
          {'models': {'a': {'model': 'm', 'threads': -1}}}        | threads cannot be negative, found -1
          {'models': {'a': {'model': 'm', 'same_space_as': 'a'}}} | "same_space_as" must name another model
          {'models': {'a': {'model': 'm', 'same_space_as': 'tutor'}, 'tutors': {'model': 'n'}}} | or the fingerprint of one, found 'tutor'; did you mean 'tutors'?
          {'query_cache_bytes': -1}                               | query_cache_bytes cannot be negative
          """)
  void faultIsExplained(String json, String reason) {
    Exception thrown = assertThrows(IllegalArgumentException.class, () -> read(json));
    assertTrue(thrown.getMessage().contains(reason), thrown.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'models': {'a': {'model': 'm'}, 'a': {'model': 'n'}}}
          {'models': {
          [1, 2
          {} {}
          """)
  void whatIsNotJsonIsExplained(String json) {
    IOException thrown = assertThrows(IOException.class, () -> read(json));
    assertTrue(thrown.getMessage().contains("cannot be read as JSON"), thrown.getMessage());
  }

  @Test
  void encoderNodesAreReadAndWrittenBack() throws IOException {
    ModelDeclaration cluster = ModelDeclaration.served("cluster", "", new EncoderNodes.InCluster());
    ModelDeclaration listed =
        ModelDeclaration.served(
            "listed",
            "cluster",
            new EncoderNodes.Listed(List.of("http://gpu1:8983/solr/", "https://g2/solr")));
    Path file = home.resolve(ModelsFile.NAME);
    ModelsFileWriter.write(file, List.of(cluster, listed));
    assertEquals(Map.of("cluster", cluster, "listed", listed), ModelsFile.read(file).models());
    assertEquals(
        new EncoderNodes.Listed(List.of("http://gpu1:8983/solr", "https://g2/solr")),
        listed.encoderNodes().orElseThrow());
    ModelDeclaration both =
        read("{'models': {'x': {'model': 'o/m', 'encoder_nodes': 'cluster'}}}").declaration("x");
    assertEquals("o/m", both.model());
    assertTrue(both.encoderNodes().isPresent());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'encoder_nodes': 'cluster', 'dtype': 'float32' | \"dtype\" is taken from the nodes",
        "'encoder_nodes': 'all' | must be \"cluster\" or a list of addresses",
        "'encoder_nodes': [] | the list of encoder nodes is empty",
        "'encoder_nodes': ['gpu1:8983'] | must be given as http://HOST:PORT/solr",
        "'encoder_nodes': ['file:///etc/passwd'] | must be given as http://HOST:PORT/solr",
        "'encoder_nodes': ['http://user:word@gpu1/solr'] | without user and password",
        "'encoder_node': 'cluster' | did you mean 'encoder_nodes'?",
        "'dtype': 'float32' | or \"encoder_nodes\" if other nodes have it"
      })
  void encoderNodesThatCannotBeAreErrors(String keys, String reason) {
    Exception error =
        assertThrows(
            IllegalArgumentException.class, () -> read("{'models': {'x': {" + keys + "}}}"));
    assertTrue(error.getMessage().contains(reason), error.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"encoder,true,false", "cluster,false,true", "listed,false,true"})
  void theExamplesOfEncoderNodesAreSound(String name, boolean here, boolean elsewhere)
      throws IOException {
    ModelDeclaration model =
        ModelsFile.read(
                Path.of("..", "solr-config-examples", "encoder-nodes")
                    .resolve("llm2vec-models." + name + ".json"))
            .declaration("default");
    assertEquals(here, model.isHere());
    assertEquals(elsewhere, model.encoderNodes().isPresent());
  }
}
