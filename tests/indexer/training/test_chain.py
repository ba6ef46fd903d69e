"""Links are the network, folded or not, and their fast gradients are the true ones."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from indexer.training.chain import (
    Chain,
    _StridedDepthwise,
    fold_network,
    is_chain,
    line_up,
    start_like,
    unfold_state,
)
from indexer.training.losses import measure_error

NAME, SIZE = "mobilenetv2_035", 64


def network(seed: int, name: str = NAME) -> nn.Module:
    """A seeded network with normalisations that do something."""
    torch.manual_seed(seed)
    made: nn.Module = timm.create_model(name, num_classes=0)
    with torch.no_grad():
        for each in made.modules():
            if isinstance(each, nn.BatchNorm2d):
                each.running_mean.uniform_(-0.2, 0.2)  # type: ignore[operator, union-attr]
                each.running_var.uniform_(0.5, 2)  # type: ignore[operator, union-attr]
                each.weight.uniform_(0.7, 1.5)
                each.bias.uniform_(-0.3, 0.3)
    return made.eval()


def views(count: int = 8) -> Tensor:
    return torch.randn(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_a_chain_computes_what_its_network_does() -> None:
    whole = network(1)
    wanted = whole(views())
    outputs, pooled = Chain(whole).describe(views())
    assert len(outputs) == 18
    assert torch.allclose(pooled, wanted, atol=1e-4)


@torch.no_grad()
def test_folding_and_unfolding_change_nothing() -> None:
    whole = network(2)
    wanted = whole(views())
    fold_network(whole)
    assert not any(isinstance(each, nn.BatchNorm2d) for each in whole.modules())
    assert torch.allclose(whole(views()), wanted, atol=1e-4)
    fresh = timm.create_model(NAME, num_classes=0).eval()
    fresh.load_state_dict(unfold_state(whole.state_dict(), fresh))
    assert torch.allclose(fresh(views()), wanted, atol=1e-4)


@pytest.mark.parametrize(("kernel", "side"), [(3, 10), (3, 7), (5, 8), (5, 9)])
def test_the_strided_gradient_is_torchs_own(kernel: int, side: int) -> None:
    generator = torch.Generator().manual_seed(3)
    values = torch.randn(2, 6, side, side, generator=generator)
    weight = torch.randn(6, 1, kernel, kernel, generator=generator)
    bias = torch.randn(6, generator=generator)
    padding = (kernel // 2, kernel // 2)
    theirs = [each.clone().requires_grad_() for each in (values, weight, bias)]
    ours = [each.clone().requires_grad_() for each in (values, weight, bias)]
    wanted = functional.conv2d(*theirs, 2, padding, 1, 6)
    found = _StridedDepthwise.apply(*ours, padding)
    assert torch.equal(found, wanted)
    pull = torch.randn(wanted.shape, generator=generator)
    wanted.backward(pull)  # type: ignore[no-untyped-call]
    found.backward(pull)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.grad is not None
        assert other.grad is not None
        assert torch.allclose(mine.grad, other.grad, atol=1e-4)


@torch.no_grad()
def test_a_student_starts_near_its_teacher() -> None:
    teacher, student = Chain(fold_network(network(4))), Chain(network(5))
    start_like(student, teacher, views(16))
    folded = Chain(fold_network(student.network))
    given = [views(16), *teacher.compute_outputs(views(16))]
    errors = [float(measure_error(folded.links[n](given[n]), given[n + 1])) for n in range(17)]
    assert max(errors) < 1.5
    apart = Chain(fold_network(network(5)))
    unlike = [float(measure_error(apart.links[n](given[n]), given[n + 1])) for n in range(17)]
    assert sum(errors) < sum(unlike) / 2


def test_the_error_of_a_constant_is_one() -> None:
    wanted = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(6)) + 7
    constant = wanted.mean(dim=(0, 2, 3), keepdim=True).expand_as(wanted)
    assert float(measure_error(constant, wanted)) == pytest.approx(1, abs=1e-3)
    assert float(measure_error(wanted, wanted)) == 0


@pytest.mark.parametrize(
    ("name", "chain"), [(NAME, True), ("tf_efficientnet_b0", False), ("resnet18", False)]
)
def test_only_plain_networks_of_its_family_are_chains(name: str, chain: bool) -> None:
    assert is_chain(timm.create_model(name, num_classes=0)) is chain


def test_chains_of_other_widths_do_not_line_up() -> None:
    narrow, wide = Chain(network(1)), Chain(network(1, "mobilenetv2_050"))
    assert line_up(narrow, Chain(network(2)), views(2))
    assert not line_up(narrow, wide, views(2))


def test_frozen_links_get_no_gradient() -> None:
    chain = Chain(fold_network(network(7)))
    _, pooled = chain.describe(views(2), 3)
    pooled.sum().backward()  # type: ignore[no-untyped-call]
    moved = [any(each.grad is not None for each in link.parameters()) for link in chain.links]
    assert moved == [False] * 3 + [True] * 15
