# SPDX-License-Identifier: Apache-2.0
"""Writes small files of vectors as numpy and safetensors save them. See README.md.

Usage: make_vector_files.py RESOURCES
"""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

folder = Path(sys.argv[1]) / "distillation"
vectors = np.array([[0.5, -1.25, 3.0], [0.1, 0.2, 0.3], [-2.0, 0.0, 1e-3], [7.0, 8.0, 9.0]])
np.save(folder / "double.npy", vectors)
np.save(folder / "single.npy", vectors.astype("<f4"))
with open(folder / "version2.npy", "wb") as out:
    np.lib.format.write_array(out, vectors.astype("<f4"), version=(2, 0))
np.save(folder / "fortran.npy", np.asfortranarray(vectors))
save_file({"embeddings": vectors.astype("<f4")}, folder / "single.safetensors")
