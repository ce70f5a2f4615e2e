/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Source fields of every type give one text, from whatever their values are read. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SourceFieldsTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String FIELDS =
      """
      <field name="i" type="pint"/>
      <field name="l" type="plong"/>
      <field name="f" type="pfloat"/>
      <field name="d" type="pdouble"/>
      <field name="b" type="boolean"/>
      <field name="dt" type="pdate"/>
      <field name="s" type="string"/>
      <field name="e" type="grade"/>
      <field name="ss" type="string" multiValued="true"/>
      <field name="is" type="pint" multiValued="true"/>
      <field name="i_dv" type="pint" stored="false"/>
      <field name="d_dv" type="pdouble" stored="false"/>
      <field name="b_dv" type="boolean" stored="false"/>
      <field name="dt_dv" type="pdate" stored="false"/>
      <field name="s_dv" type="string" stored="false" indexed="false"/>
      <field name="e_dv" type="grade" stored="false"/>
      <field name="ss_dv" type="string" stored="false" multiValued="true"/>
      <field name="is_dv" type="pint" stored="false" multiValued="true"/>
      <field name="ds_dv" type="pdouble" stored="false" multiValued="true"/>
      <field name="dts_dv" type="pdate" stored="false" multiValued="true"/>
      <field name="bs_dv" type="boolean" stored="false" multiValued="true"/>
      <field name="es_dv" type="grade" stored="false" multiValued="true"/>
      <field name="s_default" type="string" default="untitled"/>
      <field name="i_default" type="pint" default="007"/>
      <field name="dt_default" type="pdate" default="NOW"/>
      <field name="dv_default" type="pint" stored="false" default="3"/>
      <fieldType name="pfloat" class="solr.FloatPointField" docValues="true"/>
      <fieldType name="pdouble" class="solr.DoublePointField" docValues="true"/>
      <fieldType name="pdate" class="solr.DatePointField" docValues="true"/>
      <fieldType name="boolean" class="solr.BoolField" docValues="true"/>
      <fieldType name="grade" class="solr.EnumFieldType" docValues="true"
                 enumsConfig="enums.xml" enumName="grade"/>
      <!-- Passages. -->""";

  private final FakeBatchModel encoder = new FakeBatchModel(16);
  private SolrNode node;
  private Path home;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    home = temporary;
    node = SolrNode.start(home, model -> encoder.service());
  }

  @AfterAll
  void stop() {
    node.close();
  }

  private UpdatingCore core(String name, String source) throws Exception {
    Path conf = home.resolve(name).resolve("conf");
    java.nio.file.Files.createDirectories(conf);
    java.nio.file.Files.writeString(
        conf.resolve("enums.xml"),
        "<enumsConfig><enum name=\"grade\"><value>poor</value><value>good</value>"
            + "<value>best</value></enum></enumsConfig>");
    return UpdatingCore.create(
        node,
        name,
        Map.of(),
        Map.of(
            "{title} {text} {number}", source,
            "<!-- Passages. -->", FIELDS,
            "<str name=\"model\">small</str>", ""));
  }

  /** What a client sends for a field, and the text that it is. */
  private record Value(String field, Object sent, String text) {}

  private static final List<Value> VALUES =
      List.of(
          new Value("i", "07", "7"),
          new Value("i", 12, "12"),
          new Value("l", "007", "7"),
          new Value("f", "1.10", "1.1"),
          new Value("f", 0.1, "0.1"),
          new Value("d", 1, "1.0"),
          new Value("d", "1e3", "1000.0"),
          new Value("b", "1", "true"),
          new Value("b", "TRUE", "true"),
          new Value("b", false, "false"),
          new Value("b", 1, "true"),
          new Value("dt", "2026-01-01T00:00:00.500Z", "2026-01-01T00:00:00.500Z"),
          new Value("dt", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z"),
          new Value("dt", "2026-01-01T10:00:00Z/DAY", "2026-01-01T00:00:00Z"),
          new Value("s", 7.50, "7.5"),
          new Value("e", "good", "good"),
          new Value("e", 1, "good"),
          new Value("ss", List.of("b", "a", "b", " "), "b a b"),
          new Value("is", List.of("03", 1, 3), "3 1 3"),
          new Value("i_dv", "07", "7"),
          new Value("d_dv", 1, "1.0"),
          new Value("b_dv", "yes", "false"),
          new Value("dt_dv", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z"),
          new Value("s_dv", " x ", " x "),
          new Value("e_dv", 2, "best"),
          new Value(
              "ss_dv", List.of("b", "\uD83D\uDE00", "\uFF5E", "a", "b"), "a b \uFF5E \uD83D\uDE00"),
          new Value("is_dv", List.of("10", 9, 10, -1), "-1 9 10 10"),
          new Value("ds_dv", List.of(2, "-0.5", 10), "-0.5 2.0 10.0"),
          new Value(
              "dts_dv",
              List.of("2026-01-01T00:00:00Z", "1999-01-01T00:00:00.000Z"),
              "1999-01-01T00:00:00Z 2026-01-01T00:00:00Z"),
          new Value("bs_dv", List.of(true, false, "t"), "false true"),
          new Value("es_dv", List.of("best", "poor"), "poor best"));

  @Test
  void everyTypeOfFieldKeepsItsVectorThroughOtherUpdates() throws Exception {
    // Of a document that has one of them, the text is that alone.
    String source =
        VALUES.stream()
            .map(value -> "{" + value.field + "}")
            .distinct()
            .collect(Collectors.joining());
    UpdatingCore core = core("types", source);
    for (Value value : VALUES) {
      Map<String, Object> document = Map.of("id", "1", value.field, value.sent);
      String sent = JSON.writeValueAsString(List.of(document));
      encoder.forget();
      core.accept("{\"delete\":\"1\"}");
      core.accept(sent);
      assertArrayEquals(
          encoder.vector(" " + value.text), core.vectors("vector").get("1"), 0f, "" + value);
      assertEquals(List.of(value.text), encoder.texts(), "" + value);
      encoder.forget();
      assertUnchanged(core, value);
      core.acceptUncommitted(sent);
      core.accept("[{\"id\":\"1\",\"year\":{\"set\":5}}]");
      assertUnchanged(core, value);
      core.accept(
          "[{\"id\":\"1\",\"%s\":{\"set\":%s}}]"
              .formatted(value.field, JSON.writeValueAsString(value.sent)));
      assertUnchanged(core, value);
    }
  }

  private void assertUnchanged(UpdatingCore core, Value value) throws Exception {
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":4}}]");
    assertEquals(List.of(), encoder.texts(), "" + value);
    assertArrayEquals(
        encoder.vector(" " + value.text), core.vectors("vector").get("1"), 0f, "" + value);
  }

  @Test
  void defaultOfTheSchemaIsPartOfTheText(TestInfo test) throws Exception {
    UpdatingCore core =
        core(
            test.getTestMethod().orElseThrow().getName(),
            "{s_default} {i_default} {dv_default} {text}");
    encoder.forget();
    core.accept("[{\"id\":\"1\",\"text\":\"a\"},{\"id\":\"2\",\"text\":\"b\",\"s_default\":null}]");
    assertEquals(List.of("untitled 7 3 a", "untitled 7 3 b"), encoder.texts());
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":4}},{\"id\":\"2\",\"year\":{\"set\":4}}]");
    assertEquals(2, encoder.texts().size());
    core.accept("[{\"id\":\"1\",\"s_default\":{\"set\":\"titled\"}}]");
    core.accept("[{\"id\":\"1\",\"s_default\":{\"set\":null}}]");
    assertEquals(List.of("titled 7 3 a"), encoder.texts().subList(2, 3));
    assertArrayEquals(encoder.vector(" untitled 7 3 a"), core.vectors("vector").get("1"), 0f);
  }

  @Test
  void momentOfADateIsFixedOnce(TestInfo test) throws Exception {
    UpdatingCore core =
        core(test.getTestMethod().orElseThrow().getName(), "{dt_default} {dt} {text}");
    encoder.forget();
    core.accept("[{\"id\":\"1\",\"text\":\"a\",\"dt\":\"NOW+1DAY\"}]");
    List<String> texts = new ArrayList<>(encoder.texts());
    assertEquals(1, texts.size());
    var document = core.document("1");
    assertEquals(
        document.get("dt_default").asText() + " " + document.get("dt").asText() + " a",
        texts.get(0));
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":4}}]");
    assertEquals(texts, encoder.texts());
    core.accept("[{\"id\":\"1\",\"dt\":{\"set\":\"NOW/YEAR\"}}]");
    core.accept("[{\"id\":\"1\",\"year\":{\"set\":5}}]");
    assertEquals(2, encoder.texts().size());
  }

  @Test
  void valueThatAFieldCannotHaveIsRefusedByItsId(TestInfo test) throws Exception {
    UpdatingCore core = core(test.getTestMethod().orElseThrow().getName(), "{i} {dt} {text}");
    core.refuse(400, "[{\"id\":\"1\",\"text\":\"a\",\"i\":\"soon\"}]", "document '1'");
    core.refuse(400, "[{\"id\":\"1\",\"text\":\"a\",\"dt\":\"soon\"}]", "document '1'");
    core.refuse(
        400, "[{\"id\":\"2\",\"text\":\"a\"},{\"id\":\"1\",\"i\":{\"set\":\"soon\"}}]", "soon");
    core.commit();
    assertEquals(1, core.find("*:*", "id").size());
  }
}
