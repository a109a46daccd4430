/** `tsworker completion`: the shells' scripts, and the answers they ask for. What may come next is complete.ts' matter. */
import { type Call, EXIT } from '../../command.js';
import { type Completion, complete } from '../../complete.js';

export async function completion({ verb, words, io }: Call): Promise<number> {
  if (verb === 'words') io.out(answer(complete(words)));
  else io.out(verb === 'zsh' ? ZSH : BASH);
  return EXIT.fine;
}

/** A line for each: the word, a tab, what it means. A line `:files` or `:folders` where the shell knows better. */
function answer({ candidates, paths }: Completion): string {
  const lines = candidates.map(({ text, about }) => `${text}\t${about.replaceAll(/\s+/g, ' ')}\n`);
  return `${lines.join('')}${paths === undefined ? '' : `:${paths}\n`}`;
}

/*
 * bash takes `-log-level=debug` for three words, so the line is split at blanks alone; and since it then replaces only what
 * stands behind the last `=` or `:`, as much is cut off in front of every candidate.
 */
const BASH = `# tsworker completion for bash; in ~/.bashrc: source <(tsworker completion bash)
_tsworker() {
  local line="\${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n' words current head value reply text
  read -ra words <<< "$line"
  [[ $line == *[[:blank:]] ]] && words+=('')
  current="\${words[\${#words[@]}-1]}"
  value="\${current##*=}"
  head="\${current%"$value"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r text reply; do
    case $text in
      :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$value") ;;
      :folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$value") ;;
      *=) compopt -o nospace; COMPREPLY+=("$text") ;;
      *) if [[ $COMP_WORDBREAKS == *=* ]]; then COMPREPLY+=("\${text#"$head"}"); else COMPREPLY+=("$text"); fi ;;
    esac
  done < <("\${words[0]}" completion words -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _tsworker tsworker
`;

const ZSH = `#compdef tsworker
# tsworker completion for zsh; in ~/.zshrc, behind compinit: source <(tsworker completion zsh)
_tsworker() {
  local text about
  local -a plain open
  while IFS=$'\\t' read -r text about; do
    case $text in
      :files) compset -P '*='; _files; return ;;
      :folders) compset -P '*='; _files -/; return ;;
      *=) open+=("\${text//:/\\\\:}:$about") ;;
      *) plain+=("\${text//:/\\\\:}:$about") ;;
    esac
  done < <("\${words[1]}" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#open} )) && _describe -V tsworker open -S ''
  (( \${#plain} )) && _describe -V tsworker plain
}
compdef _tsworker tsworker
`;
