"""Networks as chains of links whose outputs can be compared, and how links are trained fast on a CPU."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from timm.layers import BatchNormAct2d
from timm.models import EfficientNet
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

LAST = torch.channels_last
SMALL = 0.3  # share of the wanted spread at which a link's output starts


class Chain(nn.Module):
    """A timm network of the EfficientNet class (MobileNetV2 is one) as links, each fed by the one before.

    The first link ends after the first stage, the last holds the head's convolution, and between them
    every block is a link of its own. Built on the network's own modules: what trains the links trains it.
    """

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        self.network = network.to(memory_format=LAST)
        first, *others = network.blocks
        self.links = nn.ModuleList(
            [
                nn.Sequential(network.conv_stem, network.bn1, *first),
                *(block for stage in others for block in stage),
                nn.Sequential(network.conv_head, network.bn2),
            ]
        )

    def compute_outputs(self, views: Tensor, frozen: int = 0) -> list[Tensor]:
        """What every link puts out; the first `frozen` links get no gradient."""
        outputs: list[Tensor] = []
        for place, link in enumerate(self.links):
            with torch.set_grad_enabled(torch.is_grad_enabled() and place >= frozen):
                views = link(views)
            outputs.append(views)
        return outputs

    def describe(self, views: Tensor, frozen: int = 0) -> tuple[list[Tensor], Tensor]:
        """The outputs of the links, and the pooled feature in float32."""
        outputs = self.compute_outputs(views, frozen)
        return outputs, outputs[-1].float().mean(dim=(2, 3))


def is_chain(network: Any) -> bool:
    """Whether a network can be taken apart into links and folded."""
    plain = all(type(module) is nn.Conv2d for module in network.modules() if isinstance(module, nn.Conv2d))
    return isinstance(network, EfficientNet) and plain


def line_up(student: Chain, teacher: Chain, views: Tensor) -> bool:
    """Whether every link of one puts out what the same link of the other does, in shape."""
    with torch.no_grad():
        shapes = [
            [output.shape for output in chain.eval().compute_outputs(views)] for chain in (student, teacher)
        ]
    return shapes[0] == shapes[1]


def start_like(student: Chain, teacher: Chain, views: Tensor) -> None:
    """Set the student's batch normalisations so that each link starts near what it has to reproduce.

    Fed with the teacher's input, the values inside a link get mean 0 and spread 1, and its output the
    mean of the teacher's (of what the block adds, where its input is added) and a small share of its spread.
    """
    given = views
    with torch.no_grad():
        for place, link in enumerate(student.links):
            wanted = teacher.links[place](given)
            norms = [module for module in link.modules() if isinstance(module, nn.BatchNorm2d)]
            for norm in norms:
                norm.momentum = 1.0
            link.train()(given)
            link.eval()
            if place < len(student.links) - 1:  # the last ends in an activation
                added = wanted - given if wanted.shape == given.shape else wanted
                norms[-1].weight.copy_(SMALL * added.std(dim=(0, 2, 3)))
                norms[-1].bias.copy_(added.mean(dim=(0, 2, 3)))
            given = wanted


def fold_network(network: nn.Module) -> nn.Module:
    """Merge every batch normalisation into the convolution before it; the network then computes in the
    precision of its input, whatever that of its weights.
    """
    for conv, norm in _find_pairs(network):
        first, second = network.get_submodule(conv), network.get_submodule(norm)
        assert isinstance(first, nn.Conv2d), "what pairs are made of"
        assert isinstance(second, BatchNormAct2d), "what pairs are made of"
        merged = fuse_conv_bn_eval(first, second)
        merged.__class__ = _Convolution
        network.set_submodule(conv, merged)
        network.set_submodule(norm, second.act)
    return network.eval()


def unfold_state(state: dict[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """The state of a folded network as that of a fresh one of the same name: normalisations that only add."""
    whole = dict(state)
    for conv, norm in _find_pairs(network):
        bias = whole.pop(f"{conv}.bias")
        epsilon: Any = network.get_submodule(norm).eps
        whole |= {
            f"{norm}.weight": torch.ones_like(bias),
            f"{norm}.bias": bias,
            f"{norm}.running_mean": torch.zeros_like(bias),
            f"{norm}.running_var": torch.full_like(bias, 1 - epsilon),
            f"{norm}.num_batches_tracked": torch.tensor(0),
        }
    return whole


def _find_pairs(network: nn.Module) -> Iterator[tuple[str, str]]:
    """The names of every convolution and the normalisation right after it."""
    modules = list(network.named_modules())
    leaves = [(name, module) for name, module in modules if isinstance(module, nn.Conv2d | BatchNormAct2d)]
    for (conv, first), (norm, second) in pairwise(leaves):
        if isinstance(first, nn.Conv2d) and isinstance(second, BatchNormAct2d):
            yield conv, norm


class _Convolution(nn.Conv2d):
    """Float32 weights that are used in the precision of the input, so that small steps are not lost."""

    def forward(self, input: Tensor) -> Tensor:
        assert self.bias is not None, "folding gives every convolution one"
        weight, bias = self.weight.to(input.dtype), self.bias.to(input.dtype)
        if self.stride == (2, 2) and self.groups == len(weight) and input.device.type == "cpu":
            return _StridedDepthwise.apply(input, weight, bias, self.padding)  # type: ignore[no-any-return]
        return functional.conv2d(input, weight, bias, self.stride, self.padding, 1, self.groups)


class _StridedDepthwise(torch.autograd.Function):
    """A depthwise convolution of stride 2 whose gradient is that of one of stride 1.

    On CPUs the gradient of the strided one takes a slow path: 60 ms for 64 inputs of 576 × 10 × 10 where
    this takes 2. The gradient of a value that a stride steps over is 0, so the result is the same.
    """

    @staticmethod
    def forward(ctx: Any, input: Tensor, weight: Tensor, bias: Tensor, padding: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(input, weight)
        ctx.padding = padding
        return functional.conv2d(input, weight, bias, 2, padding, 1, len(weight))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        input, weight = ctx.saved_tensors
        dense = torch.zeros_like(input, memory_format=LAST)
        dense[:, :, ::2, ::2] = gradient
        ones, wanted = [1, 1], [True, True, False]
        of_input, of_weight, _ = torch.ops.aten.convolution_backward(
            dense, input, weight, None, ones, ctx.padding, ones, False, [0, 0], len(weight), wanted
        )
        return of_input, of_weight, gradient.sum(dim=(0, 2, 3)), None
