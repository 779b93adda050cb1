#!/bin/sh
# Make or renew the virtual environment with the first Python here that can: `make` calls this when it must.
set -u

incomplete=
# 3.11 is what the packages are pinned with; newer ones work.
for python in "${PYTHON:-}" python3.11 python3.12 python3 python3.13 python3.14; do
    [ -n "$python" ] || continue
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        exec "$python" scripts/prepare.py
    fi
    incomplete=$python
done

if [ -n "$incomplete" ]; then
    echo "$incomplete lacks the venv module: install it (on Debian and Ubuntu: apt install python3-venv)." >&2
else
    echo "Almanac needs Python 3.11 or newer: install it, or name one with PYTHON=/path/to/python3." >&2
fi
exit 1
