#!/bin/sh
# Make .venv exactly as requirements.lock says. Needs Python >= 3.11 and a package index, nothing else:
# uv is taken from the PATH, else from the cache that checkouts share, else installed into that cache.
set -eu
cd "$(dirname "$0")/.."

cache="${XDG_CACHE_HOME:-$HOME/.cache}/secureml-operator"
say() { printf '  %s\n' "$*" >&2; }

find_python() {
    for candidate in ${PYTHON:-} python3 python python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "No Python >= 3.11 found. Install one, or name it: make PYTHON=/path/to/python ..."
    exit 1
}

# uv does not read pip's settings; a company mirror and its CA are usually told to pip only.
adopt_pip_settings() {
    if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        index="${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}"
        if [ -n "$index" ]; then export UV_DEFAULT_INDEX="$index"; fi
    fi
    if [ -n "${PIP_CERT:-}" ] && [ -z "${SSL_CERT_FILE:-}" ]; then export SSL_CERT_FILE="$PIP_CERT"; fi
    export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-180}"
}

# A venv where the machine can make one; Debian's bare python3 cannot, but may have pip.
find_uv() {
    if command -v uv >/dev/null 2>&1; then command -v uv; return; fi
    if [ -x "$cache/uv/bin/uv" ]; then echo "$cache/uv/bin/uv"; return; fi
    say "installing uv into $cache/uv"
    building="$cache/uv.$$"
    mkdir -p "$building"
    if "$python" -m venv "$building/venv" >/dev/null 2>&1; then
        "$building/venv/bin/python" -m pip install --quiet --target "$building/lib" uv >&2
    else
        "$python" -m pip install --quiet --target "$building/lib" uv >&2
    fi
    mkdir -p "$building/bin"
    mv "$building/lib/bin/uv" "$building/bin/uv"
    rm -rf "$building/venv" "$building/lib"
    # Another checkout may have been quicker; either uv will do.
    [ -d "$cache/uv" ] || mv "$building" "$cache/uv"
    rm -rf "$building"
    echo "$cache/uv/bin/uv"
}

python="$(find_python)"
adopt_pip_settings
uv="$(find_uv)"
if [ "${1:-}" = "--uv" ]; then
    shift
    exec "$uv" "$@"
fi

say "making .venv as requirements.lock says"
if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    "$uv" venv --quiet --clear --python "$python" .venv
fi
export VIRTUAL_ENV="$PWD/.venv"
# Byte-code halves the start of every process, and the memory: compiling a large SDK in place costs 200 MB.
"$uv" pip sync --require-hashes --compile-bytecode requirements.lock
"$uv" pip install --quiet --no-deps --editable .
