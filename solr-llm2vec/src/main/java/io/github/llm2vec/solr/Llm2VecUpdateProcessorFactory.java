/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.NearestName;
import io.github.llm2vec.solr.node.NodeEncoder;
import io.github.llm2vec.solr.schema.VectorField;
import io.github.llm2vec.solr.update.BufferLimits;
import io.github.llm2vec.solr.update.EncodingSettings;
import io.github.llm2vec.solr.update.EncodingUpdateProcessor;
import io.github.llm2vec.solr.update.OnError;
import io.github.llm2vec.solr.update.TextTemplate;
import io.github.llm2vec.solr.update.VectorMapping;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.SolrException.ErrorCode;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.core.SolrCore;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.response.SolrQueryResponse;
import org.apache.solr.schema.IndexSchema;
import org.apache.solr.update.processor.UpdateRequestProcessor;
import org.apache.solr.update.processor.UpdateRequestProcessorFactory;
import org.apache.solr.util.plugin.SolrCoreAware;

/**
 * Encodes documents while they are indexed. In an update chain of {@code solrconfig.xml}, before
 * the distributed processor:
 *
 * <pre>{@code
 * <processor class="io.github.llm2vec.solr.Llm2VecUpdateProcessorFactory">
 *   <str name="model">default</str>
 *   <str name="source">{title}\n{body}</str>
 *   <str name="vector">vector</str>
 *   <str name="instruction"></str>               <!-- default: the model's own -->
 *   <str name="separator"> </str>                <!-- between values of a field; default a blank -->
 *   <str name="onError">fail</str>               <!-- or skip; default fail -->
 *   <str name="errorField">vector_error</str>    <!-- for skip; default none -->
 *   <int name="maxBufferedDocuments">128</int>
 *   <long name="maxBufferedCharacters">4000000</long>
 *   <int name="openSeconds">600</int>            <!-- patience with a model that is being opened -->
 * </processor>
 * }</pre>
 *
 * The model starts to be opened, in the background, when the core is loaded.
 */
public final class Llm2VecUpdateProcessorFactory extends UpdateRequestProcessorFactory
    implements SolrCoreAware {

  private static final Set<String> KNOWN =
      Set.of(
          "model",
          "source",
          "vector",
          "instruction",
          "separator",
          "onError",
          "errorField",
          "maxBufferedDocuments",
          "maxBufferedCharacters",
          "openSeconds");

  private String model;
  private VectorMapping mapping;
  private BufferLimits limits;
  private NodeEncoder encoder;

  /** Made by Solr. */
  public Llm2VecUpdateProcessorFactory() {}

  @Override
  public void init(NamedList<?> args) {
    PluginArguments arguments = new PluginArguments("Llm2VecUpdateProcessorFactory", args, KNOWN);
    model = arguments.required("model");
    try {
      mapping =
          new VectorMapping(
              TextTemplate.parse(arguments.required("source"), arguments.text("separator", " ")),
              arguments.required("vector"),
              Prompt.document(arguments.text("instruction", "")),
              onError(arguments),
              arguments.text("errorField", ""));
      limits =
          new BufferLimits(
              Math.toIntExact(
                  arguments.number("maxBufferedDocuments", BufferLimits.DEFAULTS.documents())),
              arguments.number("maxBufferedCharacters", BufferLimits.DEFAULTS.characters()),
              Duration.ofSeconds(
                  arguments.number("openSeconds", BufferLimits.DEFAULTS.patience().toSeconds())));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw arguments.wrong(e.getMessage());
    }
  }

  private static OnError onError(PluginArguments arguments) {
    String value = arguments.text("onError", "fail");
    Set<String> known =
        Arrays.stream(OnError.values())
            .map(choice -> choice.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    if (!known.contains(value)) {
      throw arguments.wrong("unknown onError '" + value + "'" + NearestName.hint(value, known));
    }
    return OnError.valueOf(value.toUpperCase(Locale.ROOT));
  }

  @Override
  public void inform(SolrCore core) {
    IndexSchema schema = core.getLatestSchema();
    VectorField field = VectorField.of(schema, mapping.vectorField());
    for (String source : mapping.source().fields()) {
      checkField(schema, source);
    }
    if (!mapping.errorField().isEmpty()) {
      checkField(schema, mapping.errorField());
    }
    encoder = EncoderRegistry.of(core).acquire(core, model);
    field.checkSimilarity(encoder.declaration());
  }

  private static void checkField(IndexSchema schema, String name) {
    if (schema.getFieldOrNull(name) == null) {
      throw new SolrException(
          ErrorCode.SERVER_ERROR,
          "Llm2VecUpdateProcessorFactory: the schema has no field '"
              + name
              + "'"
              + NearestName.hint(name, schema.getFields().keySet()));
    }
  }

  @Override
  public UpdateRequestProcessor getInstance(
      SolrQueryRequest request, SolrQueryResponse response, UpdateRequestProcessor next) {
    VectorField field = VectorField.of(request.getSchema(), mapping.vectorField());
    return new EncodingUpdateProcessor(
        new EncodingSettings(mapping, field, limits), encoder, response, next);
  }
}
