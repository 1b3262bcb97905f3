"""A small residual network with batch norm, augmentation by tensor ops, label smoothing and SGD with cosine decay."""
import torch
import torch.backends.cudnn as cudnn
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset, random_split


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != planes * self.expansion:
            self.shortcut = nn.Sequential(nn.Conv2d(in_planes, planes, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(planes))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)


class ResNet(nn.Module):
    def __init__(self, block, num_blocks, num_classes=4):
        super().__init__()
        self.in_planes = 8
        self.conv1 = nn.Conv2d(3, 8, kernel_size=3, stride=1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = self._make_layer(block, 8, num_blocks[0], stride=1)
        self.layer2 = self._make_layer(block, 16, num_blocks[1], stride=2)
        self.linear = nn.Linear(16, num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def _make_layer(self, block, planes, num_blocks, stride):
        layers = []
        for s in [stride] + [1] * (num_blocks - 1):
            layers.append(block(self.in_planes, planes, s))
            self.in_planes = planes * block.expansion
        return nn.Sequential(*layers)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer2(self.layer1(out))
        out = F.adaptive_avg_pool2d(out, 1)
        return self.linear(torch.flatten(out, 1))


class Quadrants(Dataset):
    """Noise with one bright quadrant; which one is the class."""

    def __init__(self, n, transform=None):
        self.images = 0.5 * torch.randn(n, 3, 12, 12)
        self.labels = torch.arange(n) % 4
        for image, label in zip(self.images, self.labels):
            row, column = divmod(int(label), 2)
            image[:, 6 * row:6 * row + 6, 6 * column:6 * column + 6] += 1.0
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image, label = self.images[index], self.labels[index].item()
        return (self.transform(image) if self.transform else image), label


def shift(image):
    """Crop out of a padded picture, at random."""
    i, j = torch.randint(0, 3, (2,)).tolist()
    return F.pad(image, (1, 1, 1, 1))[:, i:i + 12, j:j + 12]


torch.manual_seed(8)
device = "cuda" if torch.cuda.is_available() else "cpu"
train_set, val_set = random_split(Quadrants(80, shift), [64, 16], generator=torch.Generator().manual_seed(42))
trainloader = DataLoader(train_set, batch_size=16, shuffle=True, num_workers=0, drop_last=True)
valloader = DataLoader(val_set, batch_size=8)
net = ResNet(BasicBlock, [1, 1]).to(device)
if device == "cuda":
    net = torch.nn.DataParallel(net)
    cudnn.benchmark = True
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)
for epoch in range(3):
    net.train()
    train_loss, correct, total = 0, 0, 0
    for inputs, targets in trainloader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
        _, predicted = outputs.max(1)
        total += targets.size(0)
        correct += predicted.eq(targets).sum().item()
    net.eval()
    with torch.inference_mode():
        val = sum(criterion(net(x.to(device)), y.to(device)).item() * len(y) for x, y in valloader) / len(val_set)
    scheduler.step()
    print(f"epoch {epoch} loss {train_loss / len(trainloader):.4f} right {correct > total // 4} val {val:.4f} "
          f"lr {scheduler.get_last_lr()[0]:.5f}")
print(len(net.state_dict()), list(net.state_dict())[-3:])
