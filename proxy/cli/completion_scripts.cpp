#include "proxy/cli/completion_scripts.h"

namespace brownout::cli {

const char* const kBashCompletion =
    R"sh(# bash completion of brownout. Try it: source <(brownout generate bash)
_brownout() {
  local word=${COMP_WORDS[COMP_CWORD]} lines
  COMPREPLY=()
  mapfile -t lines < <("${1/#\~/$HOME}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case ${lines[0]} in
    :files)
      compopt -o filenames 2>/dev/null
      [ "$word" != = ] || word=
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      ;;
    ":command "*)
      local first=${lines[0]#:command }
      if declare -F _command_offset >/dev/null; then
        _command_offset "$first"
      elif [ "$COMP_CWORD" -eq "$first" ]; then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
      else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
    :words)
      COMPREPLY=("${lines[@]:1}")
      COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
      local i
      for i in "${!COMPREPLY[@]}"; do printf -v "COMPREPLY[i]" %q "${COMPREPLY[i]}"; done
      case ${COMPREPLY[*]} in *=) compopt -o nospace 2>/dev/null ;; esac
      ;;
  esac
}
complete -F _brownout brownout
)sh";

const char* const kZshCompletion = R"sh(#compdef brownout
# zsh completion of brownout. Try it: source <(brownout generate zsh)
_brownout() {
  local -a lines candidates
  local line first
  lines=("${(@f)$(${(Q)words[1]} complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  case $lines[1] in
    :files) _files ;;
    ":command "*)
      first=${lines[1]#:command }
      shift $first words
      (( CURRENT -= first ))
      _normal
      ;;
    :words)
      for line in "${(@)lines[2,-1]}"; do
        candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
      done
      if [[ ${lines[2]%%$'\t'*} == *= ]]; then
        _describe -t values value candidates -S ''
      else
        _describe -t values value candidates
      fi
      ;;
  esac
}
if [ "$funcstack[1]" = _brownout ]; then _brownout "$@"; else compdef _brownout brownout; fi
)sh";

const char* const kFishCompletion =
    R"sh(# fish completion of brownout. Try it: brownout generate fish | source
function __brownout_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] complete -- $words[2..-1] 2>/dev/null)
    switch "$lines[1]"
        case ':files'
            __fish_complete_path (commandline -ct)
        case ':command *'
            complete -C (string replace -r '^.*?\s--\s+' '' -- (commandline -cp))
        case '*'
            printf '%s\n' $lines[2..-1]
    end
end
complete -c brownout -f -a '(__brownout_complete)'
)sh";

}  // namespace brownout::cli
