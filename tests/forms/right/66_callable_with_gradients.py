from dataclasses import dataclass, field

import numpy as np


@dataclass
class BatchNorm:
    """Batch norm for rows or images: all axes but the second are averaged."""

    c: int
    eps: float = 1e-5
    rho: float = 0.9
    training: bool = True
    gradients: dict = field(default_factory=dict)

    def __post_init__(self):
        self.w, self.b = np.ones(self.c), np.zeros(self.c)
        self.run_mean, self.run_var = np.zeros(self.c), np.ones(self.c)

    def _expand(self, v, ndim):
        return v.reshape((1, -1) + (1,) * (ndim - 2))

    def __call__(self, x):
        axes = (0, *range(2, x.ndim))
        if self.training:
            mean, var = x.mean(axis=axes), x.var(axis=axes)
            self.run_mean = self.rho * self.run_mean + (1 - self.rho) * mean
            self.run_var = self.rho * self.run_var + (1 - self.rho) * var
        else:
            mean, var = self.run_mean, self.run_var
        self._rstd = 1 / np.sqrt(var + self.eps)
        self._xhat = (x - self._expand(mean, x.ndim)) * self._expand(self._rstd, x.ndim)
        return self._expand(self.w, x.ndim) * self._xhat + self._expand(self.b, x.ndim)

    def backward(self, dout):
        axes = (0, *range(2, dout.ndim))
        self.gradients["w"] = (dout * self._xhat).sum(axis=axes)
        self.gradients["b"] = dout.sum(axis=axes)
        scale = self._expand(self.w * self._rstd, dout.ndim)
        if not self.training:
            return dout * scale
        count = dout.size / self.c
        mean_dout = self._expand(self.gradients["b"] / count, dout.ndim)
        mean_dout_xhat = self._expand(self.gradients["w"] / count, dout.ndim)
        return scale * (dout - mean_dout - self._xhat * mean_dout_xhat)
