#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a machine with a GPU can show in eight minutes: that its vectors are right, and figures for
# docs/benchmarks.md.
#
#   benchmarks/gpu.sh [DEVICE] [OUTPUT]      default: cuda:0, gpu-figures
#
# docs/gpu.md says how libtorch for CUDA is found. With cpu as DEVICE and LAYERS=1 it is a trial of
# the script. A step that takes too long is ended, and the next one begins; so is one that fails.
#
#   LAYERS   so many layers of every shape, in place of all (8 of the 8B shape)
set -eu

root=$(CDPATH='' cd -- "$(dirname "$0")/.." && pwd -P)
device=${1:-cuda:0}
output=${2:-gpu-figures}
mkdir -p "$output"
output=$(CDPATH='' cd -- "$output" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
stories=$root/examples/models/stories260K
llm2vec=$root/bin/llm2vec
failed=

if [ ! -f benchmarks/target/classpath.txt ] || [ "${LLM2VEC_NO_BUILD:-}" != 1 ]; then
  ./mvnw -q -B -ntp -pl benchmarks -am -Dmaven.test.skip=true -Derror-prone.phase=none package \
    dependency:build-classpath -Dmdep.outputFile=target/classpath.txt
  "$llm2vec" --version >/dev/null
fi
export LLM2VEC_NO_BUILD=1

benchmarks() {
  timeout "$limit" java -cp "benchmarks/target/classes:$(cat benchmarks/target/classpath.txt)" \
    io.github.llm2vec.benchmarks.Benchmarks "$@"
}

# step NAME SECONDS-OF-A-COMMAND COMMAND...
step() {
  name=$1
  limit=$2
  shift 2
  echo "== $name" >&2
  if "$@" >"$output/$name.txt" 2>"$output/$name.log"; then
    cat "$output/$name.txt"
  else
    failed="$failed $name"
    tail -n 5 "$output/$name.txt" "$output/$name.log" >&2
  fi
}

if command -v nvidia-smi >/dev/null 2>&1; then
  nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv >"$output/gpu.txt"
fi

step check 60 benchmarks check --device "$device" --model "$stories" --seconds 5

# shape SHAPE LAYERS
shape() {
  benchmarks random-model --shape "$1" --layers "${LAYERS:-$2}" --tokenizer "$stories" \
    --output "$work/$1" || return
  timeout "$limit" "$llm2vec" benchmark --model "$work/$1" --device "$device" --dtype bfloat16 \
    --seconds 1 --lengths 32,384 --texts 1,64 --json "$output/$1.json" || return
  rm -rf "${work:?}/$1"
}
step 0.6b 60 shape 0.6b 28
step 1.3b 60 shape 1.3b 24
step 8b 80 shape 8b 8

step training 60 benchmarks training --device "$device" --dtype bfloat16 --hidden 2048 \
  --layers "${LAYERS:-8}" --texts 16 --repeat 2

if [ -n "$failed" ]; then
  echo "gpu.sh: failed or out of time:$failed; see $output" >&2
  exit 1
fi
echo "gpu.sh: the figures are in $output" >&2
