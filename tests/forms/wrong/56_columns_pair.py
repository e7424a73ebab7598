"""Batch norm for the deep network of the course: Z is (units, examples)."""

import numpy as np


def initialize_batch_norm(layer_dims):
    parameters = {}
    for l in range(1, len(layer_dims)):
        parameters["gamma" + str(l)] = np.ones((layer_dims[l], 1))
        parameters["beta" + str(l)] = np.zeros((layer_dims[l], 1))
    return parameters


def batch_norm_forward(Z, gamma, beta, epsilon=1e-8):
    """
    Arguments:
    Z -- pre-activation, of shape (n[l], m)
    gamma, beta -- parameters, of shape (n[l], 1)

    Returns:
    Z_tilde -- of shape (n[l], m)
    cache -- values needed by batch_norm_backward
    """
    m = Z.shape[1]
    mu = np.sum(Z, axis=1, keepdims=True) / m
    sigma2 = np.sum((Z - mu) ** 2, axis=1, keepdims=True) / m
    Z_norm = (Z - mu) / np.sqrt(sigma2 + epsilon)
    Z_tilde = gamma * Z_norm + beta
    cache = (Z_norm, gamma, sigma2, epsilon)
    return Z_tilde, cache


def batch_norm_backward(dZ_tilde, cache):
    Z_norm, gamma, sigma2, epsilon = cache
    m = dZ_tilde.shape[0]
    dgamma = np.sum(dZ_tilde * Z_norm, axis=1, keepdims=True)
    dbeta = np.sum(dZ_tilde, axis=1, keepdims=True)
    dZ = gamma / np.sqrt(sigma2 + epsilon) * (dZ_tilde - dbeta / m - Z_norm * dgamma / m)
    return dZ, dgamma, dbeta
