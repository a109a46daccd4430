/** The shells' completion scripts: each runs `tsworker completion words` for every Tab. */

/*
 * bash splits `-log-level=debug` and `host:4711` into three words, so the line is split at blanks only. Since bash then
 * replaces only the text after the last `=` or `:`, that prefix is removed from every candidate.
 *
 * With npx the script runs the project's own tsworker directly: npx takes half a second to start.
 */
export const BASH = `# tsworker completion for bash; in ~/.bashrc: source <(tsworker completion bash)
_tsworker() {
  local line="\${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n' words current head='' value reply text command dir
  read -ra words <<< "$line"
  [[ $line == *[[:blank:]] ]] && words+=('')
  command="\${words[0]}"
  if [[ $command == npx ]]; then
    words=("\${words[@]:1}")
    dir="$PWD"
    until [[ -z $dir || -x $dir/node_modules/.bin/tsworker ]]; do dir="\${dir%/*}"; done
    command=tsworker
    [[ -n $dir ]] && command="$dir/node_modules/.bin/tsworker"
  fi
  current="\${words[\${#words[@]}-1]}"
  value="\${current##*=}"
  [[ $COMP_WORDBREAKS == *=* ]] && head="\${current%"$value"}"
  [[ $COMP_WORDBREAKS == *:* && $value == *:* ]] && head="\${current%:*}:"
  COMPREPLY=()
  while IFS=$'\\t' read -r text reply; do
    case $text in
      :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$value") ;;
      :folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$value") ;;
      *=) compopt -o nospace; COMPREPLY+=("\${text#"$head"}") ;;
      *) COMPREPLY+=("\${text#"$head"}") ;;
    esac
  done < <("$command" completion words -- "\${words[@]:1}" 2>/dev/null)
}
_tsworker_npx() {
  if [[ \${COMP_WORDS[1]} == tsworker && $COMP_CWORD -gt 1 ]]; then _tsworker "$@"
  elif [[ -n $_tsworker_npx_before ]]; then "$_tsworker_npx_before" "$@"
  elif [[ $COMP_CWORD == 1 && tsworker == "\${COMP_WORDS[1]}"* ]]; then COMPREPLY=(tsworker)
  fi
}
[[ $(complete -p npx 2>/dev/null) =~ -F\\ ([^ ]+) && \${BASH_REMATCH[1]} != _tsworker_npx ]] && _tsworker_npx_before="\${BASH_REMATCH[1]}"
complete -F _tsworker tsworker
complete -o default -F _tsworker_npx npx
`;

export const ZSH = `#compdef tsworker
# tsworker completion for zsh; in ~/.zshrc, behind compinit: source <(tsworker completion zsh)
if ! (( $+functions[compdef] )); then
  print -u2 'tsworker completion: zsh completes nothing yet; put this before it in ~/.zshrc: autoload -U compinit && compinit'
  return 1
fi
_tsworker() {
  local text about command=$words[1] dir=$PWD
  local -a plain open
  if [[ $command == npx ]]; then
    shift words
    (( CURRENT-- ))
    until [[ -z $dir || -x $dir/node_modules/.bin/tsworker ]]; do dir=\${dir%/*}; done
    command=tsworker
    [[ -n $dir ]] && command=$dir/node_modules/.bin/tsworker
  fi
  while IFS=$'\\t' read -r text about; do
    case $text in
      :files) compset -P '*='; _files; return ;;
      :folders) compset -P '*='; _files -/; return ;;
      *=) open+=("\${text//:/\\\\:}:$about") ;;
      *) plain+=("\${text//:/\\\\:}:$about") ;;
    esac
  done < <("$command" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#open} )) && _describe -V tsworker open -S ''
  (( \${#plain} )) && _describe -V tsworker plain
}
_tsworker_npx() {
  if [[ $words[2] == tsworker ]] && (( CURRENT > 2 )); then _tsworker
  elif [[ -n $_tsworker_npx_before ]]; then $_tsworker_npx_before
  elif (( CURRENT == 2 )); then compadd tsworker
  else _files
  fi
}
[[ $_comps[npx] != _tsworker_npx ]] && typeset -g _tsworker_npx_before=$_comps[npx]
compdef _tsworker tsworker
compdef _tsworker_npx npx
`;
