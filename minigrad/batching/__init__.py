"""Batched tensors: what `func.vmap` is made of.

A function that was written for one sample runs once for all of them. It is given batched tensors, which look like one
sample and hold all; every op on them runs on what they hold, by the batching rule of that op. Gradients need no rules
of their own: what a batched tensor holds is an ordinary tensor with an ordinary graph.
"""
