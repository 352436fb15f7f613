"""llama.cpp's GELU, seen and replaced: whatever else differs from transformers then shows.

llama.cpp takes GELU of every kind from a table of half precision, made by the formula with tanh. A hook on each node of
its graph proves that of what it computed, and writes the function that the model means in its place.
"""
import ctypes
import math
import pathlib

import llama_cpp
import numpy as np

F32 = 0
DIMENSIONS, PARAMETERS, SOURCES = 4, 16, 10
OURS = {"erf": lambda x: 0.5 * x * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))),
        "tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * x * (1 + 0.044715 * x * x)))}


class Node(ctypes.Structure):
    """`struct ggml_tensor` of the version that requirements-llama.txt names."""
    _fields_ = [("type", ctypes.c_int), ("buffer", ctypes.c_void_p), ("extents", ctypes.c_int64 * DIMENSIONS),
                ("strides", ctypes.c_size_t * DIMENSIONS), ("operator", ctypes.c_int),
                ("parameters", ctypes.c_int32 * PARAMETERS), ("flags", ctypes.c_int32),
                ("sources", ctypes.c_void_p * SOURCES), ("viewed", ctypes.c_void_p), ("offset", ctypes.c_size_t),
                ("data", ctypes.c_void_p), ("name", ctypes.c_char * 64)]

    def array(self) -> np.ndarray:
        """The numbers where they lie."""
        extents = tuple(self.extents[::-1])
        size = math.prod(extents)
        if self.type != F32 or self.strides[3] * self.extents[3] != 4 * size:
            raise ValueError(f"{self.name.decode()} is not dense float32")
        return np.frombuffer((ctypes.c_float * size).from_address(self.data), np.float32).reshape(extents)


class Gelu:
    """The hook: `kind` is the GELU that the model means, `seen` how many were replaced, `failure` what went wrong."""

    def __init__(self, kind: str):
        libraries = pathlib.Path(llama_cpp.__file__).parent / "lib"
        # The very files that are loaded; those without a number are copies, with a table of their own.
        self.described = ctypes.CDLL(libraries / "libggml-base.so.0").ggml_op_desc
        self.described.argtypes, self.described.restype = [ctypes.c_void_p], ctypes.c_char_p
        cpu = ctypes.CDLL(libraries / "libggml-cpu.so.0")
        self.table = np.frombuffer((ctypes.c_uint16 * 65536).in_dll(cpu, "ggml_table_gelu_f16"), np.float16)
        self.kind, self.seen, self.failure, self.inputs = kind, 0, "", {}
        self.hook = llama_cpp.ggml_backend_sched_eval_callback(self.visit)

    def visit(self, address: int, asking: bool, data) -> bool:
        if asking:
            return True
        try:
            self.look(address)
        except Exception as error:  # would be lost in C
            self.failure = self.failure or repr(error)
        return not self.failure

    def look(self, address: int) -> None:
        node = Node.from_address(address)
        operator = self.described(address)
        if operator in (b"GELU", b"GEGLU"):
            # the memory of an input may be the output's
            given = [self.inputs[source] for source in node.sources if source]
            if operator == b"GEGLU" and len(given) == 1:
                given = np.split(given[0], 2, axis=-1)[::-1 if node.parameters[1] else 1]
            self.replace(node, *given)
        elif node.type == F32 and operator in (b"MUL_MAT", b"ADD"):
            self.inputs[address] = node.array().copy()

    def replace(self, node: Node, x: np.ndarray, gate=np.float32(1)) -> None:
        theirs = np.where(x >= 10, x, self.table[x.astype(np.float16).view(np.uint16)].astype(np.float32))
        theirs = np.where(x <= -10, np.float32(0), theirs) * gate
        found = node.array()
        if not np.array_equal(found, theirs):
            raise ValueError(f"{node.name.decode()} is not by the table: off by {np.abs(found - theirs).max():.1e}")
        found[...] = OURS[self.kind](x.astype(float)) * gate
        self.seen += 1

    def check_table(self) -> None:
        """Between -10 and 10, where it is used, the table is the formula with tanh, rounded to half precision."""
        x = np.arange(65536, dtype=np.uint16).view(np.float16).astype(float)
        inside = np.abs(x) < 10
        exact = OURS["tanh"](x[inside])
        off = np.abs(self.table[inside].astype(float) - exact)
        if not (off <= np.maximum(np.abs(exact) * 2.0 ** -10, 2.0 ** -23)).all():
            raise ValueError(f"the table is not GELU by tanh: off by {off.max():.1e}")
