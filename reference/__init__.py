"""What batch normalization computes, in minimal NumPy: to be read, and to be tested against."""

from bnproof.reference.batch_norm import Cache, train_backward, train_forward
from bnproof.reference.double_backward import inference_double_backward, train_double_backward
from bnproof.reference.inference import inference_backward, inference_forward
from bnproof.reference.layer import BatchNorm, Layer
from bnproof.reference.running import running_update

__all__ = [
    "BatchNorm",
    "Cache",
    "Layer",
    "inference_backward",
    "inference_double_backward",
    "inference_forward",
    "running_update",
    "train_backward",
    "train_double_backward",
    "train_forward",
]
