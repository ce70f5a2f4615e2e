"""Writes a tiny retrieval collection and scored pairs in Parquet, laid out as on the hub.

Usage: make_collection_parquet.py RESOURCES (pyarrow 17.0.0)
"""

import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def main():
    root = pathlib.Path(sys.argv[1]) / "mteb" / "parquet"
    tables = {
        "corpus/corpus-00000-of-00002": {
            "_id": ["d1", "d2"], "title": ["Cats", ""], "text": ["Cats sleep.", "Dogs bark."]},
        "corpus/corpus-00001-of-00002": {"_id": ["d3"], "title": [None], "text": ["Fish swim."]},
        "queries/queries-00000-of-00001": {"_id": ["q1", "q2"], "text": ["who sleeps", "who swims"]},
        "data/test-00000-of-00001": {
            "query-id": ["q1", "q2"], "corpus-id": ["d1", "d3"], "score": [1.0, 2.0]},
        "data/train-00000-of-00001": {
            "query-id": ["q1"], "corpus-id": ["d2"], "score": pa.array([1], pa.int64())},
        "pairs/data/test-00000-of-00001": {
            "sentence1": ["a", "b"], "sentence2": ["c", "d"], "score": [2.5, 5.0]},
    }
    for name, columns in tables.items():
        path = root / (name + ".parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path, compression="snappy")


if __name__ == "__main__":
    main()
