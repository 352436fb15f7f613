import ModelGraph

/// Every operator that we compute, by folder.
public enum OperatorRegistry {
  public static let all: [any Operator.Type] = [
    // Convolution
    Conv.self, ConvTranspose.self,
    // Pooling
    AveragePool.self, GlobalAveragePool.self, GlobalLpPool.self, GlobalMaxPool.self,
    LpPool.self, MaxPool.self,
    // Normalization
    BatchNormalization.self, GroupNormalization.self, Hardmax.self, InstanceNormalization.self,
    LRN.self, LayerNormalization.self, LogSoftmax.self, LpNormalization.self,
    RMSNormalization.self, Softmax.self,
    // Linear
    Einsum.self, Gemm.self, Linear.self, MatMul.self,
    // Attention
    Attention.self, CachedAttention.self, RotaryEmbedding.self,
    // Elementwise
    Abs.self, Acos.self, Acosh.self, Add.self, Asin.self, Asinh.self, Atan.self, Atanh.self,
    Cast.self, Ceil.self, Celu.self, Clip.self, Cos.self, Cosh.self, Div.self, Elu.self,
    Erf.self, Exp.self, Floor.self, Gelu.self, HardSigmoid.self, HardSwish.self, LeakyRelu.self,
    Log.self, Max.self, Mean.self, Min.self, Mish.self, Mod.self, Mul.self, Neg.self,
    PRelu.self, Pow.self, Reciprocal.self, Relu.self, Round.self, Selu.self, Shrink.self,
    Sigmoid.self, Sign.self, Sin.self, Sinh.self, Softplus.self, Softsign.self, Sqrt.self,
    Sub.self, Sum.self, Swish.self, Tan.self, Tanh.self, ThresholdedRelu.self,
    // Shape
    Concat.self, ConstantOfShape.self, Detach.self, Dropout.self, Expand.self, Flatten.self,
    Gather.self,
    GatherElements.self, GatherND.self, Identity.self, OneHot.self, Pad.self, RangeOf.self,
    Reshape.self, ScatterElements.self, ScatterND.self, ShapeOf.self, Size.self, Slice.self,
    Split.self, Squeeze.self, Tile.self, Transpose.self, Trilu.self, Unsqueeze.self,
    // Reduction
    ArgMax.self, ArgMin.self, CumSum.self, ReduceL1.self, ReduceL2.self, ReduceLogSum.self,
    ReduceLogSumExp.self, ReduceMax.self, ReduceMean.self, ReduceMin.self, ReduceProd.self,
    ReduceSum.self, ReduceSumSquare.self, TopK.self,
    // Logic
    And.self, Equal.self, Greater.self, GreaterOrEqual.self, IsInf.self, IsNaN.self, Less.self,
    LessOrEqual.self, NonZero.self, Not.self, Or.self, Where.self, Xor.self,
    // Resize
    DepthToSpace.self, Resize.self, SpaceToDepth.self,
  ]
}
