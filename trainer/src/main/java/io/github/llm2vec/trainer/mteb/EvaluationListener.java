/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.mteb;

import io.github.llm2vec.trainer.mteb.task.Finding;

/**
 * A callback for the progress of an evaluation, called on the thread that evaluates. An exception
 * thrown by a listener ends the evaluation: what is on disk stays, and a later run goes on from
 * there.
 */
public interface EvaluationListener {

  /** Hears nothing. */
  EvaluationListener NONE = new EvaluationListener() {};

  /** A task begins; {@code number} of {@code tasks}, counted from 1. */
  default void taskStarted(EvaluationTask task, int number, int tasks) {}

  /** Something is wrong with the data of a task. */
  default void finding(EvaluationTask task, Finding finding) {}

  /**
   * Texts were encoded, or found encoded by an earlier run.
   *
   * @param what "documents", "queries" or "sentences"
   * @param done how many have a vector; those of whole shards are on disk
   * @param total how many there will be
   * @param fresh whether the last ones were encoded now
   */
  default void encoded(EvaluationTask task, String what, int done, int total, boolean fresh) {}

  /** Vectors were added to the index that a graph search needs; {@code done} of {@code total}. */
  default void indexed(EvaluationTask task, SearchMethod method, int done, int total) {}

  /** A way of searching has come so far. */
  default void searched(EvaluationTask task, SearchMethod method, int percent) {}

  /** A way of searching was measured. */
  default void measured(EvaluationTask task, TaskEvaluation.MethodResult result) {}

  /** A task is done and its files are written. */
  default void taskFinished(EvaluationTask task, TaskEvaluation evaluation) {}
}
