import { type Command, type Option, optionName } from './command.ts'

/** Works with bash 3.2 as well, which has neither mapfile nor compopt. */
export function bashCompletion(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name)
  return `# bash completion for sallyport: source <(sallyport completion bash)
_sallyport() {
  local IFS=$'\\n' attached=
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  # Bash takes the "=" of --option=value for a word of its own.
  if [[ $current == = ]]; then
    current= attached=1
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]} attached=1
  fi
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    ${offer([...names, 'help', '--help', '--version'])}
    return
  fi
  case \${COMP_WORDS[1]} in
    help)
      ${offer(names)}
      ;;
${commands.map(commandCase).join('')}  esac
}
complete -o filenames -F _sallyport sallyport
`
}

const files = 'COMPREPLY=($(compgen -f -- "$current"))'

/** Words hold neither spaces nor quotes: they are names and keywords. */
function offer(words: readonly string[]): string {
  return `COMPREPLY=($(IFS=' '; compgen -W '${words.join(' ')}' -- "$current"))`
}

function commandCase({ name, options, completes }: Command): string {
  const entries = Object.entries(options)
  const values = entries.filter(([, option]) => option.kind !== 'flag')
  const after = Object.entries(completes.wordsAfter ?? {})
  const flags = [...entries.map(([key]) => optionName(key)), '--help']
  const lines = [
    `    ${name})`,
    ...block(
      'previous',
      values.map(([key, option]) => [pattern(key, option), valueLines(option)]),
    ),
    '      if [[ $current == -* ]]; then',
    `        ${offer(flags)}`,
    '        return',
    '      fi',
    ...block(
      'previous',
      after.map(([word, words]) => [word, [offer(words), 'return']]),
    ),
    `      ${offer(completes.words)}`,
    ...(completes.files ? ['      COMPREPLY+=($(compgen -f -- "$current"))'] : []),
    '      ;;',
  ]
  return `${lines.join('\n')}\n`
}

function block(variable: string, cases: readonly (readonly [string, readonly string[]])[]): string[] {
  if (cases.length === 0) return []
  const lines = cases.flatMap(([label, body]) => [
    `        ${label})`,
    ...body.map((line) => `          ${line}`),
    '          ;;',
  ])
  return [`      case $${variable} in`, ...lines, '      esac']
}

function pattern(key: string, option: Option): string {
  return option.short === undefined ? optionName(key) : `${optionName(key)}|-${option.short}`
}

function valueLines(option: Option): string[] {
  if (option.kind === 'enum') {
    if (option.implied === undefined) return [offer(option.values), 'return']
    // The value may be left out, so it belongs to the option only behind "=".
    return ['if [[ $attached ]]; then', `  ${offer(option.values)}`, '  return', 'fi']
  }
  const completes = 'completes' in option ? option.completes : undefined
  if (completes === undefined) return ['return']
  return [completes === 'files' ? files : offer(completes), 'return']
}
