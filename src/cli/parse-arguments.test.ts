import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defineCommand, ValueError } from './command.ts'
import { Failure } from './failure.ts'
import { parseArguments } from './parse-arguments.ts'

const group = 'Options'
const example = defineCommand({
  name: 'example',
  summary: 'show an example',
  usage: '[options] FILE…',
  positionals: [],
  completes: { files: true, words: [] },
  options: {
    all: { kind: 'flag', short: 'a', group, sentence: 'everything' },
    quiet: { kind: 'flag', short: 'q', group, sentence: 'nothing' },
    tableIn: { kind: 'text', short: 'i', valueName: 'FILE', group, sentence: 'a file' },
    hz: {
      kind: 'number',
      minimum: 24,
      maximum: 1200,
      default: 250,
      valueName: 'N',
      group,
      sentence: 'ticks',
    },
    checksum: {
      kind: 'enum',
      values: ['auto', 'verify'],
      default: 'auto',
      valueName: 'MODE',
      group,
      sentence: 'a mode',
    },
    table: {
      kind: 'enum',
      values: ['proc', 'xml'],
      implied: 'proc',
      valueName: 'FORMAT',
      group,
      sentence: 'a form',
    },
    pair: { kind: 'list', parse: pair, valueName: 'A=B', group, sentence: 'a pair' },
    one: { kind: 'parsed', parse: pair, valueName: 'A=B', group, sentence: 'one pair' },
  },
  examples: [],
  run: async () => 0,
})

function pair(text: string): [string, string] {
  const [left, right] = text.split('=')
  if (left === undefined || right === undefined) throw new ValueError('expected A=B')
  return [left, right]
}

const read = (...args: string[]) => parseArguments(example, args)

function refusal(...args: string[]): string {
  try {
    read(...args)
  } catch (error) {
    if (error instanceof Failure) return `${error.exitCode} ${error.message}`
    throw error
  }
  return 'accepted'
}

test('no arguments: every option has its default', () => {
  expect(read()).toEqual({
    help: false,
    positionals: [],
    options: {
      all: false,
      quiet: false,
      tableIn: null,
      hz: 250,
      checksum: 'auto',
      table: null,
      pair: [],
      one: null,
    },
  })
})

test('values stand behind "=" or in the next word, options before and behind positionals', () => {
  const { options, positionals } = read(
    'a.pcap',
    '--hz=100',
    '--checksum',
    'verify',
    'host',
    '--all',
    '--pair',
    'x=1',
    '--pair=y=2',
    '-',
  )
  expect(positionals).toEqual(['a.pcap', 'host', '-'])
  expect(options).toMatchObject({ hz: 100, checksum: 'verify', all: true })
  // The type says so as well.
  const pairs: [string, string][] = options.pair
  expect(pairs).toEqual([
    ['x', '1'],
    ['y', '2'],
  ])
})

test('the value of an option that implies one is never taken from the next word', () => {
  expect(read('--table', 'xml')).toMatchObject({ options: { table: 'proc' }, positionals: ['xml'] })
  expect(read('--table=xml').options.table).toBe('xml')
})

test('short options stand alone, together, and in front of their value', () => {
  expect(read('-aq', '-i', 'f').options).toMatchObject({ all: true, quiet: true, tableIn: 'f' })
  expect(read('-aif').options).toMatchObject({ all: true, tableIn: 'f' })
  expect(read('-i=f').options.tableIn).toBe('f')
})

test('behind "--" everything is a positional', () => {
  expect(read('--all', '--', '--hz', '-a', '--help')).toMatchObject({
    positionals: ['--hz', '-a', '--help'],
    help: false,
  })
})

test('help is found among anything, and nothing else is looked at', () => {
  expect(read('--nonsense', '-h').help).toBe(true)
})

test('given twice, the last one counts', () => {
  expect(read('--hz=100', '--hz=1000').options.hz).toBe(1000)
})

test('a value may begin with one dash', () => {
  expect(read('--table-in', '-x').options.tableIn).toBe('-x')
})

test.each([
  [['--al'], '2 unknown option --al; did you mean --all?'],
  [['--tablein=x'], '2 unknown option --tablein; did you mean --table-in?'],
  [['--zzz'], '2 unknown option --zzz'],
  [['-z'], '2 unknown option -z'],
  [['-all'], '2 unknown option -all; did you mean --all?'],
  [['-hz=100'], '2 unknown option -hz=100'],
  [['-az'], '2 unknown option -z'],
  [['--all=yes'], '2 --all takes no value, and "yes" was given'],
  [['--hz'], '2 --hz needs a value: --hz N'],
  [['--hz', '--all'], '2 --hz needs a value: --hz N'],
  [['--hz=1e3'], '2 --hz: expected a whole number from 24 to 1200, not "1e3"'],
  [['--hz', '20'], '2 --hz: expected a whole number from 24 to 1200, not "20"'],
  [['--checksum=verfy'], '2 --checksum: expected one of auto, verify, not "verfy"; did you mean verify?'],
  [['--table='], '2 --table: expected one of proc, xml, not ""'],
  [['--table-in='], '2 --table-in needs a value: --table-in FILE'],
  [['--pair', 'x'], '2 --pair: expected A=B, not "x"'],
])('%j is refused: %s', (args, message) => {
  expect(refusal(...args)).toBe(message)
})

test('any words: arguments or a refusal, never anything else', () => {
  const word = fc.oneof(
    fc.constantFrom(
      '--',
      '-',
      '--hz',
      '--hz=',
      '-i',
      '-aqi',
      '--table',
      '--pair=',
      '__proto__',
      '--constructor',
    ),
    fc.string({ maxLength: 5 }).map((text) => `--${text}`),
    fc.string({ maxLength: 8 }),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      expect(refusal(...words)).toMatch(/^(?:accepted|2 )/)
    }),
  )
})
