#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Measures what every stage of the mini model finds, and BM25 and the hybrid beside the last one.
#
#   train_configs/mini/measure.sh COLLECTIONS [MODEL ...]
#
# COLLECTIONS holds folders in BEIR's layout below retrieval, and STS-B's free pairs in pairs/stsb-open.
# Without MODEL, the stages in output/mini are measured: pretrain as the causal model that it is and
# with attention both ways, then mntp, simcse and supervised. Results, run files and reports go to
# output/mini/scores; what is there already is not encoded again.
set -eu

root=$(CDPATH='' cd -- "$(dirname "$0")/../.." && pwd -P)
collections=$(CDPATH='' cd -- "$1" && pwd -P)
shift
cd "$root"
out=${MINI_OUTPUT:-output/mini}
tasks=
for folder in "$collections"/retrieval/*/; do
  tasks=${tasks:+$tasks,}${folder%/}
done

# name, methods, model, further options
measure() {
  name=$1
  methods=$2
  model=$3
  shift 3
  echo "mini: measuring $name" >&2
  bin/llm2vec mteb --name "$name" --model "$model" --pooling mean --methods "$methods" \
    --tasks "$tasks" --instruction= --output "$out/scores/$name" "$@"
}

if [ $# -gt 0 ]; then
  for model in "$@"; do
    measure "$(basename "$model")" exact "$model"
  done
  exit 0
fi
measure causal exact "$out/pretrain" --enable-bidirectional=false
measure both-ways exact "$out/pretrain"
measure mntp exact "$out/mntp"
measure simcse exact "$out/simcse"
measure supervised exact,bm25,hybrid "$out/supervised"
