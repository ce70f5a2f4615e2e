#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Trains twice by one configuration: once undisturbed, and once killed (kill -9) after random times
# and resumed, then compares the weights. The configuration should save often and take a minute.
#
#   kill-and-resume.sh LAUNCHER STAGE CONFIG FOLDER [KILLS] [SEED] [SECONDS]
#
# LAUNCHER is bin/llm2vec, or what else runs it without a child process between. A kill comes after
# between a third and three thirds of SECONDS, while it starts, trains, evaluates or saves.
set -eu

launcher=$1
stage=$2
config=$3
folder=$4
kills=${5:-20}
seed=${6:-1}
seconds=${7:-6}

mkdir -p "$folder"
"$launcher" "$stage" "$config" --output_dir "$folder/whole" --overwrite_output_dir \
  > "$folder/whole.log" 2>&1

done_kills=0
rm -rf "$folder/killed"
while [ "$done_kills" -lt "$kills" ]; do
  seed=$(( (seed * 1103515245 + 12345) % 2147483648 ))
  resume=--overwrite_output_dir
  if ls "$folder/killed" 2>/dev/null | grep -q '^checkpoint-'; then
    resume=--resume_from_checkpoint=true
  fi
  "$launcher" "$stage" "$config" --output_dir "$folder/killed" "$resume" \
    > "$folder/killed.log" 2>&1 &
  process=$!
  sleep "$(awk "BEGIN { print $seconds * (1 + 2 * $seed / 2147483648) / 3 }")"
  if kill -9 "$process" 2>/dev/null; then
    done_kills=$((done_kills + 1))
    echo "kill $done_kills: $(ls -a "$folder/killed" | grep checkpoint | sort -V | tail -1)"
  else
    echo "the run ended before kill $((done_kills + 1)); make it longer" >&2
    exit 1
  fi
  wait "$process" 2>/dev/null || true
done
"$launcher" "$stage" "$config" --output_dir "$folder/killed" --resume_from_checkpoint=true \
  > "$folder/killed.log" 2>&1
cmp "$folder/whole/adapter_model.safetensors" "$folder/killed/adapter_model.safetensors"
echo "the weights are the same after $done_kills kills"
