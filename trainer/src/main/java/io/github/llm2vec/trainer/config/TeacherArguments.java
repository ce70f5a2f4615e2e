/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.config;

import io.github.llm2vec.encoder.Pooling;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Where the vectors come from that a student learns. */
public sealed interface TeacherArguments {

  /**
   * A model that encodes the texts once; their vectors are kept on disk. What is unsaid is as the
   * model's files say.
   *
   * @param name {@code teacher_model_name_or_path}
   * @param adapters {@code teacher_peft_model_name_or_path}
   * @param pooling {@code teacher_pooling_mode}
   * @param maxSeqLength {@code teacher_max_seq_length}
   * @param bidirectional {@code teacher_bidirectional}
   * @param dtype {@code teacher_torch_dtype}
   * @param queryInstruction {@code teacher_query_instruction}, put before queries; empty for the
   *     instruction that the model has itself, if any
   */
  record Model(
      String name,
      List<String> adapters,
      Optional<Pooling> pooling,
      OptionalInt maxSeqLength,
      Optional<Boolean> bidirectional,
      ModelArguments.Dtype dtype,
      String queryInstruction)
      implements TeacherArguments {

    /** Copies the list. */
    public Model {
      adapters = List.copyOf(adapters);
    }
  }

  /**
   * Vectors that are there already.
   *
   * @param file {@code teacher_vectors}: an array of NumPy, safetensors with one tensor, or JSON
   *     lines
   */
  record Vectors(Path file) implements TeacherArguments {}

  /** Reads the keys of one or the other; refuses both and neither. */
  static TeacherArguments read(ConfigValues values) {
    Optional<String> name = values.optionalText("teacher_model_name_or_path");
    List<String> adapters = values.texts("teacher_peft_model_name_or_path", List.of());
    Optional<Pooling> pooling =
        values.optionalText("teacher_pooling_mode").map(text -> pooling(values, text));
    OptionalInt length = values.optionalWhole("teacher_max_seq_length", 2);
    Optional<Boolean> bidirectional = values.optionalFlag("teacher_bidirectional");
    ModelArguments.Dtype dtype = values.choice("teacher_torch_dtype", ModelArguments.Dtype.FLOAT32);
    String instruction = values.text("teacher_query_instruction", "");
    Optional<Path> vectors = values.optionalText("teacher_vectors").map(Path::of);
    if (name.isPresent() == vectors.isPresent()) {
      throw values.invalid(
          name.isPresent() ? "teacher_vectors" : "teacher_model_name_or_path",
          name.isPresent()
              ? "contradicts teacher_model_name_or_path; keep one of the two"
              : "is missing, and teacher_vectors, too; name the teacher or its vectors");
    }
    if (vectors.isPresent()) {
      return new Vectors(vectors.get());
    }
    if (dtype == ModelArguments.Dtype.AUTO) {
      throw values.invalid(
          "teacher_torch_dtype", "expected float32, bfloat16 or float16, found \"auto\"");
    }
    return new Model(
        name.orElseThrow(), adapters, pooling, length, bidirectional, dtype, instruction);
  }

  private static Pooling pooling(ConfigValues values, String text) {
    try {
      return Pooling.of(text);
    } catch (IllegalArgumentException e) {
      throw values.invalid("teacher_pooling_mode", String.valueOf(e.getMessage()));
    }
  }
}
