# Steps of a script, each with its time. Sourced by bash.
#
#   step NAME COMMAND...   runs it; its time is a line of step_times
#
# Debian's programs, whose packages .ci/install-packages installs, come ahead of others with their names (pyenv, conda,
# nvm): what is built and tested is the same on every machine.
export PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH
# Tests mostly wait, so more of them run at a time than there are cores.
test_jobs=$((3 * $(nproc)))

# A file, so that a script that this one calls adds to it.
export step_times=${step_times:-$(mktemp)}
# When everything has to be over, in seconds since the epoch; 0: never.
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
    [ "$code" -ne 124 ] || echo "$name: this run has taken too long" >&2
  fi
  printf '%5d s  %s\n' $((SECONDS - begin)) "$name" >>"$step_times"
  return "$code"
}
