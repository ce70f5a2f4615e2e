/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.files.NearestName;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.node.EncoderRegistry;
import io.github.llm2vec.solr.node.ModelHandle;
import io.github.llm2vec.solr.schema.AuxiliaryFields;
import io.github.llm2vec.solr.schema.CollectionIdentity;
import io.github.llm2vec.solr.schema.CoreIdentities;
import io.github.llm2vec.solr.schema.FieldIdentity;
import io.github.llm2vec.solr.schema.ServingField;
import io.github.llm2vec.solr.update.EncodingUpdateProcessor;
import io.github.llm2vec.solr.update.EncodingUpdateProcessor.BufferLimits;
import io.github.llm2vec.solr.update.EncodingUpdateProcessor.UpdateSettings;
import io.github.llm2vec.solr.update.MappedField;
import io.github.llm2vec.solr.update.VectorMapping;
import io.github.llm2vec.solr.update.identity.IdentityUpdateProcessor;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.SolrParams;
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
 *   <lst name="mapping">
 *     <str name="source">{title}\n{body}</str>
 *     <str name="vector">vector</str>
 *   </lst>
 *   <lst name="mapping">
 *     <str name="source">title</str>
 *     <str name="vector">title_vector</str>
 *     <str name="model">small</str>
 *   </lst>
 * </processor>
 * }</pre>
 *
 * With one mapping the list around it may be left out. All arguments are described in {@code
 * docs/solr-updates.md}. The models start to be opened, in the background, when the core is loaded.
 */
public final class Llm2VecUpdateProcessorFactory extends UpdateRequestProcessorFactory
    implements SolrCoreAware, UpdateRequestProcessorFactory.RunAlways {

  private static final String NAME = "Llm2VecUpdateProcessorFactory";

  /** Arguments of the processor as a whole. */
  private static final Set<String> OWN =
      Set.of(
          "maxBufferedDocuments",
          "maxBufferedTokens",
          "maxBufferedBytes",
          "openSeconds",
          "reuseUnchanged");

  private List<VectorMapping> mappings = List.of();
  private BufferLimits limits = BufferLimits.DEFAULTS;
  private boolean reuse;
  private final Map<VectorMapping, ModelHandle> encoders = new LinkedHashMap<>();

  /** Made by Solr. */
  public Llm2VecUpdateProcessorFactory() {}

  @Override
  public void init(NamedList<?> args) {
    NamedList<Object> own = new NamedList<>();
    args.forEach(
        (name, value) -> {
          if (!MappingArguments.MAPPING.equals(name) || !(value instanceof NamedList<?>)) {
            own.add(name, value);
          }
        });
    Set<String> known = new HashSet<>(MappingArguments.KNOWN);
    known.addAll(OWN);
    known.add(MappingArguments.MAPPING);
    PluginArguments arguments = new PluginArguments(NAME, own, known);
    mappings = MappingArguments.read(NAME, args);
    reuse = arguments.flag("reuseUnchanged", true);
    BufferLimits missing = BufferLimits.DEFAULTS;
    try {
      limits =
          new BufferLimits(
              Math.toIntExact(arguments.number("maxBufferedDocuments", missing.documents())),
              arguments.number("maxBufferedTokens", missing.tokens()),
              arguments.number("maxBufferedBytes", missing.bytes()),
              Duration.ofSeconds(arguments.number("openSeconds", missing.patience().toSeconds())));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw arguments.wrong(String.valueOf(e.getMessage()));
    }
    Set<String> vectorFields = new HashSet<>();
    for (VectorMapping mapping : mappings) {
      if (!vectorFields.add(mapping.target().field())) {
        throw arguments.wrong(
            "two mappings fill the vector field '" + mapping.target().field() + "'");
      }
    }
  }

  @Override
  public void inform(SolrCore core) {
    IndexSchema schema = core.getLatestSchema();
    for (VectorMapping mapping : mappings) {
      for (String source : mapping.source().fields()) {
        checkField(schema, source);
      }
      String errorField = mapping.handling().failures().errorField();
      if (!errorField.isEmpty()) {
        checkField(schema, errorField);
      }
      encoders.put(mapping, EncoderRegistry.of(core).acquire(core, mapping.model()));
    }
    fields(schema);
    new CoreChecks(core, mappings).check(this);
  }

  private static void checkField(IndexSchema schema, String name) {
    if (schema.getFieldOrNull(name) == null) {
      throw SolrErrors.serverError(
          "%s: the schema has no field '%s'%s"
              .formatted(NAME, name, NearestName.hint(name, schema.getFields().keySet())));
    }
  }

  /**
   * The mappings as they stand in the schema of a request, without those whose field another one
   * has replaced for good.
   */
  List<MappedField> fields(SolrQueryRequest request) {
    return encoders.entrySet().stream()
        .filter(
            entry -> !ServingField.isDropped(request.getCore(), entry.getKey().target().field()))
        .map(entry -> MappedField.of(entry.getKey(), request.getSchema(), entry.getValue()))
        .toList();
  }

  private List<MappedField> fields(IndexSchema schema) {
    return encoders.entrySet().stream()
        .map(entry -> MappedField.of(entry.getKey(), schema, entry.getValue()))
        .toList();
  }

  /** The mappings with the models that they name; empty until the core is there. */
  Map<VectorMapping, ModelHandle> encoders() {
    return Collections.unmodifiableMap(encoders);
  }

  /** How much waits to be encoded together. */
  BufferLimits limits() {
    return limits;
  }

  @Override
  public UpdateRequestProcessor getInstance(
      SolrQueryRequest request, SolrQueryResponse response, UpdateRequestProcessor next) {
    if (IdentityUpdateProcessor.isForwarded(request)) {
      List<IdentityUpdateProcessor.Watched> watched =
          mappings.stream()
              .map(VectorMapping::target)
              .map(
                  target ->
                      new IdentityUpdateProcessor.Watched(
                          AuxiliaryFields.of(request.getSchema(), target.field()),
                          target.allowModelChange()))
              .toList();
      return new IdentityUpdateProcessor(watched, request, next);
    }
    answerOtherNodes(request);
    UpdateChain chain = UpdateChain.of(request);
    UpdateSettings settings =
        new UpdateSettings(
            fields(request),
            limits,
            reuse,
            chain.checksConsistency(),
            chain.isTolerantBefore(this));
    return new EncodingUpdateProcessor(settings, request, response, next);
  }

  /**
   * Answers a node that wants to know whether vectors of its model may come.
   *
   * @throws SolrException 409 if they may not
   */
  private void answerOtherNodes(SolrQueryRequest request) {
    SolrParams params = request.getParams();
    for (VectorMapping mapping : mappings) {
      String field = mapping.target().field();
      Optional.ofNullable(params.get(CollectionIdentity.CHECK_PARAMETER + field))
          .flatMap(FieldIdentity::ofTerm)
          .ifPresent(
              identity ->
                  CoreIdentities.of(request.getCore())
                      .require(
                          request.getCore(),
                          field,
                          identity,
                          params.get(CollectionIdentity.NODE_PARAMETER, "unknown")));
    }
  }
}
