"""A peer in its own process: the latency of an ONNX file in ONNX Runtime or OpenVINO, as JSON on stdout."""
import argparse
import json
import time

import numpy as np


def onnxruntime_runner(file: str, threads: int, shape: list[int]):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: np.ones(shape, np.float32)}
    return lambda: session.run(None, feed)


def openvino_runner(file: str, threads: int, shape: list[int]):
    import openvino
    model = openvino.Core().read_model(file)
    model.reshape(shape)
    compiled = openvino.Core().compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"})
    request, feed = compiled.create_infer_request(), {0: np.ones(shape, np.float32)}
    return lambda: request.infer(feed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["onnxruntime", "openvino"])
    parser.add_argument("file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2, help="how long to measure (default 2)")
    options = parser.parse_args()
    make = onnxruntime_runner if options.engine == "onnxruntime" else openvino_runner
    run = make(options.file, options.threads, [options.batch, 3, 224, 224])
    for _ in range(3):
        run()
    times, end = [], time.perf_counter() + options.seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps({"median": float(np.median(times)), "min": min(times), "runs": len(times)}))


if __name__ == "__main__":
    main()
