#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Rebuilds the mini model from its sources: packages of Debian 12 and free collections.
#
#   train_configs/mini/build.sh [COLLECTIONS]
#
# COLLECTIONS holds pairs/pubmedqa, pairs/snli-devtest, text/novels, text/wikitext-2 and
# text/us-presidents (trained on), and retrieval and pairs/stsb-open (kept out); without it, the
# model is made of Debian's packages alone.
#
# It goes on where it was stopped: a step whose result is there is left out, and a stage of training
# goes on from its last checkpoint. Wants Debian's apt-get and dpkg, curl, xz and a JDK; no root.
#
#   MINI_OUTPUT      where everything goes; only output/mini, its default, agrees with the JSON files
#   MINI_LAST_STEP   stop after this one: packages, data, tokenizer, pretrain, mntp, simcse,
#                    supervised, checkpoint
#   DEBIAN_ARCHIVE   default http://deb.debian.org/debian
set -eu

root=$(CDPATH='' cd -- "$(dirname "$0")/../.." && pwd -P)
collections=${1:-}
[ -z "$collections" ] || collections=$(CDPATH='' cd -- "$collections" && pwd -P)
cd "$root"
out=${MINI_OUTPUT:-output/mini}
last=${MINI_LAST_STEP:-checkpoint}
archive=${DEBIAN_ARCHIVE:-http://deb.debian.org/debian}
llm2vec=$root/bin/llm2vec
mkdir -p "$out/packages" "$out/downloads"

say() {
  echo "mini: $*" >&2
}

done_after() {
  if [ "$last" = "$1" ]; then
    say "stopped after $1, as asked."
    exit 0
  fi
}

check() {
  echo "$2  $1" | sha256sum -c --quiet - >&2
}

# ---- Packages: name, version, SHA-256 of the .deb --------------------------------------------

grep -v '^#' train_configs/mini/packages.txt | while read -r name version sum; do
  [ -d "$out/packages/$name" ] && continue
  say "package $name $version"
  deb=$out/downloads/$name.deb
  if [ ! -f "$deb" ]; then
    (cd "$out/downloads" && rm -f "$name"_*.deb && apt-get download -q=2 "$name=$version" >&2)
    mv "$out/downloads/$name"_*.deb "$deb"
  fi
  check "$deb" "$sum"
  rm -rf "$out/packages/$name.partial"
  dpkg -x "$deb" "$out/packages/$name.partial"
  mv "$out/packages/$name.partial" "$out/packages/$name"
done

# Descriptions of all packages. They change with every point release of Debian, so that a sum that
# differs is no error; but then the model will differ, too.
descriptions=$out/packages/Translation-en
if [ ! -f "$descriptions" ]; then
  say "descriptions of packages"
  curl -sSfL -o "$out/downloads/Translation-en.xz" \
    "$archive/dists/bookworm/main/i18n/Translation-en.xz"
  xz -dc "$out/downloads/Translation-en.xz" >"$descriptions.partial"
  check "$descriptions.partial" "$(sed -n 's/^# Translation-en //p' train_configs/mini/packages.txt)" \
    || say "note: Debian's descriptions have changed; the model will not be the published one."
  mv "$descriptions.partial" "$descriptions"
fi
done_after packages

# ---- Data and tokenizer ----------------------------------------------------------------------

if [ ! -f "$out/data/done" ]; then
  say "training data"
  set -- --packages "$out/packages" --collections "${collections:-$out/packages}" --output "$out/data"
  for kept_out in retrieval pairs/stsb-open; do
    [ -z "$collections" ] || [ ! -d "$collections/$kept_out" ] || set -- "$@" --keep-out "$collections/$kept_out"
  done
  LLM2VEC_HEAP=${LLM2VEC_HEAP:-3g} "$llm2vec" recipe --max-per-source 40000 --max-words 80 "$@"
  touch "$out/data/done"
fi
done_after data

if [ ! -f "$out/tokenizer/tokenizer.json" ]; then
  say "tokenizer"
  "$llm2vec" tokenizer --vocab-size 12000 --lowercase --output "$out/tokenizer" "$out/data/text.txt"
fi
done_after tokenizer

# ---- Training --------------------------------------------------------------------------------

for stage in pretrain mntp simcse supervised; do
  if [ ! -f "$out/$stage/done" ]; then
    say "$stage"
    "$llm2vec" "$stage" "train_configs/mini/$stage.json"
    touch "$out/$stage/done"
  fi
  done_after "$stage"
done

# ---- The checkpoint of llm2vec-mini ----------------------------------------------------------

if [ ! -d "$out/checkpoint" ]; then
  "$llm2vec" merge --model "$out/supervised" --output "$out/checkpoint" --dtype bfloat16
  # Trained on shorter texts, it reads longer ones better whole than cut.
  cat >"$out/checkpoint/llm2vec_config.json" <<END
{
    "pooling_mode" : "mean",
    "max_length" : 512,
    "doc_max_length" : 512,
    "skip_instruction" : true
}
END
fi
say "the model is in $out/checkpoint."
