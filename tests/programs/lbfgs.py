"""A valley descended with L-BFGS, whose closure is called several times a step."""
import torch

point = torch.tensor([-1.0, 1.5], dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.LBFGS([point], lr=1, max_iter=10, line_search_fn="strong_wolfe")
calls = 0


def closure():
    global calls
    calls += 1
    optimizer.zero_grad()
    x, y = point
    loss = (1 - x) ** 2 + 20 * (y - x ** 2) ** 2
    loss.backward()
    return loss


for step in range(4):
    print(step, optimizer.step(closure).item(), point.tolist(), calls)
print("end", closure().item())
