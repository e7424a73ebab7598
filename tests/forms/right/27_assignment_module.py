import torch
import torch.nn as nn


class CustomBatchNormAutograd(nn.Module):
    """Batch normalization for MLPs; the backward pass is left to autograd.

    Keeps no running statistics: normalizes with the current batch, also in evaluation.
    """

    def __init__(self, n_neurons, eps=1e-5):
        """
        Args:
          n_neurons: int specifying the number of neurons
          eps: small float to be added to the variance for stability
        """
        super().__init__()
        self.n_neurons = n_neurons
        self.eps = eps
        self.beta = nn.Parameter(torch.zeros(n_neurons))
        self.gamma = nn.Parameter(torch.ones(n_neurons))

    def forward(self, input):
        """
        Args:
          input: input tensor of shape (n_batch, n_neurons)
        Returns:
          out: batch-normalized tensor
        """
        shape = input.size()
        if len(shape) == 1:
            input = input.view(1, -1)
            shape = input.size()
        if len(shape) > 2:
            raise ValueError("Expected 2D input. Instead, got {}D input".format(len(shape)))
        if shape[1] != self.n_neurons:
            raise ValueError("Expected input of size batch x {}. Got {}".format(self.n_neurons, shape))

        mean = input.mean(dim=0)
        var = input.var(dim=0, unbiased=False)
        x_hat = (input - mean) / torch.sqrt(var + self.eps)
        return self.gamma * x_hat + self.beta
