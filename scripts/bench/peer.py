"""A peer that stays: runs an ONNX file whenever a line on stdin says for how many seconds, and answers on stdout.

Each answer is a line of JSON with the milliseconds of every run. The first line, when it is ready, says so.
"""
import argparse
import json
import sys
import time

import numpy as np


def onnxruntime_runner(file: str, threads: int, feeds: dict):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_free_dimension_override_by_name("batch", len(next(iter(feeds.values()))))
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    taken = {i.name: feeds[i.name].astype(np.int32 if "int32" in i.type else feeds[i.name].dtype)
             for i in session.get_inputs()}
    names = [output.name for output in session.get_outputs()]
    return lambda: dict(zip(names, session.run(names, taken)))


def openvino_runner(file: str, threads: int, feeds: dict):
    import openvino
    core = openvino.Core()
    model = core.read_model(file)
    taken = {i.get_any_name(): feeds[i.get_any_name()] for i in model.inputs}
    model.reshape({name: list(array.shape) for name, array in taken.items()})
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()

    def run():
        results = request.infer(taken, share_inputs=True, share_outputs=True)
        return {output.get_any_name(): value for output, value in results.items()}
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["onnxruntime", "openvino"])
    parser.add_argument("file")
    parser.add_argument("feeds", help="the inputs, an .npz")
    parser.add_argument("outputs", help="where the outputs go, an .npz")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    make = onnxruntime_runner if options.engine == "onnxruntime" else openvino_runner
    run = make(options.file, options.threads, dict(np.load(options.feeds)))
    np.savez(options.outputs, **run())
    run()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        times, end = [], time.perf_counter() + float(line)
        run()
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - start))
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main()
