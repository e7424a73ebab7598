from torch import Tensor, nn


class PatchBatchNorm(nn.Module):
    """Replaces LayerNorm in a transformer: batch norm over (batch, patches, d_model)."""

    def __init__(self, d_model: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        self.norm = nn.BatchNorm1d(d_model, eps=eps, momentum=momentum)

    def forward(self, x: Tensor) -> Tensor:
        batch, patches, d_model = x.shape
        x = x.transpose(1, 2)
        x = self.norm(x)
        return x.transpose(1, 2)


class FeedForward(nn.Module):
    def __init__(self, d_model: int, hidden: int):
        super().__init__()
        self.up, self.down = nn.Linear(d_model, hidden), nn.Linear(hidden, d_model)
        self.act = nn.GELU()

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.act(self.up(x)))
