/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NearestNameTest {

  private static final List<String> KNOWN = List.of("model", "instruction", "efSearch");

  @Test
  void findsTheNameThatWasMeant() {
    assertEquals(Optional.of("instruction"), NearestName.of("instrution", KNOWN));
    assertEquals(Optional.of("efSearch"), NearestName.of("efsearch", KNOWN));
    assertEquals(Optional.empty(), NearestName.of("zzzzzzzzzzzz", KNOWN));
  }

  @Test
  void namesWhatIsKnown() {
    assertEquals(
        "; did you mean 'model'? Known: efSearch, instruction, model",
        NearestName.hint("modle", KNOWN));
    assertEquals("; Known: efSearch, instruction, model", NearestName.hint("zzzzzzzzz", KNOWN));
    assertEquals(
        "Did you mean 'model'? Known are [model, instruction, efSearch]",
        NearestName.suggestion("modle", KNOWN));
  }
}
