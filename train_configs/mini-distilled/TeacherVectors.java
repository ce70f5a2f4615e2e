/* SPDX-License-Identifier: Apache-2.0 */

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Writes a teacher's vectors as a matrix in numpy's format.
 *
 * <ul>
 *   <li>{@code TeacherVectors TEXTS OUTPUT.npy}: those of the lines of a file.
 *   <li>{@code TeacherVectors TEXTS OUTPUT.npy tokenizer.json SIZE}: embeddings that a student with
 *       that many tokens begins with. The direction of a token is the teacher's vector of the token alone, without what all
 *       tokens share, and as much of a random vector, so that words are told apart however near
 *       their meanings are. Its length is the inverse document frequency of the token in TEXTS.
 * </ul>
 *
 * The teacher is all-MiniLM-L6-v2 with weights of 8 bits, as langchain4j's jar has it for ONNX
 * Runtime. Its 384 dimensions are turned into {@value #COLUMNS} by a fixed matrix with orthonormal
 * rows: cosines stay as they are, no dimension of the student's is left without content, and
 * student and teacher are of one width.
 */
public final class TeacherVectors implements AutoCloseable {

  private static final int DIMENSIONS = 384;
  private static final int COLUMNS = 512;
  private static final int TEXTS_AT_ONCE = 4096;
  private static final int BATCH = 16;
  private static final int TEXTS_COUNTED = 60_000;

  /** Root mean square of the components of a mean embedding: an RMSNorm with an epsilon of 1 still
   * keeps its length. */
  private static final double SPREAD = 0.3;

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final HuggingFaceTokenizer tokenizer;
  private final double[][] rotation = new double[DIMENSIONS][];

  private TeacherVectors() throws IOException, OrtException {
    try (InputStream model = TeacherVectors.class.getResourceAsStream("/all-minilm-l6-v2-q.onnx");
        InputStream cuts =
            TeacherVectors.class.getResourceAsStream("/all-minilm-l6-v2-q-tokenizer.json");
        OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1); // batches go through it in parallel
      session = environment.createSession(model.readAllBytes(), options);
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              cuts, Map.of("padding", "false", "truncation", "true", "maxLength", "128"));
    }
    // Random rows, each without what it shares with those before it (Gram-Schmidt).
    Random random = new Random(42);
    for (int row = 0; row < DIMENSIONS; row++) {
      rotation[row] = random.doubles(COLUMNS, -1, 1).toArray();
      for (int before = 0; before < row; before++) {
        add(rotation[row], rotation[before], -dot(rotation[row], rotation[before]));
      }
      scale(rotation[row], 1);
    }
  }

  public static void main(String[] arguments) throws IOException, OrtException {
    List<String> texts = Files.readAllLines(Path.of(arguments[0]));
    try (TeacherVectors teacher = new TeacherVectors();
        OutputStream out =
            new BufferedOutputStream(Files.newOutputStream(Path.of(arguments[1])), 1 << 20)) {
      if (arguments.length == 2) {
        teacher.writeTexts(texts, out);
      } else {
        List<String> counted = texts.subList(0, Math.min(texts.size(), TEXTS_COUNTED));
        int size = Integer.parseInt(arguments[3]);
        teacher.writeEmbeddings(counted, Path.of(arguments[2]), size, out);
      }
    }
  }

  private void writeTexts(List<String> texts, OutputStream out) throws IOException {
    out.write(header(texts.size()));
    for (int start = 0; start < texts.size(); start += TEXTS_AT_ONCE) {
      int end = Math.min(texts.size(), start + TEXTS_AT_ONCE);
      for (double[] vector : encode(texts.subList(start, end))) {
        out.write(bytes(vector));
      }
      System.err.println(end + " of " + texts.size() + " texts");
    }
  }

  private void writeEmbeddings(List<String> texts, Path cuts, int size, OutputStream out)
      throws IOException {
    try (HuggingFaceTokenizer student = HuggingFaceTokenizer.newInstance(cuts)) {
      double[] lengths = inverseDocumentFrequencies(student, texts, size);
      double meanLength = Arrays.stream(lengths).average().orElseThrow();
      List<String> tokens = new ArrayList<>();
      for (int id = 0; id < lengths.length; id++) {
        String token = student.decode(new long[] {id}).strip();
        tokens.add(token.isEmpty() ? "." : token);
      }
      double[][] vectors = encode(tokens);
      double[] shared = new double[COLUMNS];
      for (double[] vector : vectors) {
        add(shared, vector, 1.0 / vectors.length);
      }
      Random random = new Random(43);
      out.write(header(vectors.length));
      for (int id = 0; id < vectors.length; id++) {
        add(vectors[id], shared, -1);
        scale(vectors[id], 1);
        double[] own = random.doubles(COLUMNS, -1, 1).toArray();
        scale(own, 1);
        add(vectors[id], own, 1);
        scale(vectors[id], lengths[id] / meanLength * SPREAD * Math.sqrt(COLUMNS));
        out.write(bytes(vectors[id]));
      }
    }
  }

  private static double[] inverseDocumentFrequencies(
      HuggingFaceTokenizer student, List<String> texts, int size) {
    int[] found = new int[size];
    for (String text : texts) {
      Arrays.stream(student.encode(text).getIds()).distinct().forEach(id -> found[(int) id]++);
    }
    return Arrays.stream(found)
        .mapToDouble(count -> Math.log((texts.size() + 1.0) / (count + 1)))
        .toArray();
  }

  /** Vectors of length 1: a text's tokens averaged, turned into {@value #COLUMNS} dimensions. */
  private double[][] encode(List<String> texts) {
    Encoding[] encodings = tokenizer.batchEncode(texts);
    List<Integer> byLength = new ArrayList<>(IntStream.range(0, texts.size()).boxed().toList());
    byLength.sort(Comparator.comparingInt(text -> encodings[text].getIds().length));
    double[][] vectors = new double[texts.size()][];
    IntStream.range(0, (texts.size() + BATCH - 1) / BATCH)
        .parallel()
        .forEach(
            batch -> {
              int end = Math.min(texts.size(), (batch + 1) * BATCH);
              encode(byLength.subList(batch * BATCH, end), encodings, vectors);
            });
    return vectors;
  }

  private void encode(List<Integer> texts, Encoding[] encodings, double[][] vectors) {
    int longest = encodings[texts.get(texts.size() - 1)].getIds().length;
    long[][] ids = new long[texts.size()][];
    long[][] mask = new long[texts.size()][];
    for (int row = 0; row < ids.length; row++) {
      Encoding encoding = encodings[texts.get(row)];
      ids[row] = Arrays.copyOf(encoding.getIds(), longest);
      mask[row] = Arrays.copyOf(encoding.getAttentionMask(), longest);
    }
    try (OnnxTensor tokens = OnnxTensor.createTensor(environment, ids);
        OnnxTensor attended = OnnxTensor.createTensor(environment, mask);
        OnnxTensor types = OnnxTensor.createTensor(environment, new long[ids.length][longest]);
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", tokens, "attention_mask", attended, "token_type_ids", types))) {
      float[][][] states = (float[][][]) result.get(0).getValue();
      for (int row = 0; row < ids.length; row++) {
        int length = encodings[texts.get(row)].getIds().length;
        vectors[texts.get(row)] = pooled(states[row], length);
      }
    } catch (OrtException e) {
      throw new IllegalStateException("the teacher failed: " + e.getMessage(), e);
    }
  }

  private double[] pooled(float[][] states, int tokens) {
    double[] turned = new double[COLUMNS];
    for (int i = 0; i < DIMENSIONS; i++) {
      double sum = 0;
      for (int token = 0; token < tokens; token++) {
        sum += states[token][i];
      }
      add(turned, rotation[i], sum);
    }
    scale(turned, 1);
    return turned;
  }

  private static byte[] header(int rows) {
    String text =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }".formatted(rows, COLUMNS);
    String padded = text + " ".repeat(117 - text.length()) + "\n";
    ByteBuffer bytes = ByteBuffer.allocate(10 + padded.length()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    bytes.put((byte) 1).put((byte) 0).putShort((short) padded.length());
    return bytes.put(padded.getBytes(StandardCharsets.US_ASCII)).array();
  }

  private static byte[] bytes(double[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(COLUMNS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : vector) {
      bytes.putFloat((float) value);
    }
    return bytes.array();
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static void add(double[] target, double[] other, double factor) {
    for (int i = 0; i < target.length; i++) {
      target[i] += factor * other[i];
    }
  }

  private static void scale(double[] vector, double length) {
    double factor = length / Math.sqrt(dot(vector, vector));
    for (int i = 0; i < vector.length; i++) {
      vector[i] *= factor;
    }
  }

  @Override
  public void close() throws OrtException {
    tokenizer.close();
    session.close();
  }
}
