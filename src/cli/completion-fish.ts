import { type Command, type Option, optionName } from './command.ts'

export function fishCompletion(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const lines = [
    '# fish completion for sallyport: sallyport completion fish > ~/.config/fish/completions/sallyport.fish',
    'complete -c sallyport -f',
    ...commands.map(
      ({ name, summary }) => `complete -c sallyport -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
    ),
    `complete -c sallyport -n __fish_use_subcommand -a help -d ${quote('show the help for a command')}`,
    `complete -c sallyport -n __fish_use_subcommand -s h -l help -d ${quote('show the help')}`,
    `complete -c sallyport -n __fish_use_subcommand -s V -l version -d ${quote('show the version')}`,
    `complete -c sallyport -n '__fish_seen_subcommand_from help' -a ${quote(names)}`,
    ...commands.flatMap(commandLines),
  ]
  return `${lines.join('\n')}\n`
}

const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`

function commandLines({ name, options, completes }: Command): string[] {
  const front = `complete -c sallyport -n '__fish_seen_subcommand_from ${name}'`
  const after = Object.entries(completes.wordsAfter ?? {})
  return [
    ...Object.entries(options).map(([key, option]) => {
      const short = option.short === undefined ? '' : ` -s ${option.short}`
      const long = optionName(key).slice(2)
      return `${front}${short} -l ${long}${value(option)} -d ${quote(option.sentence)}`
    }),
    `${front} -s h -l help -d 'show the help'`,
    `${front} -a ${quote(completes.words.join(' '))}`,
    ...(completes.files ? [`${front} -F`] : []),
    ...after.map(
      ([word, words]) =>
        `complete -c sallyport -n ${quote(`__fish_seen_subcommand_from ${name}; and __fish_prev_arg_in ${word}`)} -x -a ${quote(words.join(' '))}`,
    ),
  ]
}

function value(option: Option): string {
  if (option.kind === 'flag') return ''
  if (option.kind === 'enum') {
    return `${option.implied === undefined ? ' -x' : ''} -a ${quote(option.values.join(' '))}`
  }
  const completes = 'completes' in option ? option.completes : undefined
  if (completes === undefined) return ' -x'
  return completes === 'files' ? ' -r -F' : ` -x -a ${quote(completes.join(' '))}`
}
