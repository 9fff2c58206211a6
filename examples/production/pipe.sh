#!/usr/bin/env bash
# Pipe the tap into any Singer target, and keep the state for the next run in state.json:
#   pipe.sh target-jsonl --config target.json
# Exits with the tap's code if the tap fails, otherwise with the target's.
set -uo pipefail
tap=${TAP:-venv/bin/tap-servicetitan}
test -s state.json || echo '{}' > state.json
"$tap" --config "${TAP_CONFIG:-config.json}" --state state.json | { "$@"; } > states.jsonl
codes=("${PIPESTATUS[@]}")
# The last line that the target writes is the state. Only a complete one replaces state.json.
tail -n 1 states.jsonl > state.new
if test -s state.new && python3 -m json.tool state.new > /dev/null
then mv state.new state.json
fi
exit $((codes[0] ? codes[0] : codes[1]))
