import Kernels
import Tensors
import Testing
import Training

@Suite struct ParameterTests {
  @Test func narrowWeightsAreWidenedAndTheGradientBeginsAtZero() {
    let tensor = Tensor(shape: [2, 2], [1.5, -2, 0.25, 8] as [Double]).cast(to: .bfloat16)
    let parameter = Parameter(name: "w", tensor)
    #expect(parameter.values.array == [1.5, -2, 0.25, 8])
    #expect(parameter.gradient.array == [0, 0, 0, 0])
    parameter.values[1] = 3
    #expect(parameter.tensor.floats == [1.5, 3, 0.25, 8])
  }
}
