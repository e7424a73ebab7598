"""What batch normalization computes, in minimal NumPy: to be read, and to be tested against."""

from bnproof.reference.architecture import Architecture
from bnproof.reference.batch_norm import Cache, train_backward, train_forward
from bnproof.reference.double_backward import inference_double_backward, train_double_backward
from bnproof.reference.inference import inference_backward, inference_forward
from bnproof.reference.layer import BatchNorm, Layer
from bnproof.reference.losses import one_hot
from bnproof.reference.mini_batches import mini_batches
from bnproof.reference.network import Network, initialized
from bnproof.reference.optimizers import Adam, GradientDescent, Memory, Momentum, RMSprop, updated
from bnproof.reference.running import running_update
from bnproof.reference.storage import load, save
from bnproof.reference.training import Step, training

__all__ = [
    "Adam",
    "Architecture",
    "BatchNorm",
    "Cache",
    "GradientDescent",
    "Layer",
    "Memory",
    "Momentum",
    "Network",
    "RMSprop",
    "Step",
    "inference_backward",
    "inference_double_backward",
    "inference_forward",
    "initialized",
    "load",
    "mini_batches",
    "one_hot",
    "running_update",
    "save",
    "train_backward",
    "train_double_backward",
    "train_forward",
    "training",
    "updated",
]
