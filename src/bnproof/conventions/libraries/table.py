"""What each library does: one entry each, and the source of every fact.

"Measured" means that the library of that version was run on a CPU under Linux, on data for which
the conventions differ by far more than rounding.
"""

from bnproof.conventions.libraries.entry import FACTS, Axis, Eps, Library, Momentum


def _all(source: str, start: str = "") -> dict[str, str]:
    """One source for all facts, and one for what the running variance starts from."""
    return {**dict.fromkeys(FACTS, source), **({"initial_variance": start} if start else {})}


def _by_axis(default: int) -> Axis:
    return Axis(default, "axis", "axis=1", "axis=-1")


def _by_format(default: int) -> Axis:
    """For batches of images; other ranks have names of their own."""
    return Axis(default, "data_format", 'data_format="NCHW"', 'data_format="NHWC"')


_ALL = (
    Library(
        id="torch",
        name="PyTorch 2.13 torch.nn.BatchNorm1d, 2d, 3d",
        call="torch.nn.BatchNorm2d(num_features, {settings})",
        momentum=Momentum("momentum", "new", "0.1", cumulative="momentum=None"),
        eps=Eps("eps", "1e-5"),
        running_variance="unbiased",
        axis=Axis(1),
        initial_variance="1",
        sources=_all(
            "measured; torch/nn/modules/batchnorm.py",
            "measured, by bnproof identify torch.nn:BatchNorm2d",
        ),
        aliases=("pytorch",),
    ),
    Library(
        id="keras",
        name="Keras 3.15 on any backend, and tf.keras",
        call="keras.layers.BatchNormalization({settings})",
        momentum=Momentum("momentum", "old", "0.99"),
        eps=Eps("epsilon", "1e-3"),
        running_variance="biased",
        axis=_by_axis(-1),
        initial_variance="1",
        sources=_all(
            "measured; keras/src/layers/normalization/batch_normalization.py",
            "signature: moving_variance_initializer ones",
        ),
        aliases=("tf.keras",),
    ),
    Library(
        id="tensorflow",
        name="TensorFlow tf.compat.v1.nn.fused_batch_norm",
        call="tf.compat.v1.nn.fused_batch_norm(x, scale, offset, mean, variance, {settings})",
        momentum=Momentum(
            "exponential_avg_factor",
            "new",
            "1.0",
            cumulative="exponential_avg_factor=1/(1+n) in call n = 0, 1, 2, ...",
        ),
        eps=Eps("epsilon", "1e-3", "1.001e-5", "raised"),
        running_variance="unbiased",
        axis=_by_format(-1),
        initial_variance="given",
        sources={
            "momentum": "documentation of tf.compat.v1.nn.fused_batch_norm, r2.14",
            "eps": "tensorflow/python/ops/nn_impl.py (min_epsilon, a requirement of cuDNN)",
            "running_variance": "the same documentation; measured with 2.21",
            "channel_axis": "documentation: data_format NHWC or NCHW",
        },
        aliases=("tf",),
    ),
    Library(
        id="tensorflow-op",
        name="TensorFlow 2.21 tf.raw_ops.FusedBatchNormV3",
        call="tf.raw_ops.FusedBatchNormV3(x=x, scale=gamma, offset=beta, mean=mean, "
        "variance=variance, {settings})",
        momentum=Momentum(
            "exponential_avg_factor",
            "new",
            "1.0",
            cumulative="exponential_avg_factor=1/(1+n) in call n = 0, 1, 2, ...",
        ),
        eps=Eps("epsilon", "1e-4"),
        running_variance="unbiased",
        axis=_by_format(-1),
        initial_variance="given",
        sources=_all("measured; documentation of tensorflow::ops::FusedBatchNormV3::Attrs"),
    ),
    Library(
        id="flax",
        name="Flax 0.12 linen.BatchNorm and nnx.BatchNorm",
        call="flax.linen.BatchNorm(use_running_average=False, {settings})",
        momentum=Momentum("momentum", "old", "0.99"),
        eps=Eps("epsilon", "1e-5"),
        running_variance="biased",
        axis=_by_axis(-1),
        initial_variance="1",
        sources=_all(
            "measured; flax/linen/normalization.py",
            "flax/linen/normalization.py: var starts from ones",
        ),
    ),
    Library(
        id="haiku",
        name="dm-haiku 0.0.17 hk.BatchNorm",
        call="hk.BatchNorm(create_scale=True, create_offset=True, {settings})",
        momentum=Momentum("decay_rate", "old", "", debiased=True),
        eps=Eps("eps", "1e-5"),
        running_variance="biased",
        axis=Axis(
            -1,
            "data_format",
            'data_format="channels_first"',
            'data_format="channels_last"',
        ),
        initial_variance="0",
        sources=_all(
            "measured; haiku/_src/batch_norm.py and moving_averages.py",
            "haiku/_src/moving_averages.py",
        ),
    ),
    Library(
        id="equinox",
        name='Equinox 0.13 eqx.nn.BatchNorm, mode="batch"',
        call='eqx.nn.BatchNorm(input_size, axis_name="batch", mode="batch", {settings})',
        momentum=Momentum("momentum", "old", "0.99"),
        eps=Eps("eps", "1e-5"),
        running_variance="biased",
        axis=Axis(None),
        note="called on one example under vmap; in mode ema it trains on averaged statistics",
        sources=_all("measured; equinox/nn/_batch_norm.py"),
    ),
    Library(
        id="onnx",
        name="ONNX BatchNormalization, opset 15; onnxruntime 1.32",
        call='onnx.helper.make_node("BatchNormalization", ["X", "scale", "B", "mean", "var"], '
        '["Y", "running_mean", "running_var"], training_mode=1, {settings})',
        momentum=Momentum("momentum", "old", "0.9"),
        eps=Eps("epsilon", "1e-5"),
        running_variance="biased",
        axis=Axis(1),
        initial_variance="given",
        sources=_all("the operator's page at onnx.ai; measured with onnx 1.23, onnxruntime 1.32"),
        aliases=("onnxruntime",),
    ),
    Library(
        id="mxnet",
        name="MXNet gluon.nn.BatchNorm",
        call="mx.gluon.nn.BatchNorm({settings})",
        momentum=Momentum("momentum", "old", "0.9"),
        eps=Eps("epsilon", "1e-5", "1e-5", "refused"),
        running_variance="",
        axis=_by_axis(1),
        note="the minimum of eps is that of cuDNN; the running variance is biased on a CPU and "
        "unbiased with cuDNN; the symbol "
        "mx.sym.BatchNorm has eps=1e-3 and fix_gamma=True by default",
        sources={
            "momentum": "documentation of mxnet.npx.batch_norm",
            "eps": "python/mxnet/gluon/nn/basic_layers.py; documentation of BatchNormParam",
            "running_variance": "apache/mxnet#21111",
            "channel_axis": "documentation of mxnet.npx.batch_norm",
        },
    ),
    Library(
        id="paddle",
        name="PaddlePaddle 3.3 paddle.nn.BatchNorm1D, 2D, 3D",
        call="paddle.nn.BatchNorm2D(num_features, {settings})",
        momentum=Momentum("momentum", "old", "0.9"),
        eps=Eps("epsilon", "1e-5"),
        running_variance="biased",
        axis=_by_format(1),
        sources=_all("measured; documentation of paddle.nn.BatchNorm2D"),
        aliases=("paddlepaddle",),
    ),
    Library(
        id="mindspore",
        name="MindSpore 2.10 mindspore.nn.BatchNorm1d, 2d, 3d",
        call="mindspore.nn.BatchNorm2d(num_features, {settings})",
        momentum=Momentum("momentum", "old", "0.9"),
        eps=Eps("eps", "1e-5"),
        running_variance="unbiased",
        axis=_by_format(1),
        note="mindspore.ops.BatchNorm is another thing: its momentum weighs the new value, 0.1",
        initial_variance="1",
        sources=_all(
            "measured; documentation of mindspore.nn.BatchNorm2d, r2.5",
            "documentation: moving_var_init ones",
        ),
    ),
    Library(
        id="mlx",
        name="MLX 0.32 mlx.nn.BatchNorm",
        call="mlx.nn.BatchNorm(num_features, {settings})",
        momentum=Momentum("momentum", "new", "0.1"),
        eps=Eps("eps", "1e-5"),
        running_variance="unbiased",
        axis=Axis(-1),
        note="older versions keep the biased variance (ml-explore/mlx#3817)",
        sources=_all("measured; mlx/nn/layers/normalization.py"),
    ),
    Library(
        id="tinygrad",
        name="tinygrad 0.14 tinygrad.nn.BatchNorm",
        call="tinygrad.nn.BatchNorm(num_features, {settings})",
        momentum=Momentum("momentum", "new", "0.1"),
        eps=Eps("eps", "1e-5"),
        running_variance="unbiased",
        axis=Axis(1),
        sources=_all("measured; tinygrad/nn/__init__.py"),
    ),
    Library(
        id="tvm",
        name="Apache TVM 0.27 relax.op.nn.batch_norm",
        call="relax.op.nn.batch_norm(data, gamma, beta, moving_mean, moving_var, axis=1, "
        "{settings})",
        momentum=Momentum("momentum", "new", "0.1"),
        eps=Eps("epsilon", "1e-5"),
        running_variance="biased",
        axis=Axis(1),
        initial_variance="given",
        sources=_all("measured"),
    ),
    Library(
        id="chainer",
        name="Chainer 7.8 chainer.links.BatchNormalization",
        call="chainer.links.BatchNormalization(size, {settings})",
        momentum=Momentum("decay", "old", "0.9", cumulative="finetune=True in each call"),
        eps=Eps("eps", "2e-5"),
        running_variance="unbiased",
        axis=Axis(1),
        initial_variance="1",
        sources=_all(
            "measured; chainer/links/normalization/batch_normalization.py",
            "chainer/chainer#332; 0 before version 5",
        ),
    ),
    Library(
        id="caffe",
        name="Caffe BatchNorm layer",
        call="batch_norm_param {{settings}}",
        momentum=Momentum("moving_average_fraction", "old", "0.999", debiased=True),
        eps=Eps("eps", "1e-5"),
        running_variance="unbiased",
        axis=Axis(1),
        separator=" ",
        setting="{name}: {value}",
        initial_variance="0",
        note="keeps sums that are divided by the third blob; has no gamma and beta (a Scale layer)",
        sources=_all(
            "src/caffe/layers/batch_norm_layer.cpp and caffe.proto; BVLC/caffe#4885",
            "src/caffe/layers/batch_norm_layer.cpp",
        ),
    ),
    Library(
        id="cudnn",
        name="cuDNN cudnnBatchNormalizationForwardTraining",
        call="double {settings};",
        momentum=Momentum(
            "exponentialAverageFactor",
            "new",
            "",
            cumulative="exponentialAverageFactor = 1/(1+n) in call n = 0, 1, 2, ...",
        ),
        eps=Eps("epsilon", "", "1e-5", "refused"),
        running_variance="unbiased",
        axis=Axis(1),
        setting="{name} = {value}",
        note="the minimum is CUDNN_BN_MIN_EPSILON, which is 0.0 in newer versions; "
        "resultSaveInvVariance is 1 / sqrt(var + eps)",
        initial_variance="given",
        sources={
            "momentum": "cudnn.h, cudnnBatchNormalizationForwardTraining",
            "eps": "cudnn.h, CUDNN_BN_MIN_EPSILON",
            "running_variance": "apache/mxnet#21111",
            "channel_axis": "cudnn.h: tensors of statistics are 1xCx1x1",
        },
    ),
    Library(
        id="onednn",
        name="oneDNN graph operation BatchNormForwardTraining",
        call="op.{settings};",
        setting="set_attr<float>(op::attr::{name}, {value}f)",
        momentum=Momentum("momentum", "", ""),
        eps=Eps("epsilon", ""),
        running_variance="",
        axis=Axis(
            -1,
            "data_format",
            'set_attr<std::string>(op::attr::data_format, "NCX")',
            'set_attr<std::string>(op::attr::data_format, "NXC")',
        ),
        separator="; op.",
        note="which term momentum weighs and which variance is averaged is not documented",
        initial_variance="given",
        sources=_all("documentation, dev_guide_op_batchnormforwardtraining"),
    ),
    Library(
        id="numpy-ml",
        name="numpy-ml 0.1.2 BatchNorm1D, BatchNorm2D",
        call="numpy_ml.neural_nets.layers.BatchNorm2D({settings})",
        momentum=Momentum("momentum", "old", "0.9"),
        eps=Eps("epsilon", "1e-5"),
        running_variance="biased",
        axis=Axis(-1),
        sources=_all("measured"),
    ),
    Library(
        id="tfjs",
        name="TensorFlow.js 4.22 tf.layers.batchNormalization",
        call="tf.layers.batchNormalization({{settings}})",
        momentum=Momentum("momentum", "old", "0.99"),
        eps=Eps("epsilon", "1e-3"),
        running_variance="biased",
        axis=Axis(-1, "axis", "axis: 1", "axis: -1"),
        setting="{name}: {value}",
        sources=_all("measured"),
    ),
    Library(
        id="burn",
        name="Burn BatchNormConfig",
        call="BatchNormConfig::new(num_features).{settings}",
        setting="with_{name}({value})",
        momentum=Momentum("momentum", "new", "0.1"),
        eps=Eps("epsilon", "1e-5"),
        running_variance="biased",
        axis=Axis(1),
        separator=".",
        sources=_all("crates/burn-core/src/nn/norm/batch.rs (02c972d)"),
    ),
    Library(
        id="cs231n",
        name="the exercise of the course CS231n, batchnorm_forward",
        call="bn_param = {'mode': 'train', {settings}}",
        setting="'{name}': {value}",
        momentum=Momentum("momentum", "old", "0.9"),
        eps=Eps("eps", "1e-5"),
        running_variance="biased",
        axis=Axis(1),
        initial_variance="0",
        note="x is (N, D)",
        sources=_all(
            "assignment 2, cs231n/layers.py",
            "cs231n/layers.py: running_var is np.zeros where it is not given",
        ),
        aliases=("course",),
    ),
)

LIBRARIES = {library.id: library for library in _ALL}
"""All entries, by id."""
