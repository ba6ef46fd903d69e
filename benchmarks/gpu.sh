#!/usr/bin/env bash
# Everything that a GPU has to prove, in one go of at most eight minutes: the same answers as without one, how many
# searches a second, and how busy it is. Run it in a checkout, on a machine with a GPU: benchmarks/gpu.sh [FOLDER]
# Results are written to FOLDER (default: the current one): parity.txt, vectors.txt, utilisation.csv.
set -euo pipefail
results=$(realpath "${1:-.}")
cd "$(dirname "$0")/.."
if ! nvidia-smi >"$results/gpu.txt" 2>&1; then
    echo "no GPU: nvidia-smi does not answer" >&2
    exit 1
fi
python=${PYTHON:-.venv/bin/python}

nvidia-smi --query-gpu=timestamp,utilization.gpu,memory.used --format=csv,noheader --loop-ms=500 \
    >"$results/utilisation.csv" &
sampler=$!
trap 'kill "$sampler" 2>/dev/null || true' EXIT

status=0
timeout 120 "$python" -m pytest -q tests/retrieval/projections/test_gpu.py >"$results/parity.txt" 2>&1 || status=$?
tail -n 3 "$results/parity.txt"
timeout 330 "$python" -m benchmarks vectors --part gpu --size 1000000 >"$results/vectors.txt" 2>&1 || status=$?
cat "$results/vectors.txt"
awk -F', ' '{ use += $2; if ($3 + 0 > most) most = $3 + 0 } END { if (NR) printf "GPU busy %.0f %%, memory at most %d MiB\n", use / NR, most }' \
    "$results/utilisation.csv"
exit "$status"
