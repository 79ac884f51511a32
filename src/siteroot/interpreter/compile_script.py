"""Compiles modules for `compiling.py`: run inside the Python that the bytecode is for, as a string.

It is the source that is run, not this module. It has to be understood by every Python from 3.8 on. Fields come on
stdin, each after its length as 4 bytes (little endian): a module's path, the name that the bytecode holds, its mtime.
For each module one answer goes to stdout: "+" or "-", the sha256 of the source, the length of what follows, and that:
the .pyc, or why there is none. A source that cannot be read has a sha256 of zeros.

marshal writes otherwise of an object that others hold too, so the bytes would hang on what this process compiled
before. So all names and constants of a module are held while it is written: then none is like one that nobody else
holds. The order of a set hangs on hashes, hence on PYTHONHASHSEED, which the caller sets.
"""
# ruff: noqa: TID251, UP031 - it is written for other Pythons than ours

import sys

if __name__ == "__main__":
    # -c puts the current folder first, which may be the very root: nothing below is looked for there (ROOT.md 6)
    sys.path[:] = [folder for folder in sys.path if folder]

import marshal
import os
from hashlib import sha256
from importlib.util import MAGIC_NUMBER, source_hash
from types import CodeType


def settle(code: CodeType, known: "dict[frozenset[bytes], object]") -> CodeType:
    """Return the code object with equal frozensets made one.

    The compiler shares them, and undoes that for those whose strings this process knew before.
    """
    constants: list[object] = []
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            constants.append(settle(constant, known))
        elif isinstance(constant, frozenset):
            # 1, 1.0 and True are not one; version 2, which knows no references, writes equal ones alike
            written = frozenset(marshal.dumps(each, 2) for each in constant)
            constants.append(known.setdefault(written, constant))
        else:
            constants.append(constant)
    return code.replace(co_consts=tuple(constants))


def hold(code: CodeType, held: "list[object]") -> None:
    """Add every name and constant in a code object to `held`."""
    held += code.co_names
    held += code.co_varnames
    held += code.co_freevars
    held += code.co_cellvars
    held += (code.co_name, code.co_filename, getattr(code, "co_qualname", ""))
    hold_constants(code.co_consts, held)


def hold_constants(
    constants: "tuple[object, ...] | frozenset[object]", held: "list[object]"
) -> None:
    """Add every constant to `held`: a frozenset, too, is another object where its strings were known before."""
    for constant in constants:
        held.append(constant)
        if isinstance(constant, CodeType):
            hold(constant, held)
        elif isinstance(constant, (tuple, frozenset)):
            hold_constants(constant, held)


def mark(content: bytes, mtime: int, mode: str) -> bytes:
    """Return the head of a .pyc (PEP 552)."""
    if mode == "timestamp":
        flags, tail = (
            0,
            b"".join(n.to_bytes(4, "little") for n in (mtime, len(content) & 0xFFFFFFFF)),
        )
    else:
        flags, tail = (3 if mode == "checked-hash" else 1), source_hash(content)
    return MAGIC_NUMBER + flags.to_bytes(4, "little") + tail


def compiled(content: bytes, name: str, mtime: int, mode: str) -> "tuple[bytes, bytes]":
    """Return "+" and the .pyc, or "-" and why the module does not compile."""
    try:
        code = settle(compile(content, name, "exec", dont_inherit=True, optimize=0), {})
        held: list[object] = []
        hold(code, held)
        return b"+", mark(content, mtime, mode) + marshal.dumps(code)
    except SyntaxError as error:
        why = str(error.msg) + (" (line %d)" % error.lineno if error.lineno else "")
    except (MemoryError, OverflowError, RecursionError, UnicodeError, ValueError) as error:
        why = "%s: %s" % (type(error).__name__, error)
    return b"-", why.encode("utf-8", "backslashreplace")


def read_field() -> "bytes | None":
    """Return the next field, None at the end."""
    length = sys.stdin.buffer.read(4)
    if len(length) < 4:
        return None
    return sys.stdin.buffer.read(int.from_bytes(length, "little"))


def serve(mode: str) -> None:
    """Compile what is asked for until there is no more."""
    while True:
        path, name, mtime = read_field(), read_field(), read_field()
        if path is None or name is None or not mtime:
            return
        try:
            with open(os.fsdecode(path), "rb") as file:
                content = file.read()
        except OSError as error:
            sign, result, digest = b"-", str(error).encode("utf-8", "backslashreplace"), bytes(32)
        else:
            sign, result = compiled(content, os.fsdecode(name), int(mtime), mode)
            digest = sha256(content).digest()
        head = sign + digest + len(result).to_bytes(4, "little")
        sys.stdout.buffer.write(head + result)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
