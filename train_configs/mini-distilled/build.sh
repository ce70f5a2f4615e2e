#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the mini model by distillation: embeddings that begin as a teacher's vectors of single words,
# distillation on short texts, then pairs.
#
#   train_configs/mini-distilled/build.sh COLLECTIONS
#
# What ../mini/build.sh wants, and pip (to download), unzip, zstd, sqlite3. Like it, this goes on
# where it was stopped.
#
#   MINI_TAUGHT   how many texts the teacher encodes, default 160000
set -eu

root=$(CDPATH='' cd -- "$(dirname "$0")/../.." && pwd -P)
collections=$(CDPATH='' cd -- "$1" && pwd -P)
cd "$root"
here=train_configs/mini-distilled
out=output/mini-distilled
packages=output/mini/packages
ontologies=$packages/ontologies
llm2vec=$root/bin/llm2vec
mkdir -p "$out/downloads"

check() {
  echo "$2  $1" | sha256sum -c --quiet - >&2
}

MINI_LAST_STEP=packages train_configs/mini/build.sh "$collections"

# ---- Ontologies: Gene Ontology from Debian, the others as CELLxGENE's guide has them ---------

if [ ! -d "$ontologies" ]; then
  rm -rf "$ontologies.partial"
  mkdir -p "$ontologies.partial"
  wheel=$out/downloads/cellxgene_ontology_guide-1.11.1-py3-none-any.whl
  [ -f "$wheel" ] || python3 -m pip download -q --no-deps -d "$out/downloads" cellxgene-ontology-guide==1.11.1
  check "$wheel" 621276831bc021aab348f4d6119fad033282dff3126a8f2dbe8b293fbce68aca
  for file in CHEBI-ontology-2026-05-01 CL-ontology-v2026-03-26 EFO-ontology-v3.90.0 \
    MONDO-ontology-v2026-05-05 UBERON-ontology-v2026-04-01; do
    unzip -p "$wheel" "cellxgene_ontology_guide/data/$file.json.zst" | zstd -qdc \
      >"$ontologies.partial/${file%%-*}.json"
  done
  deb=$out/downloads/r-bioc-go.db.deb
  if [ ! -f "$deb" ]; then
    (cd "$out/downloads" && apt-get download -q=2 r-bioc-go.db=3.16.0-1 >&2)
    mv "$out/downloads"/r-bioc-go.db_*.deb "$deb"
  fi
  check "$deb" 6cf9c43b97212811ecb7ad0d7cde12e76f984ab7494a59c02455239a9dd3243d
  dpkg -x "$deb" "$out/downloads/go"
  sqlite3 "$out/downloads/go/usr/lib/R/site-library/GO.db/extdata/GO.sqlite" \
    "SELECT json_group_object(go_id, json_object('label', term, 'description', definition,
       'synonyms', json((SELECT json_group_array(synonym) FROM go_synonym s
         WHERE s._id = t._id AND synonym NOT LIKE 'GO:%')))) FROM go_term t" \
    >"$ontologies.partial/GO.json"
  mv "$ontologies.partial" "$ontologies"
fi

# ---- Data and tokenizer ----------------------------------------------------------------------

if [ ! -f "$out/data/done" ]; then
  LLM2VEC_HEAP=${LLM2VEC_HEAP:-3g} "$llm2vec" recipe --max-per-source 40000 --max-words 80 \
    --packages "$packages" --collections "$collections" --output "$out/data" \
    --keep-out "$collections/retrieval" --keep-out "$collections/pairs/stsb-open"
  touch "$out/data/done"
fi
if [ ! -f "$out/tokenizer/tokenizer.json" ]; then
  "$llm2vec" tokenizer --vocab-size 13600 --lowercase --output "$out/tokenizer" "$out/data/text.txt"
fi

# ---- The teacher -----------------------------------------------------------------------------

if [ ! -f "$out/taught.npy" ]; then
  ./mvnw -B -ntp -q -f "$here/teacher.xml" dependency:copy-dependencies \
    -DoutputDirectory="$root/$out/teacher"
  head -n "${MINI_TAUGHT:-160000}" "$out/data/texts.txt" >"$out/taught.txt"
  teacher() {
    java -Xmx2g -cp "$out/teacher/*" "$here/TeacherVectors.java" "$@"
  }
  teacher "$out/data/text.txt" "$out/embeddings.npy" "$out/tokenizer/tokenizer.json" 13600
  teacher "$out/taught.txt" "$out/taught.npy.partial"
  mv "$out/taught.npy.partial" "$out/taught.npy"
fi

# ---- Training --------------------------------------------------------------------------------

for stage in distill supervised; do
  if [ ! -f "$out/$stage/done" ]; then
    "$llm2vec" "$stage" "$here/$stage.json"
    touch "$out/$stage/done"
  fi
done
if [ ! -d "$out/checkpoint" ]; then
  "$llm2vec" merge --model "$out/supervised" --output "$out/checkpoint" --dtype bfloat16
  cat >"$out/checkpoint/llm2vec_config.json" <<END
{
    "pooling_mode" : "mean",
    "max_length" : 512,
    "doc_max_length" : 512,
    "skip_instruction" : true
}
END
fi
echo "mini-distilled: the model is in $out/checkpoint." >&2
