/* SPDX-License-Identifier: Apache-2.0 */
package io.github.llm2vec.trainer.loop;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.llm2vec.encoder.ChatTemplate;
import io.github.llm2vec.encoder.Compatibility;
import io.github.llm2vec.encoder.Prompt;
import io.github.llm2vec.encoder.TextPacker;
import io.github.llm2vec.encoder.TextPreparation;
import io.github.llm2vec.encoder.TextSettings;
import io.github.llm2vec.torch.DistillationLoss;
import io.github.llm2vec.torch.MatryoshkaDims;
import io.github.llm2vec.trainer.checkpoint.AuxiliaryFiles.Encoding;
import io.github.llm2vec.trainer.checkpoint.ModelFiles;
import io.github.llm2vec.trainer.checkpoint.SentenceTransformersFiles;
import io.github.llm2vec.trainer.config.DistillConfig;
import io.github.llm2vec.trainer.config.MatryoshkaArguments;
import io.github.llm2vec.trainer.config.StudentArguments;
import io.github.llm2vec.trainer.config.TeacherArguments;
import io.github.llm2vec.trainer.config.TrainingArguments;
import io.github.llm2vec.trainer.data.CorruptLines;
import io.github.llm2vec.trainer.data.DataFile;
import io.github.llm2vec.trainer.data.DistillationSet;
import io.github.llm2vec.trainer.dataloader.DataLoader;
import io.github.llm2vec.trainer.distillation.DistillationBatch;
import io.github.llm2vec.trainer.distillation.DistillationLoaders;
import io.github.llm2vec.trainer.distillation.Teacher;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * A run of distillation: the teacher's vectors are made or found first, and the teacher is closed
 * again before the student is opened; then the student is trained on them as any other model is.
 *
 * @param config what is run
 * @param values all its keys
 * @param context its folder and callbacks
 * @param environment the machine and its user
 * @param opened may change the student before training begins
 */
record DistillationRun(
    DistillConfig config,
    ObjectNode values,
    TrainingContext context,
    TrainingRuns.Environment environment,
    Consumer<TrainableDecoder> opened) {

  /** Texts with the teacher's vectors of them. */
  private record Taught(DistillationSet set, Teacher teacher) implements Closeable {

    DistillationLoaders loaders(TextPreparation preparation) {
      return new DistillationLoaders(set, teacher, preparation);
    }

    @Override
    public void close() throws IOException {
      try (set;
          teacher) {
        // Both are closed, whatever the first says.
      }
    }
  }

  Trainer.Output run() throws IOException {
    DistillConfig.Data data = config.data();
    try (Taught training = taught(data.trainFile(), data.maxTrainSamples())) {
      boolean evaluates = config.training().run().doEval();
      if (!evaluates) {
        return train(training, training, 0, 0);
      }
      if (data.validationFile().isEmpty()) {
        long held = heldOut(training.set().size());
        return train(training, training, held, held);
      }
      try (Taught validation = taught(data.validationFile().get(), data.maxEvalSamples())) {
        return train(training, validation, 0, validation.set().size());
      }
    } catch (Teacher.StoppedException e) {
      context.note(
          "stopped while the teacher encoded; the same command goes on with what is missing");
      return new Trainer.Output(context.folder(), false, new TrainerState());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** Examples at the start of the training set that are held out, as in MNTP. */
  private long heldOut(long examples) throws TrainingException {
    long held = examples * config.data().validationPercent() / 100;
    if (held == 0) {
      throw new TrainingException(
          "validation_split_percentage %s of %s examples is none to evaluate on; raise it, or name"
                  .formatted(config.data().validationPercent(), examples)
              + " a validation_file");
    }
    return held;
  }

  private Taught taught(Path file, OptionalInt samples) throws IOException {
    DistillConfig.Data data = config.data();
    CorruptLines corrupt = new CorruptLines(data.access().corruptLine());
    Path cache = context.cacheDir(data.access(), "data-cache").resolve(DataFile.cacheName(file));
    long most = samples.isPresent() ? samples.getAsInt() : Long.MAX_VALUE;
    DistillationSet set =
        switch (data.dataset()) {
          case TEXT -> DistillationSet.ofTexts(file, cache, most, corrupt);
          case JSONL ->
              DistillationSet.ofPairs(
                  file, cache, most, config.training().run().orderSeed(), corrupt);
        };
    try {
      context.noteSkipped(corrupt);
      Teacher.Tools tools =
          new Teacher.Tools(
              environment.models(),
              BaseModel.devices(config.training()).first(),
              cache,
              environment.loading(),
              (done, total) ->
                  context.callbacks().forEach(callback -> callback.teacherEncoded(done, total)),
              environment.stop());
      return new Taught(set, Teacher.of(config.teacher(), set, tools));
    } catch (IOException | RuntimeException e) {
      set.close();
      throw e;
    }
  }

  /**
   * Trains the student.
   *
   * @param first the first training example; those before it are held out
   * @param evaluated how many examples of the validation texts are evaluated on, 0 for none
   */
  private Trainer.Output train(Taught training, Taught validation, long first, long evaluated)
      throws IOException {
    StudentArguments student = config.student();
    TrainingArguments arguments = config.training();
    try (BaseModel base = base()) {
      int hidden = base.config().spec().outputSize();
      int head = headWidth(hidden, training.teacher().dimensions());
      DistillationLoss loss = loss(head > 0 ? head : hidden, training.teacher());
      TextPreparation preparation =
          new TextPreparation(base.tokenizer(), textSettings(base.textSettings()));
      Optional<DataLoader<DistillationBatch>> held =
          evaluated == 0
              ? Optional.empty()
              : Optional.of(
                  validation.loaders(preparation).validation(arguments, evaluated(evaluated)));
      try (TrainableDecoder model =
          base.openEncoder(
              head,
              student.maxSeqLength(),
              new BaseModel.Watcher(environment.loading(), context::note))) {
        opened.accept(model);
        TextPacker packer = new TextPacker(student.pooling(), base.tokenizer().padId().orElse(0));
        return new Trainer<>(
                context,
                new Trainer.Task<>(
                    model,
                    new DistillationObjective(model, packer, loss, student.miniBatch()),
                    Optional.of(training.loaders(preparation).training(arguments, first)),
                    held,
                    retrieval(model, packer, preparation),
                    files(base, hidden, head, loss.normalize()),
                    base.cost(0)))
            .train();
      }
    }
  }

  private Optional<ModelEvaluation> retrieval(
      TrainableDecoder model, TextPacker packer, TextPreparation preparation) throws IOException {
    if (config.retrieval().isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new RetrievalCheck(
            config.retrieval().get(),
            context.cacheDir(config.data().access(), "data-cache").resolve("eval-retrieval"),
            new RetrievalCheck.Reading(
                model,
                packer,
                text -> preparation.prepare(text, Prompt.query()),
                text -> preparation.prepare(text, Prompt.document()))));
  }

  private long evaluated(long examples) {
    OptionalInt most = config.data().maxEvalSamples();
    return most.isPresent() ? Math.min(most.getAsInt(), examples) : examples;
  }

  private BaseModel base() throws IOException {
    StudentArguments student = config.student();
    if (student.base() instanceof StudentArguments.Fresh fresh) {
      return BaseModel.fresh(fresh, config.training());
    }
    StudentArguments.Checkpoint checkpoint = (StudentArguments.Checkpoint) student.base();
    return BaseModel.find(
        checkpoint.model(), student.lora(), config.training(), environment.models());
  }

  /** Width of the linear layer behind the pooling, 0 without one. */
  private int headWidth(int hidden, int teacher) throws TrainingException {
    DistillConfig.Loss loss = config.loss();
    boolean differ = loss.comparesVectors() && hidden != teacher;
    if (differ && loss.head() == DistillConfig.DenseHead.NEVER) {
      throw new TrainingException(
          "dense_head never leaves the student's vectors %s wide and the teacher's are %s, which"
                  .formatted(hidden, teacher)
              + " only similarity_weight can compare; leave it out");
    }
    return switch (loss.head()) {
      case AUTO -> differ ? teacher : 0;
      case ALWAYS -> teacher;
      case NEVER -> 0;
    };
  }

  private DistillationLoss loss(int width, Teacher teacher) throws IOException {
    DistillConfig.Loss loss = config.loss();
    MatryoshkaArguments matryoshka = loss.matryoshka();
    MatryoshkaDims dims = MatryoshkaDims.whole(width);
    if (!matryoshka.dims().isEmpty()) {
      double sum = matryoshka.weights().stream().mapToDouble(Double::doubleValue).sum();
      List<Double> shares = matryoshka.weights().stream().map(weight -> weight / sum).toList();
      dims = new MatryoshkaDims(matryoshka.dims(), shares);
    }
    int most = loss.comparesVectors() ? Math.min(width, teacher.dimensions()) : width;
    if (dims.largest() > most) {
      throw new TrainingException(
          "matryoshka_dims %s are more than the %s components of the vectors"
              .formatted(dims.dims(), most));
    }
    boolean normalize =
        loss.normalize().isPresent()
            ? loss.normalize().get()
            : teacher.documents().haveUnitLength();
    return new DistillationLoss(
        loss.cosine(),
        loss.squaredError(),
        loss.similarity(),
        loss.contrastive(),
        loss.similarityTemperature(),
        loss.contrastiveTemperature(),
        normalize,
        dims);
  }

  /** How the files of the result will have texts prepared: as sentence-transformers does. */
  private TextSettings textSettings(TextSettings model) {
    StudentArguments student = config.student();
    ChatTemplate template =
        new ChatTemplate(
            "sentence-transformers", "", "", student.queryPrompt() + "{text}", "{text}", "");
    return new TextSettings(
        template,
        List.of(student.pooling()),
        student.maxSeqLength(),
        student.maxSeqLength(),
        false,
        false,
        model.modelType(),
        model.nameOrPath(),
        Compatibility.PUBLISHED);
  }

  private ModelFiles files(BaseModel base, int hidden, int head, boolean normalize) {
    StudentArguments student = config.student();
    boolean causal = !student.base().bidirectional();
    // The file says that attention goes both ways, which config.json of an adapter's base may not.
    Optional<Encoding> encoding =
        causal
            ? Optional.empty()
            : Optional.of(
                new Encoding(
                    student.pooling().optionName(),
                    student.maxSeqLength(),
                    student.maxSeqLength(),
                    false));
    SentenceTransformersFiles files =
        new SentenceTransformersFiles(
            base.files(encoding),
            new SentenceTransformersFiles.Modules(
                student.pooling(),
                true,
                hidden,
                head,
                normalize,
                student.maxSeqLength(),
                student.queryPrompt(),
                causal));
    return new ResultFiles(files, card(), Optional.empty());
  }

  private ModelCard card() {
    String teacher =
        config.teacher() instanceof TeacherArguments.Model model
            ? model.name()
            : ((TeacherArguments.Vectors) config.teacher()).file().getFileName().toString();
    return new ModelCard(
        "An encoder that was trained to give the vectors of a teacher (distillation): " + teacher,
        config.student().base() instanceof StudentArguments.Checkpoint checkpoint
            ? checkpoint.model().name()
            : "",
        List.of(config.data().trainFile().getFileName().toString()),
        "sentence-transformers",
        values);
  }
}
