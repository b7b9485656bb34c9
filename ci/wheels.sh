#!/usr/bin/env bash
# Builds the sdist, then from it a wheel for each CPython 3.10 to 3.13 that is found, and runs ci/smoke.py against each in a
# clean environment outside of the checkout. Results are in dist/.
# PYTHONS="a b" names the interpreters instead; each must then work.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
own=$checkout/.venv/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints the first working interpreter of version $1: on PATH, or installed by pyenv.
find_python() {
    local candidate
    for candidate in "python$1" "$(pyenv root 2>/dev/null || true)"/versions/"$1".*/bin/python; do
        if "$candidate" -c "import sys, venv; assert '%d.%d' % sys.version_info[:2] == '$1'" 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

pythons=()
if [ -n "${PYTHONS:-}" ]; then
    read -ra pythons <<<"$PYTHONS"
else
    for version in 3.10 3.11 3.12 3.13; do
        found=$(find_python "$version")
        if [ -n "$found" ]; then
            pythons+=("$found")
        else
            echo "wheels: CPython $version skipped: none found"
        fi
    done
fi
[ ${#pythons[@]} -gt 0 ] || { echo "wheels: no interpreter found" >&2; exit 1; }

rm -rf dist
"$own" -m build --sdist --outdir dist . >"$work/sdist.log" 2>&1 || { cat "$work/sdist.log" >&2; exit 1; }
sdist=("$checkout"/dist/*.tar.gz)
"$own" "$checkout/ci/check_contents.py" "${sdist[0]}"

for python in "${pythons[@]}"; do
    version=$("$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
    "$python" -m venv "$work/$version"
    pip=("$work/$version/bin/python" -m pip --disable-pip-version-check --quiet)
    "${pip[@]}" wheel --no-deps --wheel-dir "$work/wheels-$version" "${sdist[0]}"
    wheel=("$work/wheels-$version"/*.whl)
    "$own" "$checkout/ci/check_contents.py" "${wheel[0]}"
    "${pip[@]}" install "${wheel[0]}"
    (cd "$work" && "$work/$version/bin/python" -I "$checkout/ci/smoke.py")
    mv "${wheel[0]}" dist/
done
ls -l dist
