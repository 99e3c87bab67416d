# Runs the steps of a CI script and measures their time. Sourced by bash scripts.
#
#   step NAME COMMAND...   runs COMMAND, and adds a line with its time to the file $step_times
#
# Debian's programs, which .ci/install-packages installs, come first in PATH, before those of pyenv,
# conda or nvm. Thus every machine builds and tests with the same versions.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH
# Most tests wait most of the time, so three run per core.
test_jobs=$((3 * $(nproc)))

# Scripts called by this one add their steps to the same file.
export step_times=${step_times:-$(mktemp)}
# The instant at which all steps are ended, in seconds since the epoch. 0 means no limit.
export must_end=${must_end:-0}

step() {
  local name=$1 begin=$SECONDS code=0
  shift
  printf '\n== %s\n' "$name"
  if [ "$must_end" -eq 0 ]; then
    "$@" || code=$?
  else
    local left=$((must_end - $(date +%s)))
    timeout --foreground "$((left > 0 ? left : 1))" "$@" || code=$?
    [ "$code" -ne 124 ] || echo "step \"$name\" was ended: all steps together exceeded the time limit" >&2
  fi
  printf '%5d s  %s\n' $((SECONDS - begin)) "$name" >>"$step_times"
  return "$code"
}
