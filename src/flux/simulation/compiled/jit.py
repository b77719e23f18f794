"""The one place that knows how numba is asked: what is compiled, and where it is kept.

Compiled code releases the interpreter (`nogil`) and holds to IEEE arithmetic (no `fastmath`): the bytes of
NumPy. Numba keeps it by the date of the file of each function, blind to those that this one calls: here every
state of our functions has a folder of its own, and old code never answers for new.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, TypeVar

import numba
from numba.misc import appdirs

Noyau = TypeVar("Noyau", bound=Callable[..., Any])
_NUMBA: Any = numba
_CONFIG = _NUMBA.config
_APPDIRS: Any = appdirs
_ASKED: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_STATE = blake2b(digest_size=8)  # of all the functions told so far: those that one calls come before it


def jit(function: Noyau, **asked: bool) -> Noyau:
    """A function that compiled code calls, compiled with it."""
    code = function.__code__
    read = {name: repr(function.__globals__.get(name)) for name in code.co_names}
    told = {name: value for name, value in read.items() if " at 0x" not in value}
    _STATE.update(repr((code.co_code, code.co_consts, told)).encode())
    made: Noyau = _NUMBA.njit(**_ASKED, **asked)(function)
    return made


def inlined(function: Noyau) -> Noyau:
    """The same for a few lines called at each vacancy: written where they are called."""
    return jit(function, forceinline=True)


def kept(function: Noyau) -> Noyau:
    """A function that Python calls: its compiled code is kept, where some folder can be written."""
    plain, asked = jit(function), _CONFIG.CACHE_DIR
    _CONFIG.CACHE_DIR = f"{asked or _APPDIRS.user_cache_dir('numba')}/flux-{_STATE.hexdigest()}"
    try:
        made: Noyau = _NUMBA.njit(cache=True, **_ASKED)(function)
        return made
    except RuntimeError:  # numba's word for no such folder
        return plain
    finally:
        _CONFIG.CACHE_DIR = asked


def is_ready(function: Callable[..., Any]) -> bool:
    """Whether a `kept` function was already compiled, or read back, in this process."""
    return bool(getattr(function, "signatures", True))


def threads() -> int:
    """Threads of one process, as numba and joblib say it (`NUMBA_NUM_THREADS`): by default, the cores."""
    return int(_CONFIG.NUMBA_NUM_THREADS)
