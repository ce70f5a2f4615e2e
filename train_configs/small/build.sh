#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Trains a Llama of four layers from nothing and measures what it finds after every stage.
#
#   train_configs/small/build.sh COLLECTIONS
#
# COLLECTIONS is what train_configs/mini/build.sh takes; so are the data. It goes on where it was
# stopped. Everything goes to output/small, results to output/small/scores.
set -eu

root=$(CDPATH='' cd -- "$(dirname "$0")/../.." && pwd -P)
collections=$(CDPATH='' cd -- "$1" && pwd -P)
cd "$root"
out=output/small

MINI_LAST_STEP=data train_configs/mini/build.sh "$collections"

if [ ! -f "$out/tokenizer/tokenizer.json" ]; then
  echo "small: tokenizer" >&2
  bin/llm2vec tokenizer --vocab-size 4000 --lowercase --output "$out/tokenizer" \
    output/mini/data/text.txt
fi

for stage in pretrain mntp simcse supervised; do
  if [ ! -f "$out/$stage/done" ]; then
    echo "small: $stage" >&2
    bin/llm2vec "$stage" "train_configs/small/$stage.json"
    touch "$out/$stage/done"
  fi
done

# Texts are cut to the length of the last stage: what comes after costs more time than it helps.
MINI_OUTPUT=$out MINI_METHODS=exact MINI_MAX_LENGTH=64 train_configs/mini/measure.sh "$collections" \
  "$out/pretrain" "$out/mntp" "$out/simcse" "$out/supervised"
