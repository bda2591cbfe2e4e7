#!/usr/bin/env bash
# Run once by Gradescope, when the autograder is built: installs the wheels that lie beside this file.
# Nothing is fetched from anywhere.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python3 -m pip install --quiet --no-index --no-deps --upgrade --target "$here/site" "$here"/*.whl
