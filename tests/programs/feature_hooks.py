"""Style and content of a picture from forward hooks on a fixed network; the picture is what is learned."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(21)
cnn = nn.Sequential()
channels = 3
for i, width in enumerate((8, 16, 16), 1):
    cnn.add_module(f"conv_{i}", nn.Conv2d(channels, width, 3, padding=1))
    cnn.add_module(f"relu_{i}", nn.ReLU(inplace=False))
    if i < 3:
        cnn.add_module(f"pool_{i}", nn.AvgPool2d(2))
    channels = width
for param in cnn.parameters():
    param.requires_grad_(False)
cnn.eval()

features = {}


def keep(name):
    def hook(module, args, output):
        features[name] = output
    return hook


handles = [module.register_forward_hook(keep(name)) for name, module in cnn.named_children() if name.startswith("relu")]
calls = []
handles.append(cnn.conv_2.register_forward_pre_hook(lambda module, args: calls.append(tuple(args[0].shape))))


def gram_matrix(x):
    b, c, h, w = x.size()
    flat = x.view(b * c, h * w)
    return torch.mm(flat, flat.t()).div(b * c * h * w)


grid = torch.linspace(0, 1, 16)
yy, xx = torch.meshgrid(grid, grid, indexing="ij")
content_img = torch.stack([xx, yy, (xx + yy) / 2]).unsqueeze(0)
style_img = torch.stack([torch.sin(12 * xx), torch.cos(9 * yy), xx * yy]).unsqueeze(0).clamp(0, 1)
with torch.no_grad():
    cnn(style_img)
    style_targets = {name: gram_matrix(f).detach() for name, f in features.items()}
    cnn(content_img)
    content_target = features["relu_2"].detach().clone()

input_img = content_img.clone().requires_grad_(True)
optimizer = torch.optim.Adam([input_img], lr=0.05)
for step in range(10):
    optimizer.zero_grad()
    cnn(input_img)
    style_score = sum(F.mse_loss(gram_matrix(features[n]), t) for n, t in style_targets.items())
    content_score = F.mse_loss(features["relu_2"], content_target)
    loss = 1e4 * style_score + content_score
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        input_img.clamp_(0, 1)
    if step % 3 == 0:
        print(f"run {step} style {1e4 * style_score.item():.5f} content {content_score.item():.5f} grad {input_img.grad.norm().item():.5f}")

grads = {}
backward = cnn.conv_3.register_full_backward_hook(lambda m, gin, gout: grads.update(gin=gin[0].shape, gout=gout[0].abs().sum().item()))
seen = []
out = cnn(input_img)
out.register_hook(lambda g: seen.append(g.shape))
out.sum().backward()
print("backward hook", grads["gin"], f"{grads['gout']:.3f}", seen)
for handle in [*handles, backward]:
    handle.remove()
features.clear()
cnn(input_img)
print("after removal", features, len(calls), calls[0])
