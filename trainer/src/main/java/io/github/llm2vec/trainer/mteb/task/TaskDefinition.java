/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb.task;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * The metadata of a task: name, type, dataset and split.
 *
 * @param name MTEB's name
 * @param type what is measured
 * @param dataset where MTEB takes the data from
 * @param revision of that data set; written into result files
 * @param split the one that is reported
 * @param subset name of the part in result files, {@code default} for a task without parts
 * @param ignoreIdenticalIds whether a document with the id of the query is no hit, because it is
 *     the query itself
 * @param folders names under which the data is usually found, relative to a folder of data sets
 * @param members the tasks whose mean this one is; empty for a task with data of its own
 */
public record TaskDefinition(
    String name,
    Type type,
    String dataset,
    String revision,
    String split,
    String subset,
    @JsonProperty("ignore_identical_ids") boolean ignoreIdenticalIds,
    List<String> folders,
    List<String> members) {

  private static final String DEFAULT_SUBSET = "default";
  private static final String NO_REVISION = "local";

  /** Fills in what tasks do not have. */
  public TaskDefinition {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(split, "split");
    // Missing fields of the resource file arrive as null.
    subset = Objects.requireNonNullElse(subset, DEFAULT_SUBSET);
    folders = List.copyOf(Objects.requireNonNullElse(folders, List.of()));
    members = List.copyOf(Objects.requireNonNullElse(members, List.of()));
  }

  /** A task of the user's own. */
  public static TaskDefinition own(String name, Type type, String split) {
    return new TaskDefinition(
        name, type, name, NO_REVISION, split, DEFAULT_SUBSET, false, List.of(), List.of());
  }

  /** Whether this is the mean of other tasks. */
  public boolean isAggregate() {
    return !members.isEmpty();
  }

  /** This task measured on another split. */
  public TaskDefinition withSplit(String value) {
    return new TaskDefinition(
        name, type, dataset, revision, value, subset, ignoreIdenticalIds, folders, members);
  }

  /** The languages of result files; all known tasks are in English. */
  public List<String> languages() {
    return List.of("eng-Latn");
  }

  boolean hasFolder(String folderName) {
    String wanted = folderName.toLowerCase(Locale.ROOT);
    return wanted.equals(name.toLowerCase(Locale.ROOT)) || folders.contains(wanted);
  }

  /** The kinds of MTEB's tasks that can be evaluated. */
  public enum Type {
    /** Documents are ranked for queries. */
    RETRIEVAL("Retrieval", "ndcg_at_10", "Retrieve text based on user query:"),
    /** Similarities of pairs are correlated with people's. */
    STS("STS", "cosine_spearman", "Retrieve semantically similar text:");

    private final String mtebName;
    private final String mainScore;
    private final String defaultInstruction;

    Type(String mtebName, String mainScore, String defaultInstruction) {
      this.mtebName = mtebName;
      this.mainScore = mainScore;
      this.defaultInstruction = defaultInstruction;
    }

    /** The name in MTEB. */
    public String mtebName() {
      return mtebName;
    }

    /** The measure by which systems are ranked. */
    public String mainScore() {
      return mainScore;
    }

    /** MTEB's instruction for a task that has none of its own, in LLM2Vec's spelling. */
    public String defaultInstruction() {
      return defaultInstruction;
    }
  }
}
