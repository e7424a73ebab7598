import numpy as np
from course.layer_utils import affine_forward


def batchnorm_forward(x, gamma, beta, bn_param):
    return x, None
