import BinaryIO
import Execution
import Formats
import Menagerie
import NumPyConverter
import Tensors

extension Model {
  /// The arrays of an `.npz` or `.npy` file as inputs, by name; a single array needs none.
  func arrays(at path: String) throws -> [String: Tensor] {
    let arrays = try NPZ.read(path)
    let inputs = try session().inputs
    let isOnly = arrays.count == 1 && inputs.count == 1
    var feeds: [String: Tensor] = [:]
    for array in arrays {
      feeds[isOnly ? inputs[0].name : array.name] = try namingFile(path) { try array.load() }
    }
    return feeds
  }
}
