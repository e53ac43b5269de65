# bash completion for compose(1): commands, options as the command itself prints them, services of the project.
_compose() {
  local current=${COMP_WORDS[COMP_CWORD]} verb='' word i
  local -a before=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    case $word in
      -f | --file | -p | --project-name | --profile | --env-file | --project-directory | --ansi | --progress | --parallel)
        before+=("$word" "${COMP_WORDS[++i]}") ;;
      -*) before+=("$word") ;;
      *) verb=$word; break ;;
    esac
  done
  if [[ $current == -* ]]; then
    local options
    options=$(compose ${verb:+"$verb"} --help 2>/dev/null | grep -oE '(^|[ ,])--?[a-zA-Z][a-z-]*' | tr -d ' ,')
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -z $verb ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(compose --help 2>/dev/null | awk '/^ +[a-z]+ +[A-Z]/ { print $1 }')" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(compose "${before[@]}" config --services 2>/dev/null)" -- "$current")
    if [[ $verb == cp ]]; then
      local -a files
      mapfile -t files < <(compgen -f -- "$current")
      COMPREPLY=("${COMPREPLY[@]/%/:}" "${files[@]}")
      compopt -o nospace -o filenames
    fi
    [[ $verb != scale ]] || { COMPREPLY=("${COMPREPLY[@]/%/=}"); compopt -o nospace; }
  fi
}
complete -F _compose compose
