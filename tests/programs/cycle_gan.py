"""Two generators and two discriminators, images to images and back, with a pool of old images and a gradient penalty."""
# ruff: noqa -- as such programs are written
import argparse
import copy
import functools
import itertools
import random

import numpy as np
import torch
import torch.nn as nn
from torch.autograd import Variable
from torch.nn import init
from torchvision.utils import make_grid


class ImagePool():
    def __init__(self, pool_size):
        self.pool_size = pool_size
        if self.pool_size > 0:
            self.num_imgs = 0
            self.images = []

    def query(self, images):
        if self.pool_size == 0:
            return images
        return_images = []
        for image in images:
            image = torch.unsqueeze(image.data, 0)
            if self.num_imgs < self.pool_size:
                self.num_imgs = self.num_imgs + 1
                self.images.append(image)
                return_images.append(image)
            else:
                p = random.uniform(0, 1)
                if p > 0.5:
                    random_id = random.randint(0, self.pool_size - 1)
                    tmp = self.images[random_id].clone()
                    self.images[random_id] = image
                    return_images.append(tmp)
                else:
                    return_images.append(image)
        return_images = torch.cat(return_images, 0)
        return return_images


def init_weights(net, init_gain=0.02):
    def init_func(m):
        classname = m.__class__.__name__
        if hasattr(m, 'weight') and (classname.find('Conv') != -1 or classname.find('Linear') != -1):
            init.normal_(m.weight.data, 0.0, init_gain)
            if hasattr(m, 'bias') and m.bias is not None:
                init.constant_(m.bias.data, 0.0)
        elif classname.find('BatchNorm2d') != -1:
            init.normal_(m.weight.data, 1.0, init_gain)
            init.constant_(m.bias.data, 0.0)
    print('initialize network with normal')
    net.apply(init_func)
    return net


class ResnetBlock(nn.Module):
    def __init__(self, dim, norm_layer, use_bias):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(dim, dim, kernel_size=3, padding=0, bias=use_bias), norm_layer(dim), nn.ReLU(True),
            nn.Dropout(0.5),
            nn.ReflectionPad2d(1), nn.Conv2d(dim, dim, kernel_size=3, padding=0, bias=use_bias), norm_layer(dim))

    def forward(self, x):
        return x + self.conv_block(x)


class ResnetGenerator(nn.Module):
    def __init__(self, input_nc, output_nc, ngf=4, norm_layer=nn.BatchNorm2d, n_blocks=1):
        super().__init__()
        if type(norm_layer) == functools.partial:
            use_bias = norm_layer.func == nn.InstanceNorm2d
        else:
            use_bias = norm_layer == nn.InstanceNorm2d
        model = [nn.ReflectionPad2d(3), nn.Conv2d(input_nc, ngf, kernel_size=7, padding=0, bias=use_bias), norm_layer(ngf), nn.ReLU(True)]
        for i in range(2):
            mult = 2 ** i
            model += [nn.Conv2d(ngf * mult, ngf * mult * 2, kernel_size=3, stride=2, padding=1, bias=use_bias),
                      norm_layer(ngf * mult * 2), nn.ReLU(True)]
        for i in range(n_blocks):
            model += [ResnetBlock(ngf * 4, norm_layer, use_bias)]
        for i in range(2):
            mult = 2 ** (2 - i)
            model += [nn.ConvTranspose2d(ngf * mult, int(ngf * mult / 2), kernel_size=3, stride=2, padding=1, output_padding=1,
                                         bias=use_bias), norm_layer(int(ngf * mult / 2)), nn.ReLU(True)]
        model += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, output_nc, kernel_size=7, padding=0), nn.Tanh()]
        self.model = nn.Sequential(*model)

    def forward(self, input):
        return self.model(input)


class NLayerDiscriminator(nn.Module):
    def __init__(self, input_nc, ndf=4, n_layers=2, norm_layer=nn.InstanceNorm2d):
        super().__init__()
        sequence = [nn.Conv2d(input_nc, ndf, kernel_size=4, stride=2, padding=1), nn.LeakyReLU(0.2, True)]
        nf_mult = 1
        for n in range(1, n_layers):
            nf_mult_prev, nf_mult = nf_mult, min(2 ** n, 8)
            sequence += [nn.Conv2d(ndf * nf_mult_prev, ndf * nf_mult, kernel_size=4, stride=2, padding=1),
                         norm_layer(ndf * nf_mult), nn.LeakyReLU(0.2, True)]
        sequence += [nn.utils.spectral_norm(nn.Conv2d(ndf * nf_mult, 1, kernel_size=4, stride=1, padding=1))]
        self.model = nn.Sequential(*sequence)

    def forward(self, input):
        return self.model(input)


class GANLoss(nn.Module):
    def __init__(self, gan_mode, target_real_label=1.0, target_fake_label=0.0):
        super().__init__()
        self.register_buffer('real_label', torch.tensor(target_real_label))
        self.register_buffer('fake_label', torch.tensor(target_fake_label))
        self.loss = {'lsgan': nn.MSELoss(), 'vanilla': nn.BCEWithLogitsLoss()}[gan_mode]

    def __call__(self, prediction, target_is_real):
        target_tensor = self.real_label if target_is_real else self.fake_label
        return self.loss(prediction, target_tensor.expand_as(prediction))


def cal_gradient_penalty(netD, real_data, fake_data, constant=1.0, lambda_gp=10.0):
    alpha = torch.rand(real_data.shape[0], 1)
    alpha = alpha.expand(real_data.shape[0], real_data.nelement() // real_data.shape[0]).contiguous().view(*real_data.shape)
    interpolates = alpha * real_data + ((1 - alpha) * fake_data)
    interpolates.requires_grad_(True)
    disc = netD(interpolates)
    gradients = torch.autograd.grad(outputs=disc, inputs=interpolates, grad_outputs=torch.ones(disc.size()),
                                    create_graph=True, retain_graph=True, only_inputs=True)
    gradients = gradients[0].view(real_data.size(0), -1)
    return (((gradients + 1e-16).norm(2, dim=1) - constant) ** 2).mean() * lambda_gp


class CycleGANModel:
    def __init__(self, opt):
        norm = functools.partial(nn.InstanceNorm2d, affine=False, track_running_stats=False)
        self.netG_A, self.netG_B = init_weights(ResnetGenerator(3, 3, norm_layer=norm)), init_weights(ResnetGenerator(3, 3))
        self.netD_A, self.netD_B = init_weights(NLayerDiscriminator(3)), init_weights(NLayerDiscriminator(3))
        self.fake_A_pool, self.fake_B_pool = ImagePool(opt.pool_size), ImagePool(opt.pool_size)
        self.criterionGAN = GANLoss(opt.gan_mode)
        self.criterionCycle = torch.nn.L1Loss()
        self.optimizer_G = torch.optim.Adam(itertools.chain(self.netG_A.parameters(), self.netG_B.parameters()), lr=opt.lr,
                                            betas=(opt.beta1, 0.999))
        self.optimizer_D = torch.optim.Adam(itertools.chain(self.netD_A.parameters(), self.netD_B.parameters()), lr=opt.lr,
                                            betas=(opt.beta1, 0.999))
        self.optimizers = [self.optimizer_G, self.optimizer_D]
        rule = lambda epoch: 1.0 - max(0, epoch + 1 - 1) / float(3)
        self.schedulers = [torch.optim.lr_scheduler.LambdaLR(o, lr_lambda=rule) for o in self.optimizers]
        self.ema = copy.deepcopy(self.netG_A).eval()
        for p in self.ema.parameters():
            p.requires_grad = False

    def set_requires_grad(self, nets, requires_grad=False):
        for net in nets:
            if net is not None:
                for param in net.parameters():
                    param.requires_grad = requires_grad

    def forward(self):
        self.fake_B = self.netG_A(self.real_A)
        self.rec_A = self.netG_B(self.fake_B)
        self.fake_A = self.netG_B(self.real_B)
        self.rec_B = self.netG_A(self.fake_A)

    def backward_D_basic(self, netD, real, fake):
        loss_D = (self.criterionGAN(netD(real), True) + self.criterionGAN(netD(fake.detach()), False)) * 0.5
        loss_D.backward()
        return loss_D

    def backward_G(self):
        idt_A = self.netG_A(self.real_B)
        self.loss_idt = self.criterionCycle(idt_A, self.real_B) * 5.0
        self.loss_G_A = self.criterionGAN(self.netD_A(self.fake_B), True)
        self.loss_G_B = self.criterionGAN(self.netD_B(self.fake_A), True)
        self.loss_cycle = self.criterionCycle(self.rec_A, self.real_A) * 10 + self.criterionCycle(self.rec_B, self.real_B) * 10
        self.loss_G = self.loss_G_A + self.loss_G_B + self.loss_cycle + self.loss_idt
        self.loss_G.backward()

    def optimize_parameters(self):
        self.forward()
        self.set_requires_grad([self.netD_A, self.netD_B], False)
        self.optimizer_G.zero_grad()
        self.backward_G()
        self.optimizer_G.step()
        self.set_requires_grad([self.netD_A, self.netD_B], True)
        self.optimizer_D.zero_grad()
        self.loss_D_A = self.backward_D_basic(self.netD_A, self.real_B, self.fake_B_pool.query(self.fake_B))
        self.loss_D_B = self.backward_D_basic(self.netD_B, self.real_A, self.fake_A_pool.query(self.fake_A))
        gp = cal_gradient_penalty(self.netD_A, self.real_B, self.fake_B.detach())
        gp.backward()
        self.loss_gp = gp
        self.optimizer_D.step()
        with torch.no_grad():
            for p_ema, p in zip(self.ema.parameters(), self.netG_A.parameters()):
                p_ema.copy_(p.lerp(p_ema, 0.9))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('--lr', type=float, default=0.002)
    parser.add_argument('--beta1', type=float, default=0.5)
    parser.add_argument('--pool_size', type=int, default=3)
    parser.add_argument('--gan_mode', type=str, default='lsgan')
    opt, _ = parser.parse_known_args()
    seed = 0
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True
    model = CycleGANModel(opt)
    print(sum(p.numel() for n in (model.netG_A, model.netG_B, model.netD_A, model.netD_B) for p in n.parameters()))
    for epoch in range(2):
        for i in range(3):
            model.real_A = Variable(torch.rand(2, 3, 16, 16) * 2 - 1)
            model.real_B = Variable(torch.FloatTensor(2, 3, 16, 16).uniform_(-1, 1))
            model.optimize_parameters()
            losses = {k: float(getattr(model, 'loss_' + k)) for k in ('G_A', 'G_B', 'cycle', 'idt', 'D_A', 'D_B', 'gp')}
            print('(epoch: %d, iters: %d) ' % (epoch, i) + ' '.join('%s: %.5f' % kv for kv in losses.items()))
        for scheduler in model.schedulers:
            scheduler.step()
        print('learning rate = %.7f' % model.optimizers[0].param_groups[0]['lr'])
    grid = make_grid(((model.ema(model.real_A) + 1) / 2).clamp(0, 1), nrow=2, normalize=True)
    print(grid.shape, '%.5f' % grid.mean().item())
