# SPDX-License-Identifier: Apache-2.0
"""The bytes of an event file, by TensorBoard's own writer (tensorboard 2.17.1, protobuf 4.25.3).

Usage: make_event_file.py [FILE] prints the bytes that EventFileTest expects; with FILE, what
TensorBoard's reader finds in a file of ours.
"""

import io
import sys

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


def expected():
    target = io.BytesIO()
    writer = RecordWriter(target)
    time = 1_700_000_000.25
    value = summary_pb2.Summary.Value(tag="eval/loss", simple_value=0.5)
    version = event_pb2.Event(wall_time=time, step=0, file_version="brain.Event:2")
    loss = event_pb2.Event(wall_time=time, step=300, summary=summary_pb2.Summary(value=[value]))
    for event in (version, loss):
        writer.write(event.SerializeToString())
    return target.getvalue().hex()


def found(file):
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    for event in EventFileLoader(file).Load():
        for value in event.summary.value:
            print(event.step, value.tag, value.tensor.float_val or value.simple_value)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        found(sys.argv[1])
    else:
        print(expected())
