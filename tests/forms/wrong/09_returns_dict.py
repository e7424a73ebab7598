import numpy as np


class BatchNormalizer:
    """Batch normalization of a fully connected layer with n_units outputs."""

    def __init__(self, n_units: int, alpha: float = 0.1, epsilon: float = 1e-5) -> None:
        self.alpha = alpha
        self.epsilon = epsilon
        self.scale = np.ones(n_units)
        self.offset = np.zeros(n_units)
        self.mean_avg = np.zeros(n_units)
        self.var_avg = np.ones(n_units)
        self.training = True

    def train(self) -> None:
        self.training = True

    def eval(self) -> None:
        self.train_mode = False

    def forward(self, x: np.ndarray) -> np.ndarray:
        if self.training:
            mean = x.mean(axis=0)
            var = ((x - mean) ** 2).mean(axis=0)
            self.mean_avg = (1 - self.alpha) * self.mean_avg + self.alpha * mean
            self.var_avg = (1 - self.alpha) * self.var_avg + self.alpha * var
        else:
            mean, var = self.mean_avg, self.var_avg
        self._std = np.sqrt(var + self.epsilon)
        self._z = (x - mean) / self._std
        return self.scale * self._z + self.offset

    def backward(self, dy: np.ndarray) -> dict[str, np.ndarray]:
        dz = dy * self.scale
        if self.training:
            dx = (dz - dz.mean(axis=0) - self._z * (dz * self._z).mean(axis=0)) / self._std
        else:
            dx = dz / self._std
        return {"dx": dx, "dscale": (dy * self._z).sum(axis=0), "doffset": dy.sum(axis=0)}


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    bn = BatchNormalizer(4)
    out = bn.forward(rng.normal(3.0, 2.0, (100, 4)))
    print(out.mean(axis=0).round(6), out.std(axis=0).round(3))
