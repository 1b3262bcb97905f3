"""A line fitted three ways: by hand under no_grad, with nn and SGD, and with L-BFGS."""
import torch

torch.manual_seed(0)
x = torch.rand(64, 1) * 4 - 2
y = 3 * x + 0.5 + 0.1 * torch.randn(64, 1)

w = torch.zeros(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for step in range(30):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
        w.grad.zero_()
        b.grad = None
    if step % 10 == 0:
        print(step, loss.item())
print("by hand", w.item(), b.item(), w.requires_grad, w.is_leaf)

model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4, nesterov=True)
loss_fn = torch.nn.MSELoss()
for _ in range(30):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
print("SGD", loss.item(), model.weight.item(), model.bias.item())

wb = torch.zeros(2, dtype=torch.float64, requires_grad=True)
lbfgs = torch.optim.LBFGS([wb], lr=1, max_iter=10, line_search_fn="strong_wolfe")
x64, y64 = x.double(), y.double()


def closure():
    lbfgs.zero_grad()
    loss = torch.nn.functional.mse_loss(x64 * wb[0] + wb[1], y64)
    loss.backward()
    return loss


print("first loss", lbfgs.step(closure).item())
print("L-BFGS", wb.tolist())

A = torch.cat([x64, torch.ones_like(x64)], dim=1)
print("exact", torch.linalg.solve(A.T @ A, A.T @ y64).squeeze().tolist())
loss = torch.nn.functional.mse_loss(A @ wb.unsqueeze(1), y64)
gradient, = torch.autograd.grad(loss, wb, create_graph=True)
hessian = torch.stack([torch.autograd.grad(g, wb, retain_graph=True)[0] for g in gradient])
print("hessian", hessian, torch.allclose(hessian, 2 * A.T.mm(A) / len(A)))
