"""Builds the loops of the package ahead of time, into extensions that need no numba.

python .build/kernels.py

The extensions lie beside the loops, and are for the Python that runs this. They are left as
they are while the sources of the loops, numba and Python are those they were built from. Needs
numba, setuptools, a C and a C++ compiler.
"""

import functools
import gc
import hashlib
import inspect
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import types
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numba._dynfunc import make_function
from numba.core.base import BaseContext
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.cpu import CPUContext
from numba.core.dispatcher import Dispatcher, _FunctionCompiler
from numba.core.postproc import PostProcessor, VariableLifetime
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.core.targetconfig import ConfigStack, TargetConfig
from numba.core.transforms import canonicalize_cfg
from numba.core.types import Array, BaseTuple, boolean, float64, int64, unliteral
from numba.core.types.functions import BaseFunction
from numba.extending import overload
from numba.np import arrayobj
from numba.np.numpy_support import from_dtype
from numba.pycc import CC, compiler
from setuptools.errors import CompileError

ROOT = Path(__file__).resolve().parents[1]

# The loops alone: what the package needs beside them is not installed where they are built.
package = sys.modules["arrangement"] = types.ModuleType("arrangement")
package.__path__ = [str(ROOT / "arrangement")]
sys.path.insert(0, str(ROOT))

from arrangement.kernels import built  # noqa: E402
from arrangement.kernels.compiled import Kernel  # noqa: E402
from arrangement.kernels.types import array_of, fields_of  # noqa: E402

DESCRIPTION = built.description()
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
NO_COMPILER = 3
"""The exit code where there is no compiler, or no header of Python."""


class NoCompilerError(Exception):
    """There is no C and C++ compiler, or no header of Python."""


def build() -> list[Path]:
    """Build what is not built yet, on all processors: the files that belong to the package."""
    described = {
        "sources": built.fingerprint(),
        "processor": "x86-64-v3" if built.has_vectors() else "",
        "builder": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "made with": f"numba {version('numba')}, Python {platform.python_version()}",
    }
    files = _built_of(described)
    if not files:
        n_parts = min(os.cpu_count() or 1, 4)
        with tempfile.TemporaryDirectory() as folder:
            _in_parts(n_parts, described["processor"], folder)
            _forget()
            made = [Path(shutil.move(path, DESCRIPTION.parent)) for path in _extensions(folder)]
        described["modules"] = [path.name.removesuffix(SUFFIX) for path in made]
        DESCRIPTION.write_text(json.dumps(described, indent=1))
        files = _built_of(described)
    return files


def _built_of(described):
    """The files that were built before, if that is what they were built of."""
    try:
        said = json.loads(DESCRIPTION.read_text())
    except OSError:
        return []
    files = [DESCRIPTION, *(DESCRIPTION.parent / f"{name}{SUFFIX}" for name in said["modules"])]
    return files if said | described == said and all(map(Path.exists, files)) else []


def _extensions(folder):
    return sorted(Path(folder).glob(f"_built_*{SUFFIX}"))


def _forget():
    DESCRIPTION.unlink(missing_ok=True)
    for path in _extensions(DESCRIPTION.parent):
        path.unlink()


def _in_parts(n_parts, processor, folder):
    # Numba compiles inner loops for the same processor, and afresh: it does not see that what
    # a loop in its cache calls has changed.
    environment = {
        "NUMBA_CPU_NAME": processor or "generic",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": folder,
    }
    jobs = [
        subprocess.Popen(
            [sys.executable, __file__, str(part), str(n_parts), processor, folder],
            env=os.environ | environment,
        )
        for part in range(n_parts)
    ]
    codes = [job.wait() for job in jobs]
    if NO_COMPILER in codes:
        raise NoCompilerError
    if any(codes):
        raise SystemExit(1)


def _build_part(part, n_parts, processor, folder):
    try:
        extension = CC(f"_built_{part}", package)
    except RuntimeError as error:
        raise NoCompilerError from error
    extension.output_dir = folder
    extension.target_cpu = processor
    # The loops call none of numba's helpers in C, and the module's own code runs once a call:
    # neither is worth the time that compiling and optimizing it takes.
    extension._mixin_sources = ["modulemixin.c"]
    extension._extra_cflags = {"posix": ["-O1", "-g0"]}
    options = {}
    for kernel in _share(part, n_parts):
        arguments = tuple(map(_numba_type, kernel.annotations))
        entry = _entry(kernel)
        options[entry] = kernel.dispatcher.targetoptions
        extension.export(built.name_of(kernel.py_func), arguments)(entry)

    def compile_extra(typing, target, function, arguments, result, flags, **others):
        flags = cpu_target.options.parse_as_flags(flags.copy(), options[function])
        return with_flags(typing, target, function, arguments, result, flags, **others)

    # Otherwise the options are lost, of which it is up to the entry to let other threads run.
    with_flags, compiler.compile_extra = compiler.compile_extra, compile_extra
    _make_nothing_to_run()
    _make_nothing_twice()
    # An error that no loop makes: a message with numbers in it takes seconds to compile.
    arrayobj.raise_with_shape_context = _raise_shapes
    gc.disable()  # Nothing made on the way is to be freed before the end, soon.
    try:
        extension.compile()
    except CompileError as error:
        raise NoCompilerError from error


def _make_nothing_to_run():
    """Let numba make of the loops what is linked into an extension, and optimized there, alone.

    Otherwise it optimizes each, again with each that calls it, and makes code of it, to be run
    here, with two ways for Python to call it: a third of the time.
    """
    rtsys.initialize(cpu_target.target_context)  # This is run, by the compiler itself.
    _FunctionCompiler._customize_flags = _without_ways_in
    CPUContext.get_executable = _nothing_to_call
    JITCodeLibrary._finalize_specific = lambda self: None
    JITCodeLibrary._optimize_final_module = lambda self: None
    FunctionCache.save_overload = lambda self, signature, made: None


def _without_ways_in(self, flags):
    flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.release_gil = False  # That is up to the entry, and would be compiled once more.
    return flags


def _nothing_to_call(self, library, function, environment):
    # Numba tells the functions apart by these.
    module = function.lookup_module()
    return make_function(module, function.qualname, "", 0, environment, (library,))


def _make_nothing_twice():
    """Let numba find but once what it needs again and again: a fifth of the time.

    It compares the flags, option by option, whenever it looks for one of its own functions;
    goes through all that an operator may mean for each use of it; has a module parsed for the
    size of a type; follows each variable after each pass; and compiles a loop again for each
    combination of arguments that a caller writes as constants.
    """
    enter, kinds = ConfigStack.enter, {}
    ConfigStack.enter = lambda self, flags: enter(
        self, kinds.setdefault(flags.summary(), flags)
    )
    TargetConfig.__eq__, TargetConfig.__hash__ = object.__eq__, object.__hash__
    find, found = BaseFunction.get_call_type, {}

    def get_call_type(self, context, arguments, named):
        key = self, tuple(arguments), tuple(named.items()), ConfigStack.top_or_none()
        if key not in found:
            found[key] = find(self, context, arguments, named)
        return found[key]

    template_of = Dispatcher.get_call_template

    def get_call_template(self, arguments, named):
        if self.py_func.__module__.startswith(package.__name__):
            arguments = tuple(map(unliteral, arguments))
        return template_of(self, arguments, named)

    follow = PostProcessor.run

    def run(self, emit_dels=False, **others):
        if emit_dels or self.func_ir.is_generator:
            return follow(self, emit_dels, **others)
        self.func_ir.blocks = canonicalize_cfg(self.func_ir.blocks)
        self.func_ir.variable_lifetime = VariableLifetime(self.func_ir.blocks)
        self.func_ir.generator_info = None

    BaseFunction.get_call_type = get_call_type
    Dispatcher.get_call_template = get_call_template
    PostProcessor.run = run
    BaseContext.get_abi_sizeof = functools.cache(BaseContext.get_abi_sizeof)


def _entry(kernel):
    """A function that calls a loop: so it is compiled once, though other loops call it, too."""
    names = ", ".join(inspect.signature(kernel.py_func).parameters)
    return eval(f"lambda {names}: loop({names})", {"loop": kernel.dispatcher})


def _raise_shapes(source, target):
    raise ValueError("the shapes of source and target of an assignment differ")


overload(_raise_shapes)(lambda source, target: _raise_shapes)


def _numba_type(annotation):
    array, fields = array_of(annotation), fields_of(annotation)
    if array is not None:
        dtype = from_dtype(np.dtype(array.dtype))
        return Array(dtype, array.ndim, "C", readonly=array.read_only)
    if fields is not None:
        kind = tuple if isinstance(annotation, tuple) else annotation
        return BaseTuple.from_types([_numba_type(field) for field in fields], kind)
    return {bool: boolean, int: int64, float: float64}[annotation]


def _share(part, n_parts):
    """The loops of one part.

    Module by module, the largest first, they go where they add the least to the squares of the
    work: beside those with which they have inner loops in common, which are compiled once in a
    part, and where there is least to do.
    """
    modules = [(kernels, set().union(*map(_called, kernels))) for kernels in _declared()]
    shares = [([], set()) for _ in range(n_parts)]
    for kernels, called in sorted(modules, key=lambda one: -_work(one[1])):
        added = [_work(inner | called) ** 2 - _work(inner) ** 2 for _, inner in shares]
        share, inner = shares[np.argmin(added)]
        share += kernels
        inner |= called
    return shares[part][0]


def _called(kernel):
    """A loop and all those that it calls, and those that they call."""
    found, left = set(), {kernel}
    while left:
        found |= left
        functions = [one.py_func for one in left]
        named = {f.__globals__.get(name) for f in functions for name in f.__code__.co_names}
        left = {one for one in named if isinstance(one, Kernel)} - found
    return found


def _work(kernels):
    """The length of the bytecode, to which the time that loops take is proportional."""
    return sum(len(kernel.py_func.__code__.co_code) for kernel in kernels)


def _declared():
    """The loops that Python calls, module by module."""
    modules = []
    for path in sorted(DESCRIPTION.parent.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        modules.append([
            one
            for one in vars(import_module(name)).values()
            if isinstance(one, Kernel) and one.annotations and one.__module__ == name
        ])  # fmt: skip
    return filter(None, modules)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    try:
        if arguments:
            _build_part(int(arguments[0]), int(arguments[1]), *arguments[2:])
        else:
            print(*build(), sep="\n")
    except NoCompilerError:
        sys.exit(NO_COMPILER)
