# bash completion of railgunctl. tests/e2e/completion_test.py compares it with the program's own help.
_railgunctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command= word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      -*) ;;
      *) command="$command $word" ;;
    esac
  done
  case $previous in
    --config | --output | -o | --ref | --socket)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --root)
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return
      ;;
  esac
  local words="--help --json --socket --config"
  case $command in
    "") words="$words --version status top links sites stats reload config purge log-level drain railgun activate check probe diagnose decode support-bundle delta savings" ;;
    " config") words="$words show" ;;
    " railgun") words="$words create list show enable disable delete" ;;
    " railgun create"*) words="$words --host --uses --expires" ;;
    " activate"*) words="$words --host" ;;
    " purge"*) words="$words --all" ;;
    " delta") words="$words encode apply" ;;
    " delta encode"*) words="$words --ref --effort -o --output" ;;
    " delta apply"*) words="$words --ref -o --output" ;;
    " savings"*) words="$words --pairs --sizes-only --record --every --count" ;;
    " top"*) words="$words --every --count" ;;
    " check"*) words="$words --host --timeout" ;;
    " diagnose"*) words="$words -H --header --count --sender --origin --timeout" ;;
    " probe"*) words="$words --timeout" ;;
    " log-level") words="$words 0 1 2 3 4 5" ;;
    " support-bundle"*) words="$words -o --output --root" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _railgunctl railgunctl
