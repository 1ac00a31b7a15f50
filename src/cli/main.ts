#!/usr/bin/env node
// The executable. What every call needs is imported here; the rest is loaded by the command that is called, so
// that `sallyport --version` and a replay of ten packets start fast.
import { writeSync } from 'node:fs'
import { printableLines } from '../diagnostic/printable.ts'
import { type CommandEntry, commands } from './commands.ts'
import { EXIT_DEFECT, EXIT_OK, EXIT_WRONG_USE } from './exit-codes.ts'
import { Failure, wrongUse } from './failure.ts'
import { Output } from './output.ts'
import { terminalOf } from './terminal.ts'

async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args
  switch (first) {
    case undefined:
      await printOverview(2)
      return EXIT_WRONG_USE
    case '--help':
    case '-h':
      return printOverview(1)
    case 'help':
      return rest[0] === undefined || rest[0].startsWith('-')
        ? printOverview(1)
        : printHelp(await findCommand(rest[0]))
    case '--version':
    case '-V':
    case 'version': {
      const { version } = await import('./version.ts')
      return print(`sallyport ${version()}\n`)
    }
  }
  const command = await findCommand(first)
  const { parseArguments } = await import('./parse-arguments.ts')
  const loaded = await command.load()
  const { options, positionals, help } = parseArguments(loaded, rest)
  return help ? printHelp(command) : loaded.run(options, positionals)
}

async function findCommand(name: string): Promise<CommandEntry> {
  const found = commands.find((command) => command.name === name)
  if (found !== undefined) return found
  const { suggest } = await import('../diagnostic/suggest.ts')
  const near = suggest(name, [...commands.map((command) => command.name), 'help', '--help', '--version'])
  const what = name.startsWith('-') ? 'option' : 'command'
  throw wrongUse(`unknown ${what} "${name}"${near === null ? '' : `; did you mean ${near}?`}`)
}

async function printOverview(descriptor: 1 | 2): Promise<number> {
  const { overview } = await import('./help.ts')
  const stream = descriptor === 1 ? process.stdout : process.stderr
  return print(overview({ commands }, terminalOf(stream, process.env)), descriptor)
}

async function printHelp(command: CommandEntry): Promise<number> {
  const { commandHelp } = await import('./help.ts')
  return print(commandHelp(await command.load(), terminalOf(process.stdout, process.env)))
}

function print(text: string, descriptor = 1): number {
  const output = new Output(descriptor)
  output.write(text)
  output.flush()
  return EXIT_OK
}

/** Tells on standard error what ended the command, and answers the exit code. */
function report(error: unknown, args: readonly string[]): number {
  const command = commands.some(({ name }) => name === args[0]) ? ` ${args[0]}` : ''
  const { style } = terminalOf(process.stderr, process.env)
  const title = style('bad', `sallyport${command}:`)
  const tell = (text: string) => {
    try {
      writeSync(2, `${text}\n`)
    } catch {
      // Nobody reads standard error; the exit code still tells.
    }
  }
  if (error instanceof Failure) {
    tell(`${title} ${error.message}`)
    if (error.exitCode === EXIT_WRONG_USE) tell(`"sallyport${command} --help" shows what there is`)
    return error.exitCode
  }
  tell(`${title} this is a defect of sallyport; please report it with what led to it`)
  tell(printableLines(error instanceof Error ? (error.stack ?? error.message) : String(error)))
  return EXIT_DEFECT
}

const args = process.argv.slice(2)
try {
  process.exitCode = await main(args)
} catch (error) {
  process.exitCode = report(error, args)
}
