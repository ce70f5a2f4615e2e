/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.solr;

import io.github.llm2vec.solr.errors.SolrErrors;
import io.github.llm2vec.solr.reembed.Coverage;
import io.github.llm2vec.solr.reembed.ModelChange;
import io.github.llm2vec.solr.reembed.ReembedJobs;
import io.github.llm2vec.solr.reembed.SearchComparison;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.solr.common.SolrException;
import org.apache.solr.common.params.CommonParams;
import org.apache.solr.common.params.ModifiableSolrParams;
import org.apache.solr.common.params.SolrParams;
import org.apache.solr.common.util.NamedList;
import org.apache.solr.common.util.SimpleOrderedMap;
import org.apache.solr.request.SolrQueryRequest;
import org.apache.solr.response.SolrQueryResponse;

/**
 * The steps of a change of model that {@link Llm2VecRequestHandler} can be asked for, each with the
 * parameters {@code field} and {@code to}; docs/reembed.md tells of all of them.
 */
final class ReembedActions {

  private static final String FIELD = "field";
  private static final String TO = "to";

  /** Share of the ten best hits that must stay for a switch, if the request names none. */
  private static final double MIN_OVERLAP = 0.2;

  private final SolrQueryResponse response;
  private final SolrParams params;
  private final ReembedJobs jobs;
  private final ReembedJobs.Target target;

  ReembedActions(SolrQueryRequest request, SolrQueryResponse response) {
    this.response = response;
    this.params = request.getParams();
    this.jobs = ReembedJobs.of(request.getCoreContainer());
    this.target =
        ReembedJobs.Target.of(
            request.getCore(),
            String.valueOf(request.getContext().getOrDefault(CommonParams.PATH, "/llm2vec")),
            params.required().get(FIELD),
            params.required().get(TO));
  }

  void take(HandlerAction action) {
    switch (action) {
      case REEMBED -> encode();
      case REEMBED_STOP -> {
        jobs.stop(target);
        status();
      }
      case REEMBED_CHECK -> requireCovered(false);
      case REEMBED_COMPARE -> compare();
      case REEMBED_SWITCH -> switchOver();
      case REEMBED_ROLLBACK ->
          jobs.call(
              target,
              change -> {
                change.rollBack();
                return true;
              });
      case REEMBED_DROP -> {
        jobs.drop(target, rate(), batch());
        status();
      }
      default -> status();
    }
  }

  private void encode() {
    int batch = batch();
    Optional<String> model = Optional.ofNullable(params.get("model"));
    List<String> hints = new ArrayList<>();
    List<String> added;
    try {
      added =
          jobs.call(
              target,
              change -> change.addFields(model, params.getInt("dimensions", 0), hints::add));
    } catch (SolrException e) {
      throw hints.isEmpty()
          ? e
          : SolrErrors.badRequest(e.getMessage() + "\n" + String.join("\n", hints), e);
    }
    if (!added.isEmpty()) {
      response.add("fieldsAdded", added);
    }
    Optional<String> mapping =
        jobs.call(
            target,
            change -> {
              Optional<String> missing = change.missingMapping(model);
              if (missing.isEmpty()) {
                change.requireModel(model);
              }
              return missing;
            });
    if (mapping.isPresent()) {
      response.add("mappingMissing", mapping.get());
      response.setException(
          SolrErrors.badRequest(
              "the update chain does not fill '%s' yet; put the mapping into solrconfig.xml beside that of '%s', reload the collection and ask again: %s"
                  .formatted(
                      target.to(), target.field(), mapping.get().replaceAll("\\s*\n\\s*", ""))));
      return;
    }
    jobs.encode(target, rate(), batch);
    status();
  }

  private double rate() {
    return params.getDouble("rate", 0);
  }

  private int batch() {
    try {
      return ModelChange.batch(Optional.ofNullable(params.getInt("batch")), rate());
    } catch (IllegalArgumentException e) {
      throw SolrErrors.badRequest(e.getMessage(), e);
    }
  }

  private void status() {
    ModifiableSolrParams ask = new ModifiableSolrParams();
    ask.set("action", HandlerAction.REEMBED_STATUS.parameter());
    ask.set(FIELD, target.field()).set(TO, target.to());
    response.add("reembed", jobs.status(target, ask));
  }

  private boolean requireCovered(boolean required) {
    Coverage coverage = jobs.call(target, ModelChange::coverage);
    response.add("complete", coverage.complete());
    if (!coverage.complete()) {
      NamedList<Object> missing = new SimpleOrderedMap<>();
      coverage.missing().forEach(missing::add);
      response.add("missing", missing);
      NamedList<Object> examples = new SimpleOrderedMap<>();
      coverage.examples().forEach(examples::add);
      response.add("examples", examples);
      if (required) {
        response.setException(SolrErrors.conflict(String.join("; ", coverage.lines())));
      }
    }
    return coverage.complete();
  }

  /** Whether enough stays the same. */
  private boolean compare() {
    double minOverlap = params.getDouble("minOverlap", MIN_OVERLAP);
    SearchComparison found = jobs.call(target, change -> change.compare(Optional.empty()));
    response.add("overlap", found.overlap());
    response.add("queries", found.queries().size());
    response.add("mostDifferent", found.lines());
    response.add("accepted", found.overlap() >= minOverlap);
    return found.overlap() >= minOverlap;
  }

  private void switchOver() {
    if (!requireCovered(true)) {
      return;
    }
    if (!compare()) {
      response.setException(
          SolrErrors.conflict(
              "too few of the ten best hits stay, so nothing is switched; minOverlap= says how many"
                  + " must"));
      return;
    }
    String instruction = params.get("instruction", "");
    jobs.call(
        target,
        change -> {
          change.switchOver(instruction);
          return true;
        });
  }
}
