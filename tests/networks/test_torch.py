"""Modules of torch, traced, against what torch computes in float64."""

import warnings
from itertools import count

import numpy as np
import pytest

from arrangement.errors import InputError, ModelWarning
from arrangement.networks import Network
from arrangement.networks.formats import aten_operators
from tests.amounts import first

torch = pytest.importorskip("torch", reason="torch, which is large, is not installed")
nn, F = torch.nn, torch.nn.functional

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


class Own(nn.Module):
    """A module whose forward is a function of it and of x."""

    def __init__(self, compute, **parts):
        super().__init__()
        self.compute = compute
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.compute(self, x)


class Block(nn.Module):
    """A residual block with a batch normalization."""

    def __init__(self, n):
        super().__init__()
        self.first, self.norm, self.second = nn.Linear(n, n), nn.BatchNorm1d(n), nn.Linear(n, n)

    def forward(self, x):
        return F.relu(x + self.second(F.relu(self.norm(self.first(x)))))


def trained(model):
    """The module in float64 for evaluation, with statistics as after training."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_(0, 0.5)
            module.running_var.uniform_(0.5, 2)
    return model.double().eval()


def agrees(model, shape, seed=0, samples=40):
    """Is the network what the module computes, at a batch of random samples?"""
    network = Network.from_torch(model, input_shape=shape)
    shape = (shape,) if isinstance(shape, int) else shape
    X = np.random.default_rng(seed).normal(0, 2, size=(samples, *shape))
    with torch.no_grad():
        wanted = model(torch.from_numpy(X)).numpy().reshape(samples, -1)
    found = network.forward(X.reshape(samples, -1))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9 * (1 + np.abs(wanted).max()))
    return network


def image(*parts):
    return nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), *parts)


MODULES = {
    "residual": lambda: (nn.Sequential(Block(4), nn.Linear(4, 2)), 4),
    "digits": lambda: (
        nn.Sequential(
            *(nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.ReLU(), nn.AvgPool2d(2)),
            *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.Flatten(), nn.Linear(256, 10)),
        ),
        (1, 20, 20),
    ),
    "constant": lambda: (
        Own(lambda m, x: m.b(F.relu(m.n(m.a(x) * 0 + 0.3))) + x, a=nn.Linear(3, 3),
            n=nn.BatchNorm1d(3), b=nn.Linear(3, 3)),
        3,
    ),
    "image": lambda: (
        image(nn.BatchNorm2d(2), nn.ReLU6(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3)),
        (1, 4, 4),
    ),
    "mixed": lambda: (
        nn.Sequential(
            *(nn.Linear(3, 4), nn.PReLU(4), nn.Dropout(), nn.Linear(4, 4), nn.Hardtanh(-2, 1)),
            *(nn.Linear(4, 4), nn.LeakyReLU(0.125), nn.Linear(4, 2), nn.Hardsigmoid()),
        ),
        3,
    ),
    "own": lambda: (
        Own(
            lambda m, x: torch.cat(
                [
                    m.a(x)[:, 1:].clamp(-1, 0.5),
                    torch.maximum(2 - x, x.abs() / 3).roll(1, 1),
                    m.a(x).view(-1, 2, 2).permute(2, 0, 1).amax(0),
                ],
                1,
            ),
            a=nn.Linear(3, 4),
        ),
        3,
    ),
    "stride": lambda: (
        nn.Sequential(nn.Conv1d(2, 4, 3, 2, 1, groups=2), nn.ReLU(), nn.AvgPool1d(2, 1, 1)),
        (2, 6),
    ),
    "dilated": lambda: (image(nn.Conv2d(2, 1, 2, dilation=2, padding_mode="zeros")), (1, 4, 4)),
    "circular": lambda: (nn.Conv1d(2, 2, 3, padding=1, padding_mode="circular"), (2, 5)),
    "pads": lambda: (
        nn.Sequential(nn.ReflectionPad2d(1), nn.ReplicationPad2d(1), nn.ConstantPad2d(1, 2.5)),
        (1, 3, 3),
    ),
    "ceil": lambda: (
        image(nn.MaxPool2d(2, 2, 1, ceil_mode=True), nn.AvgPool2d(2, 1, 1, True, False)),
        (1, 4, 5),
    ),
    "adaptive": lambda: (image(nn.AdaptiveAvgPool2d((2, 3)), nn.PixelShuffle(1)), (1, 5, 4)),
    "global": lambda: (
        image(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)),
        (1, 3, 3),
    ),
    "upsampled": lambda: (
        image(nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode="bilinear")),
        (1, 2, 2),
    ),
    "spectral": lambda: (
        nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3)), nn.ReLU()),
        3,
    ),
    "weight norm": lambda: (nn.utils.parametrizations.weight_norm(nn.Linear(3, 3)), 3),
    "in place": lambda: (
        Own(lambda m, x: m.a(x).relu_().add_(1).mul_(2), a=nn.Linear(2, 3)),
        2,
    ),
    "assigned": lambda: (Own(assigned, a=nn.Linear(2, 3)), 2),
    "no grad": lambda: (Own(without_gradients, a=nn.Linear(3, 3)), 3),
    "einsum": lambda: (
        Own(lambda m, x: torch.einsum("bi,oi->bo", x, m.a.weight), a=nn.Linear(3, 2)),
        3,
    ),
    "chosen": lambda: (
        Own(lambda m, x: torch.where(m.a.bias > 0, x, -x)[:, torch.tensor([2, 0])],
            a=nn.Linear(3, 3)),
        3,
    ),
    "masked": lambda: (
        Own(lambda m, x: m.a(x).relu().masked_fill(m.a.bias > 0, 0.25), a=nn.Linear(3, 4)),
        3,
    ),
    "masked by a tensor": lambda: (
        Own(lambda m, x: m.a(x).masked_fill(m.a.bias > 0, m.a.bias[0]), a=nn.Linear(1, 4)),
        1,
    ),
    "padded": lambda: (
        Own(lambda m, x: F.pad(m.a(x), (1, -1), value=0.5), a=nn.Linear(2, 3)),
        2,
    ),
    "large bounds": lambda: (
        Own(lambda m, x: F.hardtanh(x * 1e300, -1e299, 2e299).clamp(max=1e300) * 1e-299),
        3,
    ),
    "restrided": lambda: (
        Own(lambda m, x: x.view(-1, 2, 2).transpose(1, 2).clone().index_fill_(
            2, torch.tensor([0]), 1.5)),
        4,
    ),
    "stacked": lambda: (
        Own(lambda m, x: torch.stack([x, m.a(x)], 2).flip(1).reshape(len(x), -1)[:, ::2],
            a=nn.Linear(3, 3)),
        3,
    ),
    "products": lambda: (
        Own(lambda m, x: torch.baddbmm(x[:, None], x[:, None], m.a.weight[None].expand(
            len(x), -1, -1), beta=0.5, alpha=2), a=nn.Linear(3, 3)),
        3,
    ),
    "scattered": lambda: (
        Own(lambda m, x: torch.zeros_like(x).scatter(1, torch.tensor([[2, 0]] * len(x)), x),
            a=nn.Linear(3, 3)),
        3,
    ),
    "constants": lambda: (
        Own(lambda m, x: x * 2 + torch.arange(3) - torch.full_like(x, 0.1) + x.new_ones(3)), 3
    ),
    "scaled": lambda: (
        Own(lambda m, x: torch.add(x, m.a(x), alpha=3) - torch.lerp(x, m.a(x), 0.25),
            a=nn.Linear(3, 3)),
        3,
    ),
    "one by one": lambda: (Own(lambda m, x: sum(t.relu() for t in x.split([1, 2], 1))), 3),
    "extremes": lambda: (
        Own(lambda m, x: x.max(1, keepdim=True).values - x.min(1, keepdim=True)[0] + x.mean(1,
            keepdim=True)),
        3,
    ),
    "script of a function": lambda: (
        Own(lambda m, x: torch.utils.checkpoint.checkpoint(m.a, x, use_reentrant=False),
            a=nn.Linear(3, 3)),
        3,
    ),
}  # fmt: skip


def assigned(module, x):
    y = module.a(x)
    y[:, 0] = 0.5
    y[:, 1:] += 1
    return y


def without_gradients(module, x):
    with torch.no_grad():
        y = module.a(x)
    return module.a(y)


@pytest.mark.parametrize("name", first(3, MODULES))
def test_modules(name):
    torch.manual_seed(len(name))
    model, shape = MODULES[name]()
    agrees(trained(model), shape)


def random_module(rng):
    """A module of a random shape of inputs, whose parts are drawn from what is read."""
    fresh = map(str, count())
    model = nn.Sequential()
    shape = [3]
    if rng.random() < 0.5:
        shape = [int(n) for n in rng.integers(1, 3, size=1)] + [
            int(n) for n in rng.integers(2, 6, size=rng.integers(1, 3))
        ]
    given = tuple(shape)
    while len(shape) > 1:
        n, (C, *sizes) = len(shape) - 1, shape
        conv, norm, pools = (
            [nn.Conv1d, nn.Conv2d][n - 1],
            [nn.BatchNorm1d, nn.BatchNorm2d][n - 1],
            [(nn.MaxPool1d, nn.AvgPool1d), (nn.MaxPool2d, nn.AvgPool2d)][n - 1],
        )
        kind = rng.integers(6)
        if kind == 0:
            part = nn.Flatten()
        elif kind == 1 and min(sizes) >= 2:
            k, p = 2, int(rng.integers(2))
            part = pools[rng.integers(2)](k, int(rng.integers(1, 3)), p, ceil_mode=bool(p))
        elif kind == 2:
            part = norm(C)
        elif kind == 3:
            part = nn.PReLU(C)
        elif kind == 4 and C % 2 == 0 and min(sizes) > 1:
            part = conv(C, 2, 2, padding=1, groups=2, dilation=2)
        else:
            k = int(rng.integers(1, min(3, *sizes) + 1)) if n > 1 else 1
            part = conv(C, int(rng.integers(1, 4)), k, stride=int(rng.integers(1, 3)))
        model.add_module(next(fresh), part)
        model.add_module(next(fresh), activation(rng))
        shape = list(trained(model)(torch.zeros(1, *given).double()).shape[1:])
    width = shape[0]
    for _ in range(rng.integers(1, 4)):
        model.add_module(next(fresh), flat(rng, width))
        width = trained(model)(torch.zeros(1, *given).double()).shape[1]
    for parameter in model.parameters():
        if rng.random() < 0.2:  # ties and zeros
            parameter.data = parameter.data.mul(2).round().div(2)
    return trained(model), given


def activation(rng):
    slope = float(rng.choice([0.01, 0.5, -0.25, 1.5]))
    return [
        *(nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(slope), nn.Hardtanh(-0.5, 1.5), nn.Identity()),
        *(nn.Hardsigmoid(), nn.Dropout(0.3), nn.PReLU()),
        Own(lambda m, x: x.clamp(min=-0.3)),
        Own(lambda m, x: torch.minimum(x, 1 - x)),
        Own(lambda m, x: x.abs() - 0.25),
        nn.Threshold(-0.25, -0.25),
    ][rng.integers(12)]


def flat(rng, n):
    """A part whose inputs are vectors."""
    m = int(rng.integers(1, 5))
    order = torch.from_numpy(rng.permutation(n))
    return [
        *(nn.Linear(n, m), nn.Linear(n, m, bias=False), nn.BatchNorm1d(n), Block(n)),
        nn.Sequential(nn.Linear(n, m), activation(rng)),
        Own(lambda m, x: torch.cat([m.a(x), F.relu(x)], 1), a=nn.Linear(n, m)),
        Own(lambda m, x: x[:, order] * m.s / 3 + x, s=nn.Parameter(torch.randn(n))),
        Own(lambda m, x: torch.maximum(m.a(x), m.b(x)), a=nn.Linear(n, m), b=nn.Linear(n, m)),
        Own(lambda m, x: (x @ m.w).view(-1, m.k, 2).flip(1).transpose(1, 2).amax(1),
            w=nn.Parameter(torch.randn(n, 2 * m)), k=m),
        Own(lambda m, x: x.unsqueeze(1).expand(-1, 2, -1).reshape(-1, 2 * n)[:, 1:]),
        Own(lambda m, x: x - x.mean(1, keepdim=True).clamp(0, 1)),
        Program(rng, n),
    ][min(rng.integers(14), 11)]  # fmt: skip


class Program(nn.Module):
    """Random operators, each of random tensors (samples, …) that were computed before."""

    def __init__(self, rng, n):
        super().__init__()
        self.steps, self.weights = [], nn.ParameterList()
        shapes = [(n,)]
        for _ in range(rng.integers(1, 9)):
            i, j = rng.integers(len(shapes), size=2)
            kind, value = int(rng.integers(24)), float(rng.choice([0.5, -1.5, 2, 1 / 3]))
            weight = nn.Parameter(torch.randn(shapes[i][-1], int(rng.integers(1, 4))))
            self.weights.append(weight)
            step = int(i), int(j), kind, value
            found = self.done(step, weight, [torch.zeros(2, *s) for s in shapes])
            if 0 < found[0].numel() < 30 and 1 < found.dim() < 5:
                self.steps.append((step, len(self.weights) - 1))
                shapes.append(tuple(found.shape[1:]))

    def done(self, step, weight, tensors):
        i, j, kind, value = step
        x, y = tensors[i], tensors[j]
        same = x if x.shape != y.shape else y
        last = x.shape[-1]
        return (
            lambda: x + same * value,
            lambda: same - x,
            lambda: value - x / value,
            lambda: torch.maximum(x, same * value),
            lambda: torch.minimum(x.relu(), same),
            lambda: torch.cat([x, same, x[..., :1]], -1),
            lambda: x @ weight.to(x.dtype),
            lambda: F.linear(x, weight.T.to(x.dtype), weight[0].to(x.dtype)),
            lambda: x.unsqueeze(-1),
            lambda: x.flatten(1),
            lambda: x.transpose(1, -1),
            lambda: x.flip(-1)[..., ::2],
            lambda: x.clamp(-abs(value), 1.0),
            lambda: F.leaky_relu(x, value),
            lambda: F.hardtanh(x, -1.0, abs(value)).abs(),
            lambda: x.mean(-1, keepdim=True) + x,
            lambda: x.sum(1),
            lambda: x.amax(-1),
            lambda: F.pad(x, (1, 0), value=value),
            lambda: torch.where(torch.arange(last) % 2 == 0, x, same),
            lambda: torch.stack([x, same], 1),
            lambda: x.repeat_interleave(2, -1).roll(1, -1),
            lambda: x.select(-1, last - 1),
            lambda: x.clone().index_fill_(-1, torch.tensor([0]), value),
        )[kind]()

    def forward(self, x):
        tensors = [x]
        for step, at in self.steps:
            tensors.append(self.done(step, self.weights[at], tensors))
        used = [tensors[-1].flatten(1), *(t.flatten(1)[:, :1] for t in tensors[1:])]
        return torch.cat(used, 1)


def check(seed):
    """A random module is its network; of many: ``for seed in range(3000): check(seed)``."""
    torch.manual_seed(seed)
    model, shape = random_module(np.random.default_rng(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ModelWarning)
        agrees(model, shape, seed, 20)


@pytest.mark.parametrize("seed", first(1, range(100)))
def test_random_modules(seed):
    check(seed)


def test_ends_are_left_out():
    for end in (nn.Softmax(-1), nn.LogSoftmax(1), nn.Sigmoid(), nn.LogSigmoid()):
        model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2), end).eval()
        with pytest.warns(ModelWarning, match=f"module 3 .{type(end).__name__}.*is left out"):
            network = Network.from_torch(model)
        assert network == Network.from_torch(model[:3])
    chosen = Own(lambda m, x: m.a(x).softmax(1).argmax(1), a=nn.Linear(2, 3)).eval()
    with pytest.warns(ModelWarning, match="softmax ends the module"):
        assert Network.from_torch(chosen) == Network.from_torch(chosen.a)
    with pytest.warns(ModelWarning):
        squeezed = Network.from_torch(
            Own(lambda m, x: torch.sigmoid(m.a(x)).squeeze(1), a=nn.Linear(2, 1)).eval()
        )
    assert squeezed.output_dimension == 1


def test_batch_normalization_is_in_float64():
    """The network is not of long fractions, with which everything later would be slow."""
    model = trained(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU()))
    network = agrees(model, 3)
    assert network.exact_weights[0].tolist() == network.weights[0].tolist()
    assert network.exact_biases[0].tolist() == network.biases[0].tolist()


def test_the_mode_of_training_is_said_and_kept():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))
    model[2].eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.warns(ModelWarning, match="in training mode"):
        network = Network.from_torch(model)
    assert [m.training for m in model] == [True, True, False, True]
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert network == Network.from_torch(model.eval())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Network.from_torch(nn.Sequential(nn.Linear(3, 4), nn.ReLU()))

    def unlearned(module, x):
        with torch.no_grad():
            return F.dropout(x, training=module.training)

    with pytest.warns(ModelWarning, match="in training mode"):
        Network.from_torch(Own(unlearned), input_shape=2)
    with pytest.warns(ModelWarning, match="dropout"):
        Network.from_torch(nn.Sequential(nn.Linear(3, 4), nn.Dropout()))


def test_samples_that_are_mixed():
    for compute in (
        lambda m, x: m.a(x) - m.a(x).mean(0),
        lambda m, x: m.a(x) / len(x),
        lambda m, x: m.a(x)[0],
    ):
        with pytest.warns(ModelWarning, match="mixes the samples"):
            Network.from_torch(Own(compute, a=nn.Linear(2, 3)))


def cond(module, x):
    return x if x.sum() > 0 else -x


def counted(module, x):
    module.n += 1
    return x * module.n


@pytest.mark.parametrize(
    "case",
    first(
        8,
        [
            (
                nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1)),
                r"module 1 \(Tanh\), tanh",
            ),
            (
                nn.Sequential(nn.Linear(3, 3), nn.GELU(), nn.Linear(3, 1)),
                r"module 1 \(GELU\), gelu",
            ),
            (nn.Sequential(nn.Linear(3, 3), nn.SiLU()), r"module 1 \(SiLU\), silu"),
            (
                nn.Sequential(nn.Linear(3, 3), nn.Sigmoid(), nn.Linear(3, 1)),
                r"1 \(Sigmoid\).*linear",
            ),
            (nn.Sequential(nn.Linear(3, 3), nn.Softmax(1), nn.ReLU()), r"1 \(Softmax\).*takes"),
            (nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3)), "LayerNorm"),
            (nn.Sequential(nn.Linear(3, 3), nn.Softplus()), "softplus"),
            (Own(lambda m, x: F.gelu(m.a(x)), a=nn.Linear(3, 3)), "Own, gelu"),
            (Own(lambda m, x: x * m.a(x), a=nn.Linear(3, 3)), "Own, mul: a product"),
            (Own(lambda m, x: torch.where(x > 0, x, -x)), "Own, gt compares.*clamp"),
            (Own(lambda m, x: x.masked_fill(x > 0, 1.0)), "Own, gt compares.*clamp"),
            (
                Own(lambda m, x: x.masked_fill(torch.arange(3) > 0, -np.inf)),
                "masked_fill: .*inf, not finite",
            ),
            (Own(lambda m, x: x.sort(1).values), "Own, sort"),
            (Own(lambda m, x: x.long()), "Own, long compares or rounds"),
            (Own(lambda m, x: x // 1), "rounding_mode"),
            (Own(lambda m, x: x + torch.rand(3)), "Own, rand is random"),
            (Own(lambda m, x: x.max(1).indices), "compares or rounds|places"),
            (Own(lambda m, x: torch.topk(x, 2).values), "topk"),
            (Own(lambda m, x: x[x > 0]), "Own, gt compares"),
            (Own(cond), "control flow depends on values"),
            (
                Own(lambda m, x: torch.cond(x.sum() > 0, torch.sin, torch.cos, (x,))),
                "gt compares",
            ),
            (Own(lambda m, x: x * x.sum().item()), "Own, item"),
            (Own(lambda m, x: (x, x)), "returns no tensor, or several"),
            (Own(lambda m, x: None), "returns no tensor"),
            (Own(lambda m, x: torch.from_numpy(x.numpy())), r"trace it.*line \d+"),
            (Own(counted, n=nn.Buffer(torch.zeros(1))), "n is changed at every call"),
            (nn.ConvTranspose1d(3, 1, 2), "state it|transposed"),
            (nn.Bilinear(3, 3, 2), r"\(missing a required argument.*must take one tensor"),
            (nn.LSTM(3, 2), "LSTM, lstm"),
            (nn.TransformerEncoderLayer(3, 1), "self_attn.*product of two values"),
            (Own(lambda m, x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, 0, 9)), "fake_"),
            (Own(lambda m, x: m.a(x), a=nn.Linear(2, 3)), "trace it on an input of shape"),
            (
                Own(lambda m, x: x * m.p, p=nn.Parameter(torch.tensor(np.nan))),
                "nan, not finite",
            ),
        ],
    ),
)
def test_refusals(case):
    model, message = case
    with pytest.raises(InputError, match=message) as caught:
        Network.from_torch(model.eval(), input_shape=3)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_what_is_no_module():
    class Opaque(nn.Module):
        def forward(self, x):
            raise KeyError("of its own\nand longer")

    with pytest.raises(InputError, match=r"Opaque.*test_torch.py, line \d+.*of its own"):
        Network.from_torch(Opaque(), input_shape=2)
    for other in ("module", [nn.Linear(1, 1)], torch.zeros(2)):
        with pytest.raises(InputError, match="Module or a state dict is needed"):
            Network.from_torch(other)
    with pytest.raises(InputError, match="TorchScript"):
        Network.from_torch(torch.jit.script(nn.Linear(2, 2)))
    with pytest.raises(InputError, match="says its activation"):
        Network.from_torch(nn.Linear(2, 2), "relu")
    with pytest.raises(InputError, match="input_shape is of a module"):
        Network.from_torch({}, "relu", input_shape=2)
    for shape in ((0,), "3", (2.5,), 0):
        with pytest.raises(InputError, match="input_shape"):
            Network.from_torch(nn.Linear(2, 2), input_shape=shape)


def test_the_width_of_the_input_is_no_guess():
    assert Network.from_torch(nn.Sequential(nn.Flatten(), nn.Linear(4, 2))).input_dimension == 4
    for model in (
        nn.Conv1d(1, 1, 2),
        Own(lambda m, x: m.a(x[:, :2]), a=nn.Linear(2, 2)),
        nn.Sequential(nn.Flatten(), nn.LazyLinear(2)),
    ):
        with pytest.raises(InputError, match="input_shape="):
            Network.from_torch(model)
    wide = Network.from_torch(Own(lambda m, x: m.a(x[:, :2]), a=nn.Linear(2, 2)), input_shape=5)
    assert wide.input_dimension == 5


def test_float32_is_widened():
    model = nn.Sequential(
        nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 1)
    )
    X = torch.randn(30, 2, generator=torch.Generator().manual_seed(0))
    network = Network.from_torch(model, check=(X, model(X)))
    assert network.hidden_widths == (5, 5)
    assert network.weights[0].tolist() == model[0].weight.tolist()
    assert Network.from_torch(model.state_dict(), check=(X, model(X))) == network
    assert Network.from_torch(model.double()) == network
    leaky = Network.from_torch(nn.Sequential(model[0], nn.LeakyReLU(0.125), model[4]))
    assert (leaky.activation, leaky.negative_slope) == ("leaky_relu", 0.125)


def test_compared_with_the_module(monkeypatch):
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.Softmax(1)).eval()
    X = np.random.default_rng(0).normal(size=(9, 3))
    assert Network.from_torch(model[:3], check=X) == Network.from_torch(model[:3])
    with pytest.warns(ModelWarning):
        Network.from_torch(model, check=torch.from_numpy(X))
    picture, _ = MODULES["image"]()
    Network.from_torch(trained(picture), input_shape=(1, 4, 4), check=np.ones((2, 1, 4, 4)))
    with pytest.raises(InputError, match=r"check: inputs of shape \(9, 2\)"):
        Network.from_torch(model[:3], check=X[:, :2])
    monkeypatch.setitem(aten_operators.LOWERED, "relu", aten_operators.LOWERED["abs"])
    for misread in (model, model[:3]):
        with pytest.raises(InputError, match=r"check: at row \d output \d .*misread"):
            Network.from_torch(misread, check=X)


def test_hooks_and_own_classes_are_followed():
    """What a module computes is read, whatever its class and its attributes are called."""

    class Residual(nn.Sequential):
        def forward(self, x):
            return x + super().forward(x)

    hooked, changed = nn.Linear(2, 2), nn.Tanh()
    hooked.register_forward_hook(lambda module, given, found: -found)
    hooked.register_forward_pre_hook(lambda module, given: (given[0] * 2,))
    changed.forward = torch.relu
    outer = nn.Sequential(Residual(nn.Linear(2, 2), nn.ReLU()), hooked, changed)
    outer.register_forward_hook(lambda module, given, found: 1 - found)
    agrees(outer.double(), 2)
    handle = nn.modules.module.register_module_forward_hook(lambda module, given, found: found)
    try:
        with pytest.raises(InputError, match="hook for all modules"):
            Network.from_torch(outer)
    finally:
        handle.remove()


def test_a_threshold_is_read_where_it_is_continuous():
    for bound in (0.0, 0.5, -1.25):
        model = trained(nn.Sequential(nn.Linear(2, 4), nn.Threshold(bound, bound)))
        x = torch.linspace(-3, 3, 14).double().reshape(7, 2)
        found = Network.from_torch(model).forward(x.numpy())
        assert np.abs(found - model(x).detach().numpy()).max() < 1e-12
    with pytest.raises(InputError, match=r"\(Threshold\).* jumps from 20 to 0.1") as error:
        Network.from_torch(nn.Sequential(nn.Linear(2, 4), nn.Threshold(0.1, 20.0)))
    assert "\n" not in str(error.value)
