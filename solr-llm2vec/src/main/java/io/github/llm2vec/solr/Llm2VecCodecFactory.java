/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.files.NearestName;
import io.github.llm2vec.lucene.Llm2VecCodec;
import io.github.llm2vec.lucene.VectorFormatOptions;
import io.github.llm2vec.lucene.VectorQuantization;
import io.github.llm2vec.lucene.WideVectorsFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.VectorEncoding;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.core.CodecFactory;
import org.apache.solr.core.SchemaCodecFactory;
import org.apache.solr.core.SolrCore;
import org.apache.solr.schema.DenseVectorField;
import org.apache.solr.schema.SchemaField;
import org.apache.solr.util.plugin.SolrCoreAware;

/**
 * Writes the vector fields of a core quantised; all else is left to Solr's own codec factory. In
 * {@code solrconfig.xml}:
 *
 * <pre>{@code
 * <codecFactory class="io.github.llm2vec.solr.Llm2VecCodecFactory">
 *   <str name="quantization">int8</str>
 *   <lst name="fields">
 *     <str name="title_vector">float32</str>
 *   </lst>
 * </codecFactory>
 * }</pre>
 *
 * <p>{@code quantization} (default {@code int8}) is for all fields of float vectors that {@code
 * fields} does not name: {@code float32}, {@code int8} (7 bits in a byte; {@code int7} is the
 * same), {@code int4} or, from Solr 10 on, {@code binary}. The graph is as the field type says:
 * {@code hnswMaxConnections} and {@code hnswBeamWidth}, which Solr 10 calls {@code hnswM} and
 * {@code hnswEfConstruction}. {@code compressionMode} is Solr's. Field types that are more than
 * {@code solr.DenseVectorField}, such as Solr 10's own quantised ones, keep the format that they
 * choose.
 *
 * <p>An index that was written so is read by any Solr of this release. Without this factory new
 * segments, merged ones among them, hold full floats again.
 */
public final class Llm2VecCodecFactory extends CodecFactory implements SolrCoreAware {

  private static final String QUANTIZATION = "quantization";
  private static final String FIELDS = "fields";
  private static final Map<String, VectorQuantization> QUANTIZATIONS =
      Map.of(
          "float32", VectorQuantization.FLOAT32,
          "int8", VectorQuantization.INT8,
          "int7", VectorQuantization.INT8,
          "int4", VectorQuantization.INT4,
          "binary", VectorQuantization.BINARY);

  private final SchemaCodecFactory solrs = new SchemaCodecFactory();
  private final Map<VectorFormatOptions, KnnVectorsFormat> formats = new ConcurrentHashMap<>();
  private final Map<String, VectorQuantization> ofFields = new LinkedHashMap<>();
  private VectorQuantization ofOthers = VectorQuantization.INT8;
  // Set by init and inform, which Solr calls before anything else.
  private PluginArguments arguments;

  private SolrCore core;
  private Codec codec;

  /** Made by Solr. */
  @SuppressWarnings("NullAway.Init")
  public Llm2VecCodecFactory() {}

  @Override
  public void init(NamedList<?> args) {
    super.init(args);
    NamedList<?> single = args.clone();
    Object fields = single.remove(FIELDS);
    arguments =
        new PluginArguments(
            "Llm2VecCodecFactory",
            single,
            Set.of(QUANTIZATION, SchemaCodecFactory.COMPRESSION_MODE));
    ofOthers = quantization(arguments.text(QUANTIZATION, "int8"));
    if (fields instanceof NamedList<?> named) {
      named.forEach((field, value) -> ofFields.put(field, quantization(String.valueOf(value))));
    } else if (fields != null) {
      throw arguments.wrong("argument 'fields' must be a list of field to quantization");
    }
    single.remove(QUANTIZATION);
    solrs.init(single);
  }

  private VectorQuantization quantization(String name) {
    VectorQuantization quantization = QUANTIZATIONS.get(name);
    if (quantization == null) {
      throw arguments.wrong(
          "unknown quantization '" + name + "'" + NearestName.hint(name, QUANTIZATIONS.keySet()));
    }
    try {
      WideVectorsFormat.of(VectorFormatOptions.DEFAULTS.withQuantization(quantization));
    } catch (UnsupportedOperationException e) {
      throw arguments.wrong("quantization '" + name + "' cannot be had: " + e.getMessage());
    }
    return quantization;
  }

  @Override
  public void inform(SolrCore core) {
    this.core = core;
    solrs.inform(core);
    for (String name : ofFields.keySet()) {
      SchemaField field = core.getLatestSchema().getFieldOrNull(name);
      if (field == null || !(field.getType() instanceof DenseVectorField)) {
        throw arguments.wrong(
            "argument 'fields' names '" + name + "', which is no vector field of the schema");
      }
      if (choosesItsFormat(field)) {
        throw arguments.wrong(
            "argument 'fields' names '%s', but its type %s chooses the format itself; leave it out"
                .formatted(name, field.getType().getClassArg()));
      }
    }
    codec = Llm2VecCodec.over(solrs.getCodec(), this::format);
  }

  private static boolean choosesItsFormat(SchemaField field) {
    return field.getType().getClass() != DenseVectorField.class;
  }

  // Solr 10 has other names for the settings of the graph, which Solr 9 does not know.
  @SuppressWarnings("deprecation")
  private KnnVectorsFormat format(String name) {
    SchemaField field = core.getLatestSchema().getFieldOrNull(name);
    VectorQuantization quantization = ofFields.getOrDefault(name, ofOthers);
    if (quantization == VectorQuantization.FLOAT32
        || field == null
        || choosesItsFormat(field)
        || !(field.getType() instanceof DenseVectorField type)
        || !type.getKnnAlgorithm().equals(DenseVectorField.HNSW_ALGORITHM)
        || type.getVectorEncoding() != VectorEncoding.FLOAT32) {
      // Solr's codecs choose vector formats per field, which Llm2VecCodec.over has checked.
      return ((PerFieldKnnVectorsFormat) solrs.getCodec().knnVectorsFormat())
          .getKnnVectorsFormatForField(name);
    }
    return formats.computeIfAbsent(
        new VectorFormatOptions(
            quantization, type.getDimension(), type.getHnswMaxConn(), type.getHnswBeamWidth(), 1),
        WideVectorsFormat::of);
  }

  @Override
  public Codec getCodec() {
    return codec;
  }
}
