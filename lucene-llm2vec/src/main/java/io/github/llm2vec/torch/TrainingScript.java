/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.torch;

import io.github.llm2vec.decoder.DecoderSpec;
import java.util.List;

/**
 * Writes what training adds to the forward pass of {@link DecoderScript}: low-rank branches, losses
 * and gradients. Everything that is trained or that a loss reads lies in lists of the module:
 *
 * <ul>
 *   <li>{@code l}: what is trained, in single precision: the adapter's matrices or the model's
 *       weights, then the head if it is trained;
 *   <li>{@code p}: the same in the dtype in which the forward pass reads it; the same tensors
 *       unless that is bfloat16;
 *   <li>{@code g}, {@code m}, {@code v}: their gradients and the two moments of Adam;
 *   <li>{@code d}: the batch of the next call, see {@link BatchInputs};
 *   <li>{@code e}: embeddings of a batch that is given in parts, then their gradient;
 *   <li>{@code h}: embeddings of such a part with the graph that they came from.
 * </ul>
 *
 * <p>A loss is a <em>tail</em>: it takes the final hidden states as a leaf and returns itself and
 * the gradient for them. How that gradient passes the layers is the same for every loss: at once
 * through the graph of the whole forward pass, or, with gradient checkpointing, layer after layer,
 * each computed again from its input. The number of tokens decides.
 *
 * <p>Differentiated methods take no arguments (see {@link ScriptModule#differentiate}) and return
 * the loss. Weights that were loaded in inference mode cannot take part in autograd, hence {@code
 * prepare}, which replaces them by copies one after the other.
 */
record TrainingScript(
    DecoderSpec spec, TrainOptions options, WeightLayout layout, LoraLayout lora) {

  /** Attributes of type {@code List[Tensor]}. */
  static final List<String> LISTS = List.of("w", "l", "p", "g", "m", "v", "d", "e", "h");

  /** Logits that are computed at once, in elements; bounds what a loss over a vocabulary needs. */
  private static final int LOGITS = 1 << 24;

  /** The text of {@code class Decoder(Module)} with training. */
  String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        class Decoder(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
        """);
    LISTS.forEach(list -> text.append("  ").append(list).append(" : List[Tensor]\n"));
    text.append(WeightScript.text());
    text.append(new DecoderScript(spec, options, layout, lora).body());
    text.append(TrainedStateScript.text(options, layout, lora));
    text.append(new DropoutScript(options).text());
    text.append(passes());
    text.append(backward());
    text.append(backwardByLayer());
    text.append(masked());
    text.append(contrastive());
    text.append(DistillationScript.text(options.denseWidth() > 0));
    return text.toString();
  }

  /** Forward passes. */
  private String passes() {
    return """
          def groups(self) -> List[int]:
            out = annotate(List[int], [])
            t = (self).d[2]
            for i in range(torch.size(t, 0)):
              _0 = torch.append(out, int(torch.select(t, 0, i)))
            return out
          def step(self, x: Tensor, i: int, groups: List[int]) -> Tensor:
            d = (self).d
            _0 = (self).seeded(i)
            if (self).dropped(d[7]):
              y = x
            else:
              y = (self).layer(x, i, d[1], groups, d[3], d[4], d[5])
            return y
          def states(self) -> Tensor:
            x = (self).embed((self).d[0])
            groups = (self).groups()
            for i in range(%s):
              x = (self).step(x, i, groups)
            return (self).last(x)
          def collect(self, grads: List[Optional[Tensor]], skip: int, first: int) -> NoneType:
            for i in range(torch.len(grads) - skip):
              grad = grads[i + skip]
              if torch.__isnot__(grad, None):
                found = unchecked_cast(Tensor, grad)
                _0 = torch.add_((self).g[first + i], found)
            return None
          def backpropagate(self, y: Tensor, g: Tensor) -> NoneType:
            if ops.prim.requires_grad(y):
              grads = torch.grad([y], (self).p, annotate(List[Optional[Tensor]], [g]), None, \
        False, True)
              _0 = (self).collect(grads, 0, 0)
            else:
              pass
            return None
          def tail(self, kind: int, h: Tensor) -> Tuple[Tensor, Tensor]:
            h = torch.detach(h)
            if torch.eq(kind, 0):
              out = (self).masked(h)
            else:
              h = torch.requires_grad_(h, True)
              if torch.eq(kind, 3):
                loss = (self).distilled((self).embeddings(h))
                grad = (self).leaf_gradient(loss, h)
              else:
                if torch.eq(kind, 1):
                  loss = (self).contrastive(h)
                else:
                  loss = (self).pulled(h)
                grads = torch.grad([torch.mul(loss, (self).d[7])], [h])
                grad = unchecked_cast(Tensor, grads[0])
              out = (torch.detach(loss), grad)
            return out
          def masked_gradient(self) -> Tensor:
            return (self).differentiate(0)
          def contrastive_gradient(self) -> Tensor:
            return (self).differentiate(1)
          def pulled_gradient(self) -> Tensor:
            return (self).differentiate(2)
        """
        .formatted(spec.layers().size());
  }

  private String backward() {
    return """
          def differentiate(self, kind: int) -> Tensor:
            if torch.gt(torch.size((self).d[0], 0), %s):
              loss = (self).differentiate_by_layer(kind)
            else:
              loss = (self).differentiate_at_once(kind)
            return loss
          def differentiate_at_once(self, kind: int) -> Tensor:
            self.training = True
            h = (self).states()
            loss, dh, = (self).tail(kind, h)
            _0 = (self).backpropagate(h, dh)
            return loss
        """
        .formatted(options.checkpointingBeyond());
  }

  /** Griewank's checkpointing with one checkpoint per layer (Chen et al., 2016, section 3). */
  private String backwardByLayer() {
    boolean all = options.allWeights();
    int first = all ? 1 : 0;
    int perLayer = all ? layout.slotsPerLayer() : lora.tensorsPerLayer();
    return """
          def pull(self, y: Tensor, x: Tensor, first: int, count: int, g: Tensor) -> Tensor:
            leaves = [x]
            for i in range(count):
              _0 = torch.append(leaves, (self).p[first + i])
            grads = torch.grad([y], leaves, annotate(List[Optional[Tensor]], [g]), None, \
        False, True)
            _1 = (self).collect(grads, 1, first)
            return unchecked_cast(Tensor, grads[0])
          def differentiate_by_layer(self, kind: int) -> Tensor:
            self.training = True
            groups = (self).groups()
            xs = annotate(List[Tensor], [])
            torch.set_grad_enabled(False)
            x = (self).embed((self).d[0])
            for i in range(%1$s):
              _0 = torch.append(xs, x)
              x = (self).step(x, i, groups)
            torch.set_grad_enabled(True)
            x = torch.requires_grad_(x, True)
            h = (self).last(x)
            loss, g, = (self).tail(kind, h)
            g = (self).pull(h, x, %2$s, %3$s, g)
            for j in range(%1$s):
              i = %1$s - 1 - j
              x = torch.requires_grad_(torch.pop(xs), True)
              y = (self).step(x, i, groups)
              g = (self).pull(y, x, %4$s + i * %5$s, %5$s, g)
        %6$s\
            return loss
        """
        .formatted(
            spec.layers().size(),
            all ? layout.finalNorm() : 0,
            all ? 1 : 0,
            first,
            perLayer,
            all
                ? """
                    y = (self).embed((self).d[0])
                    grads = torch.grad([y], [(self).p[0]], annotate(List[Optional[Tensor]], [g]))
                    _1 = (self).collect(grads, 0, 0)
                """
                : "");
  }

  /** Cross-entropy over the vocabulary, some labels at a time. */
  private String masked() {
    boolean leaf =
        options.head() == LanguageModelHead.TRAINED
            || (options.head() == LanguageModelHead.TIED && options.allWeights());
    String head =
        switch (options.head()) {
          case NONE, TIED -> "(self).w[0]";
          case TRAINED -> "(self).p[-1]";
          case FROZEN -> "(self).w[-1]";
        };
    String index = options.head() == LanguageModelHead.TRAINED ? "torch.len((self).p) - 1" : "0";
    return """
          def masked(self, h: Tensor) -> Tuple[Tensor, Tensor]:
            labels = (self).d[9]
            all = torch.size(labels, 0)
            loss = torch.new_zeros(h, [], dtype=6)
            dh = torch.zeros_like(h)
            for c in range(torch.floordiv(all + %3$s, %4$s)):
              start = c * %4$s
              count = ops.prim.min(%4$s, all - start)
              at = torch.narrow((self).d[8], 0, start, count)
              x = torch.requires_grad_(torch.index_select(h, 0, at), True)
              logits = torch.to(torch.linear(x, %1$s), 6)
              part = torch.cross_entropy_loss(logits, torch.narrow(labels, 0, start, count), None, 2)
              part = torch.div(part, all)
              grads = torch.grad([torch.mul(part, (self).d[7])], [x%2$s])
              dh = torch.index_add_(dh, 0, at, unchecked_cast(Tensor, grads[0]))
              _0 = (self).collect(grads, 1, %5$s)
              loss = torch.add(loss, torch.detach(part))
            return (loss, dh)
          def score(self) -> Tensor:
            self.training = False
            h = (self).states()
            labels = (self).d[9]
            all = torch.size(labels, 0)
            out = torch.new_zeros(h, [2], dtype=7)
            for c in range(torch.floordiv(all + %3$s, %4$s)):
              start = c * %4$s
              count = ops.prim.min(%4$s, all - start)
              label = torch.narrow(labels, 0, start, count)
              x = torch.index_select(h, 0, torch.narrow((self).d[8], 0, start, count))
              logits = torch.to(torch.linear(x, %1$s), 6)
              part = torch.cross_entropy_loss(logits, label, None, 2)
              right = torch.sum(torch.to(torch.eq(torch.argmax(logits, 1), label), 7))
              out = torch.add(out, torch.stack([torch.to(part, 7), right]))
            return out
        """
        .formatted(head, leaf ? ", " + head : "", rowsAtOnce() - 1, rowsAtOnce(), index);
  }

  private int rowsAtOnce() {
    return Math.max(64, LOGITS / spec.vocabSize());
  }

  private static String contrastive() {
    return """
          def embeddings(self, h: Tensor) -> Tensor:
            d = (self).d
            return (self).pool(h, d[8], d[9], d[10], int(torch.select(d[11], 0, 0)))
          def similarity(self, e: Tensor) -> Tensor:
            d = (self).d
            n = int(torch.select(d[11], 0, 1))
            out = torch.new_zeros(e, [], dtype=6)
            for i in range(torch.size(d[14], 0)):
              u = (self).unit_length(torch.narrow(e, 1, 0, int(torch.select(d[14], 0, i))))
              q = torch.narrow(u, 0, 0, n)
              c = torch.narrow(u, 0, n, torch.sub(torch.size(u, 0), n))
              scores = torch.mul(torch.matmul(q, torch.t(c)), d[12])
              loss = torch.cross_entropy_loss(scores, d[13])
              out = torch.add(out, torch.mul(loss, torch.select(d[15], 0, i)))
            return out
          def contrastive(self, h: Tensor) -> Tensor:
            return (self).similarity((self).embeddings(h))
          def pulled(self, h: Tensor) -> Tensor:
            e = (self).embeddings(h)
            return torch.sum(torch.mul(e, (self).gradient_of(e)))
          def gradient_of(self, e: Tensor) -> Tensor:
            first = int(torch.select((self).d[11], 0, 1))
            return torch.clone(torch.narrow((self).e[0], 0, first, torch.size(e, 0)))
          def embed_texts(self) -> Tensor:
            self.training = False
            return (self).embeddings((self).states())
          def remember(self) -> NoneType:
            self.training = True
            _0 = torch.append((self).e, (self).embeddings((self).states()))
            return None
          def forget(self) -> NoneType:
            torch.clear((self).e)
            torch.clear((self).h)
            return None
          def remembered_gradient(self) -> Tensor:
            e = torch.requires_grad_(torch.clone(torch.cat((self).e, 0)), True)
            loss = (self).similarity(e)
            grads = torch.grad([torch.mul(loss, (self).d[7])], [e])
            torch.clear((self).e)
            _0 = torch.append((self).e, unchecked_cast(Tensor, grads[0]))
            return torch.detach(loss)
        """;
  }
}
