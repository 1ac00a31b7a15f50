import { type Command, type Option, optionName } from './command.ts'

export function zshCompletion(commands: readonly Command[]): string {
  const list = [
    ...commands.map(({ name, summary }) => quote(`${name}:${summary}`)),
    quote('help:show the help for a command'),
  ]
  return `#compdef sallyport
# zsh completion for sallyport: sallyport completion zsh > "$fpath[1]/_sallyport"
_sallyport() {
  local -a commands
  commands=(
    ${list.join('\n    ')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    compadd -- --help --version
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
    help)
      _arguments ${quote(`1:command:(${commands.map(({ name }) => name).join(' ')})`)}
      ;;
${commands.map(commandCase).join('')}  esac
}
${commands.map(wordsFunction).join('')}
if [[ $funcstack[1] == _sallyport ]]; then
  _sallyport "$@"
else
  compdef _sallyport sallyport
fi
`
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** Inside a specification of _arguments, brackets and colons mean something. */
const literal = (text: string) => text.replace(/[\\[\]:]/g, '\\$&')

function commandCase({ name, options }: Command): string {
  const specifications = [
    ...Object.entries(options).flatMap(([key, option]) => specification(key, option)),
    // Behind either of these nothing else matters.
    "'(- *)'{-h,--help}'[show the help]'",
    quote(`*:word:_sallyport_${name}_words`),
  ]
  return `    ${name})\n      _arguments -s -S \\\n        ${specifications.join(' \\\n        ')}\n      ;;\n`
}

function specification(key: string, option: Option): string[] {
  const sentence = `[${literal(option.sentence)}]`
  const name = optionName(key)
  if (option.kind === 'flag') return [quote(`${name}${sentence}`)]
  const repeat = option.kind === 'list' ? '*' : ''
  const value = `${literal(option.valueName)}:${action(option)}`
  if (option.kind === 'enum' && option.implied !== undefined) return [quote(`${name}=-${sentence}::${value}`)]
  const short = option.short === undefined ? [] : [quote(`${repeat}-${option.short}+${sentence}:${value}`)]
  return [...short, quote(`${repeat}${name}=${sentence}:${value}`)]
}

function action(option: Option): string {
  if (option.kind === 'enum') return `(${option.values.join(' ')})`
  const completes = 'completes' in option ? option.completes : undefined
  if (completes === undefined) return ''
  return completes === 'files' ? '_files' : `(${completes.join(' ')})`
}

function wordsFunction({ name, completes }: Command): string {
  const cases = Object.entries(completes.wordsAfter ?? {}).map(
    ([word, words]) => `    ${word}) compadd -- ${words.join(' ')}; return ;;\n`,
  )
  const after = cases.length === 0 ? '' : `  case $words[CURRENT-1] in\n${cases.join('')}  esac\n`
  const files = completes.files ? '  _files\n' : ''
  return `_sallyport_${name}_words() {\n${after}  compadd -- ${completes.words.join(' ')}\n${files}}\n`
}
