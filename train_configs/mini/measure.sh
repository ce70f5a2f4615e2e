#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Measures what models find, beside BM25 and the hybrid of both.
#
#   train_configs/mini/measure.sh COLLECTIONS [MODEL ...]
#
# COLLECTIONS holds folders in BEIR's layout below retrieval, captions and what follows from them
# in pairs/snli-devtest, and pairs of sentences in pairs/stsb-open. Without MODEL, the checkpoint
# that build.sh makes is measured. Results, run files and reports go to output/mini/scores; what is
# there already is not encoded again.
# MINI_VECTOR_WEIGHT is the weight of vectors in the hybrid, default 0.25, beside words of 1;
# MINI_FUSION is what is fused, minmax or rrf. MINI_METHODS is what is measured, exact,bm25,hybrid.
# MINI_MAX_LENGTH cuts texts to so many tokens, default what the model says.
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

# The test part of SNLI as a collection: a caption finds the statement that follows from it, among
# all that do and that contradict one. The pairs of its dev part are trained on.
triples=$collections/pairs/snli-devtest/triples.test.jsonl.gz
if [ -f "$triples" ]; then
  mkdir -p "$out/snli/qrels"
  gzip -dc "$triples" | awk -F '"' -v out="$out/snli" '
    function document(text) {
      if (!(text in documents)) {
        documents[text] = "d" ++count
        printf "{\"_id\": \"%s\", \"text\": \"%s\"}\n", documents[text], text >(out "/corpus.jsonl")
      }
      return documents[text]
    }
    BEGIN { print "query-id\tcorpus-id\tscore" >(out "/qrels/test.tsv") }
    !($4 in queries) {
      queries[$4] = "q" ++asked
      printf "{\"_id\": \"%s\", \"text\": \"%s\"}\n", queries[$4], $4 >(out "/queries.jsonl")
    }
    {
      print queries[$4] "\t" document($8) "\t1" >(out "/qrels/test.tsv")
      document($12)
    }'
  tasks=${tasks:+$tasks,}$out/snli
fi

sts=$collections/pairs/stsb-open
[ ! -d "$sts" ] || tasks=${tasks:+$tasks,}$sts

[ $# -gt 0 ] || set -- "$out/checkpoint"
for model in "$@"; do
  name=$(basename "$model")
  # A language model reads one way: what it finds is what the other stages have to beat.
  bidirectional=true
  [ "$name" != pretrain ] || bidirectional=false
  echo "mini: measuring $name" >&2
  bin/llm2vec mteb --name "$name" --model "$model" --tasks "$tasks" \
    --methods "${MINI_METHODS:-exact,bm25,hybrid}" --instruction= \
    --enable-bidirectional "$bidirectional" ${MINI_MAX_LENGTH:+--max-length "$MINI_MAX_LENGTH"} \
    --fusion "${MINI_FUSION:-minmax}" --vector-weight "${MINI_VECTOR_WEIGHT:-0.25}" \
    --output "$out/scores/$name"
done
