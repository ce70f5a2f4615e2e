/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.safetensors;

import java.util.Arrays;
import java.util.Optional;

/** Element types that a safetensors file may hold; only the three of weights can be read. */
enum StoredType {
  F64(64),
  F32(32),
  F16(16),
  BF16(16),
  F8_E4M3(8),
  F8_E5M2(8),
  F8_E8M0(8),
  F6_E2M3(6),
  F6_E3M2(6),
  F4(4),
  C64(64),
  I64(64),
  I32(32),
  I16(16),
  I8(8),
  U64(64),
  U32(32),
  U16(16),
  U8(8),
  BOOL(8);

  private final int bits;

  StoredType(int bits) {
    this.bits = bits;
  }

  /** Size of one element in bits; some types pack several into a byte. */
  int bits() {
    return bits;
  }

  /** The format of weights that this is, or empty if elements of it cannot be read. */
  Optional<DType> weightType() {
    return switch (this) {
      case F32 -> Optional.of(DType.FLOAT32);
      case F16 -> Optional.of(DType.FLOAT16);
      case BF16 -> Optional.of(DType.BFLOAT16);
      default -> Optional.empty();
    };
  }

  /** The name in a safetensors header of a format of weights. */
  static StoredType of(DType type) {
    return switch (type) {
      case FLOAT32 -> F32;
      case FLOAT16 -> F16;
      case BFLOAT16 -> BF16;
      case INT8, INT4 -> throw type.notStored();
    };
  }

  /** Finds a type by its name in the header. */
  static Optional<StoredType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }
}
