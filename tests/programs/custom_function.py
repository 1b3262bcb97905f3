"""Functions with gradients of their own: a straight-through sign, a clipped ReLU, a swish that saves its sigmoid."""
import torch
from torch import nn
from torch.autograd import Function, gradcheck


class StraightThroughSign(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return grad_output * (x.abs() <= 1).to(grad_output.dtype)


class ClippedReLU(Function):
    @staticmethod
    def forward(ctx, x, limit):
        ctx.save_for_backward(x)
        ctx.limit = limit
        return x.clamp(min=0, max=limit)

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        grad = grad_output.clone()
        grad[x < 0] = 0
        grad[x > ctx.limit] = 0
        return grad, None


class Swish(Function):
    @staticmethod
    def forward(ctx, x, beta):
        s = torch.sigmoid(beta * x)
        ctx.save_for_backward(x, beta, s)
        return x * s

    @staticmethod
    def backward(ctx, g):
        x, beta, s = ctx.saved_tensors
        grad_x = grad_beta = None
        slope = s * (1 - s)
        if ctx.needs_input_grad[0]:
            grad_x = g * (s + beta * x * slope)
        if ctx.needs_input_grad[1]:
            grad_beta = (g * x * x * slope).sum()
        return grad_x, grad_beta


class BinaryNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(6, 24)
        self.outer = nn.Linear(24, 1)
        self.beta = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        h = StraightThroughSign.apply(self.inner(x))
        h = Swish.apply(h, self.beta)
        return self.outer(ClippedReLU.apply(h, 0.9)).squeeze(-1)


torch.manual_seed(5)
x64 = torch.randn(4, 3, dtype=torch.double, requires_grad=True)
beta64 = torch.tensor(1.3, dtype=torch.double, requires_grad=True)
print("gradcheck", gradcheck(Swish.apply, (x64, beta64), eps=1e-6, atol=1e-4))

x = torch.randn(64, 6)
y = (x[:, 0] * x[:, 1] > 0).float()
net = BinaryNet()
optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-2, alpha=0.9)
loss_fn = nn.BCEWithLogitsLoss()
for epoch in range(12):
    optimizer.zero_grad()
    out = net(x)
    loss = loss_fn(out, y)
    loss.backward()
    optimizer.step()
    if epoch % 3 == 0:
        accuracy = ((out > 0).float() == y).float().mean()
        print(f"epoch {epoch} loss {loss:.5f} accuracy {accuracy.item():.4f} beta {net.beta.item():.5f} grad {net.beta.grad.item():.5f}")
