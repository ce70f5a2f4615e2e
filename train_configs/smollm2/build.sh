#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Upstream's three stages on SmolLM2-135M, and what each of them finds.
#
#   train_configs/smollm2/build.sh MODEL COLLECTIONS
#
# MODEL is SmolLM2-135M or SmolLM2-135M-Instruct: a folder, a GGUF file, or a name of the hub that is
# in the cache. COLLECTIONS is what train_configs/mini/build.sh takes; so are the data. It goes on
# where it was stopped. Everything goes to output/smollm2, results to output/smollm2/scores.
#
#   SMOLLM2_STAGES   default "mntp simcse supervised alone"; alone is the supervised stage without
#                    the two before it
#   SMOLLM2_DEVICES  what trains, such as cuda:0; default "cpu,cpu --threads 1", a worker for each of
#                    two cores, which is faster there than one worker of two threads
set -eu

root=$(CDPATH='' cd -- "$(dirname "$0")/../.." && pwd -P)
model=$1
[ ! -e "$model" ] || model=$(CDPATH='' cd -- "$(dirname "$model")" && pwd -P)/$(basename "$model")
collections=$(CDPATH='' cd -- "$2" && pwd -P)
cd "$root"
here=train_configs/smollm2
out=output/smollm2

MINI_LAST_STEP=data train_configs/mini/build.sh "$collections"

[ -f "$out/base/config.json" ] || bin/llm2vec merge --model "$model" --output "$out/base" --dtype bfloat16

train() {
  stage=$1
  shift
  if [ ! -f "$out/$stage/done" ]; then
    echo "smollm2: $stage" >&2
    # shellcheck disable=SC2086  # two options, split at the blank
    bin/llm2vec "$@" --device ${SMOLLM2_DEVICES:-cpu,cpu --threads 1}
    touch "$out/$stage/done"
  fi
}

# Texts are cut to the length of the last stage.
measure() {
  name=$1
  shift
  echo "smollm2: measuring $name" >&2
  retrieval=$collections/retrieval
  bin/llm2vec mteb --name "$name" --model "$out/base" --dtype bfloat16 --max-length 64 --instruction= \
    --tasks "$retrieval/adi,$retrieval/cacm,$retrieval/cranfield,$collections/pairs/stsb-open" \
    --fusion minmax --vector-weight 0.5 --output "$out/scores/$name" "$@"
}

measure causal --methods exact --enable-bidirectional false
measure bidirectional --methods exact --enable-bidirectional true
for stage in ${SMOLLM2_STAGES:-mntp simcse supervised alone}; do
  case $stage in
    alone)
      train alone supervised "$here/supervised.json" --experiment_id alone
      measure alone --methods exact --adapter "$out/alone"
      ;;
    supervised)
      train supervised supervised "$here/supervised.json" \
        --peft_model_name_or_path "$out/mntp,$out/simcse"
      measure supervised --methods exact,bm25,hybrid --adapter "$out/mntp" --adapter "$out/simcse" \
        --adapter "$out/supervised"
      ;;
    simcse)
      train simcse simcse "$here/simcse.json"
      measure simcse --methods exact --adapter "$out/mntp" --adapter "$out/simcse"
      ;;
    *)
      train mntp mntp "$here/mntp.json"
      measure mntp --methods exact --adapter "$out/mntp"
      ;;
  esac
done
