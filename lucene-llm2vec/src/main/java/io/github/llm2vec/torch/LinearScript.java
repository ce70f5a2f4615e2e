/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderSpec;

/**
 * Writes linear layers, and the activation that follows one, for a kernel. Weights are named as
 * they are in the attribute {@code w}.
 *
 * @param kernel that multiplies
 * @param activation of the MLP's gate
 */
record LinearScript(LinearKernel kernel, DecoderSpec.Activation activation) {

  private static final String NO_SCALARS = "annotate(List[Optional[number]], [])";

  /** A line that gives the lists of weights their short names. */
  String lists() {
    String lists = kernel.fbgemm() ? "\n    kept = (self).kept" : "";
    return "w = (self).w" + lists + (kernel.int4() ? "\n    ranges = (self).ranges" : "");
  }

  /** The layer applied to {@code x}, {@code (T, in)}. */
  String product(String x, String weight, String bias) {
    return switch (kernel) {
      case PACKED -> packed(x, weight, bias, "\"none\", " + NO_SCALARS + ", None");
      case PLAIN -> "torch.linear(%s, %s, %s)".formatted(x, weight, bias);
      case HALF, INT8 -> plus(FbgemmScript.product(x, weight), bias);
      case INT4, INT4_BFLOAT16 -> plus(Int4Script.product(x, weight), bias);
    };
  }

  /** The same with the activation, in one kernel of {@link LinearKernel#PACKED}. */
  String packedActivation(String x, String weight, String bias) {
    String attributes =
        switch (activation) {
          case SILU -> "\"swish\", " + NO_SCALARS + ", None";
          case GELU -> "\"gelu\", " + NO_SCALARS + ", \"none\"";
          case GELU_TANH -> "\"gelu\", " + NO_SCALARS + ", \"tanh\"";
        };
    return packed(x, weight, bias, attributes);
  }

  /** The same with {@code add} or {@code mul} of another tensor, {@code (T, out)}. */
  String packedBinary(String x, String other, String weight, String bias, String operation) {
    return "ops.mkldnn._linear_pointwise(%s, %s, %s, %s, \"%s\")"
        .formatted(x, other, weight, bias, operation);
  }

  /** The activation by itself. */
  String activation(String x) {
    return switch (activation) {
      case SILU -> "torch.silu(" + x + ")";
      case GELU -> "torch.gelu(" + x + ", approximate=\"none\")";
      case GELU_TANH -> "torch.gelu(" + x + ", approximate=\"tanh\")";
    };
  }

  private static String plus(String product, String bias) {
    return bias.equals("None") ? product : "torch.add(%s, %s)".formatted(product, bias);
  }

  private static String packed(String x, String weight, String bias, String attributes) {
    return "ops.mkldnn._linear_pointwise(%s, %s, %s, %s)".formatted(x, weight, bias, attributes);
  }
}
