// What a program that imports Menagerie writes down: tensors, graphs, what goes wrong, how models learn, and with whom.
@_exported import struct BinaryIO.DataError
@_exported import Collectives
@_exported import Execution
@_exported import ModelGraph
@_exported import Tensors
@_exported import Training
