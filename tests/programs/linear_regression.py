"""A line fitted three ways: by hand under no_grad, with nn and SGD, and exactly, with the curvature of the loss."""
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

x64, y64 = x.double(), y.double()
A = torch.cat([x64, torch.ones_like(x64)], dim=1)
exact = torch.linalg.solve(A.T @ A, A.T @ y64)
print("exact", exact.squeeze().tolist())
wb = exact.squeeze().requires_grad_()
loss = torch.nn.functional.mse_loss(A @ wb.unsqueeze(1), y64)
gradient, = torch.autograd.grad(loss, wb, create_graph=True)
hessian = torch.stack([torch.autograd.grad(g, wb, retain_graph=True)[0] for g in gradient])
print("hessian", hessian, torch.allclose(hessian, 2 * A.T.mm(A) / len(A)))
