/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import com.google.errorprone.annotations.FormatMethod;
import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.schema.AuxiliaryFields;
import io.github.llm2vec.solr.schema.PassageFields;
import io.github.llm2vec.solr.update.VectorMapping;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.solr.common.SolrException;
import org.apache.solr.core.SolrCore;
import org.apache.solr.schema.CopyField;
import org.apache.solr.schema.IndexSchema;
import org.apache.solr.schema.SchemaField;
import org.apache.solr.update.processor.DistributedUpdateProcessorFactory;
import org.apache.solr.update.processor.DocBasedVersionConstraintsProcessorFactory;
import org.apache.solr.update.processor.DocExpirationUpdateProcessorFactory;
import org.apache.solr.update.processor.IgnoreCommitOptimizeUpdateProcessorFactory;
import org.apache.solr.update.processor.LogUpdateProcessorFactory;
import org.apache.solr.update.processor.RunUpdateProcessorFactory;
import org.apache.solr.update.processor.SignatureUpdateProcessorFactory;
import org.apache.solr.update.processor.TolerantUpdateProcessorFactory;
import org.apache.solr.update.processor.UpdateRequestProcessorFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks the schema and the update chains of a core when it is loaded: logs what should be changed,
 * and refuses what cannot work.
 */
final class CoreChecks {

  private static final Logger LOG = LoggerFactory.getLogger(MethodHandles.lookup().lookupClass());

  /** Leave alone what a text is made of. */
  private static final Set<Class<? extends UpdateRequestProcessorFactory>> HARMLESS =
      Set.of(
          DistributedUpdateProcessorFactory.class,
          DocBasedVersionConstraintsProcessorFactory.class,
          DocExpirationUpdateProcessorFactory.class,
          IgnoreCommitOptimizeUpdateProcessorFactory.class,
          Llm2VecGuardUpdateProcessorFactory.class,
          Llm2VecUpdateProcessorFactory.class,
          LogUpdateProcessorFactory.class,
          RunUpdateProcessorFactory.class,
          SignatureUpdateProcessorFactory.class,
          TolerantUpdateProcessorFactory.class);

  private final SolrCore core;
  private final IndexSchema schema;
  private final List<VectorMapping> mappings;

  CoreChecks(SolrCore core, List<VectorMapping> mappings) {
    this.core = core;
    this.schema = core.getLatestSchema();
    this.mappings = mappings;
  }

  /**
   * Looks at all of it.
   *
   * @param mine the processor whose mappings they are
   * @throws SolrException 500 if documents would lose their vectors
   */
  void check(UpdateRequestProcessorFactory mine) {
    for (VectorMapping mapping : mappings) {
      checkSources(mapping);
      checkCopies(mapping);
    }
    for (UpdateChain chain : UpdateChain.allOf(core)) {
      int place = chain.processors().indexOf(mine);
      if (place >= 0) {
        checkChain(chain.processors(), place);
      }
    }
  }

  private void checkSources(VectorMapping mapping) {
    for (String source : mapping.source().fields()) {
      SchemaField field = schema.getField(source);
      if (!field.stored() && !field.hasDocValues()) {
        warn(
            "field '%s' is neither stored nor has it docValues, so that an atomic update of any other"
                + " field takes it from the document, and the vector '%s' loses its text; set it to"
                + " stored=\"true\"",
            source, mapping.target().field());
      }
      for (IndexSchema.DynamicCopy rule : schema.getDynamicCopyFields()) {
        if (matches(rule.getDestFieldName(), source)) {
          warn(
              "what copyField copies from '%s' into field '%s' comes after documents have been"
                  + " encoded and is no part of their vectors; name a source that clients send",
              rule.getRegex(), source);
        }
      }
    }
  }

  /** Where the pattern has no star, the schema itself counts the field as a target. */
  private static boolean matches(String pattern, String name) {
    int star = pattern.indexOf('*');
    return star >= 0
        && name.length() >= pattern.length()
        && name.startsWith(pattern.substring(0, star))
        && name.endsWith(pattern.substring(star + 1));
  }

  /** What we write beside the vector is for no search. */
  private void checkCopies(VectorMapping mapping) {
    String vector = mapping.target().field();
    AuxiliaryFields auxiliary = AuxiliaryFields.of(schema, vector);
    Stream<String> own =
        Stream.of(
                Stream.of(vector, mapping.handling().failures().errorField()),
                auxiliary.copy().stream(),
                auxiliary.identity().stream(),
                mapping.cutsPassages() ? Stream.of(PassageFields.PARENT) : Stream.<String>empty())
            .flatMap(names -> names);
    Set<String> copied = new TreeSet<>();
    Set<String> into = new TreeSet<>();
    own.filter(name -> schema.getFieldOrNull(name) != null)
        .forEach(
            name -> {
              for (CopyField rule : schema.getCopyFieldsList(name)) {
                copied.add(name);
                into.add(rule.getDestination().getName());
              }
            });
    if (!copied.isEmpty()) {
      warn(
          "copyField rules of the schema copy %s into %s, where searches find the numbers of vectors and"
              + " the names of models; name the fields to copy one by one instead of source=\"*\"",
          String.join(", ", copied), String.join(", ", into));
    }
  }

  private void checkChain(List<UpdateRequestProcessorFactory> chain, int place) {
    List<String> changing = new ArrayList<>();
    for (int i = 0; i < chain.size(); i++) {
      UpdateRequestProcessorFactory processor = chain.get(i);
      if (i > place && !HARMLESS.contains(processor.getClass())) {
        changing.add(processor.getClass().getSimpleName());
      }
      if (i < place && processor instanceof DistributedUpdateProcessorFactory) {
        warn(
            "Llm2VecUpdateProcessorFactory stands behind the distributed processor, so that every"
                + " replica encodes every document; put it before %s",
            processor.getClass().getSimpleName());
      }
      if (processor instanceof SignatureUpdateProcessorFactory signature) {
        checkSignature(signature);
      }
    }
    if (!changing.isEmpty()) {
      warn(
          "%s behind Llm2VecUpdateProcessorFactory may change a text after it was encoded: its"
              + " document is then encoded once more by the leader and by each replica or, without"
              + " Llm2VecGuardUpdateProcessorFactory, keeps the vector of another text; put it before"
              + " Llm2VecUpdateProcessorFactory",
          String.join(", ", changing));
    }
  }

  /** Solr then deletes what has the same id and not the signature: the passages. */
  private void checkSignature(SignatureUpdateProcessorFactory signature) {
    boolean passages = mappings.stream().anyMatch(VectorMapping::cutsPassages);
    if (passages && signature.isEnabled() && signature.getOverwriteDupes()) {
      throw SolrErrors.serverError(
          "SignatureUpdateProcessorFactory with overwriteDupes=true deletes the passages of every"
              + " document that it lets in; set overwriteDupes to false, or longText to truncate");
    }
  }

  @FormatMethod
  private void warn(String message, Object... values) {
    LOG.warn("Core {}: {}", core.getName(), message.formatted(values));
  }
}
