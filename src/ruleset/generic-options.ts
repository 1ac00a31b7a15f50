/** Commands and options that every rule knows, without those of extensions. */

export type Verb =
  | 'append'
  | 'insert'
  | 'delete'
  | 'replace'
  | 'check'
  | 'list'
  | 'flush'
  | 'zero'
  | 'new-chain'
  | 'delete-chain'
  | 'rename-chain'
  | 'policy'
  | 'help'

export type Condition = 'source' | 'destination' | 'protocol' | 'in' | 'out' | 'fragment'

export type GenericKey =
  | Condition
  | 'jump'
  | 'goto'
  | 'match'
  | 'table'
  | 'counters'
  | 'ipv4'
  | 'ipv6'
  | 'verbose'
  | 'numeric'
  | 'wait'
  | 'modprobe'

export interface GenericOption {
  readonly names: readonly string[]
  readonly verb: Verb | null
  readonly key: GenericKey | null
  /** Whether it takes a value; `maybe`: a word that is no option. */
  readonly value: 'needed' | 'maybe' | 'none'
  readonly invertible: boolean
}

function command(verb: Verb, names: string, value: GenericOption['value'] = 'needed'): GenericOption {
  return { names: names.split(' '), verb, key: null, value, invertible: false }
}

function generic(
  key: GenericKey,
  names: string,
  value: GenericOption['value'] = 'needed',
  invertible = false,
): GenericOption {
  return { names: names.split(' '), verb: null, key, value, invertible }
}

/** In the order of iptables' own table: shortened names are looked up here first. */
export const genericOptions: readonly GenericOption[] = [
  command('append', '-A --append'),
  command('delete', '-D --delete'),
  command('check', '-C --check'),
  command('insert', '-I --insert'),
  command('replace', '-R --replace'),
  command('list', '-L --list', 'maybe'),
  command('list', '-S --list-rules', 'maybe'),
  command('flush', '-F --flush', 'maybe'),
  command('zero', '-Z --zero', 'maybe'),
  command('new-chain', '-N --new-chain'),
  command('delete-chain', '-X --delete-chain', 'maybe'),
  command('rename-chain', '-E --rename-chain'),
  command('policy', '-P --policy'),
  generic('source', '-s --source --src', 'needed', true),
  generic('destination', '-d --destination --dst', 'needed', true),
  generic('protocol', '-p --protocol', 'needed', true),
  generic('in', '-i --in-interface', 'needed', true),
  generic('jump', '-j --jump'),
  generic('table', '-t --table'),
  generic('match', '-m --match'),
  generic('numeric', '-n --numeric', 'none'),
  generic('out', '-o --out-interface', 'needed', true),
  generic('verbose', '-v --verbose', 'none'),
  generic('wait', '-w --wait', 'maybe'),
  generic('wait', '-W --wait-interval', 'maybe'),
  generic('numeric', '-x --exact', 'none'),
  generic('fragment', '-f --fragments', 'none', true),
  command('help', '-V --version', 'none'),
  command('help', '-h --help', 'maybe'),
  generic('numeric', '--line-numbers', 'none'),
  generic('modprobe', '-M --modprobe'),
  generic('counters', '-c --set-counters'),
  generic('goto', '-g --goto'),
  generic('ipv4', '-4 --ipv4', 'none'),
  generic('ipv6', '-6 --ipv6', 'none'),
]

const byName = new Map<string, GenericOption>()
for (const one of genericOptions) for (const name of one.names) byName.set(name, one)

export function genericOption(name: string): GenericOption | null {
  return byName.get(name) ?? null
}

export const genericLongNames: readonly string[] = [...byName.keys()].filter((name) => name.startsWith('--'))

/** Options of extensions that have no long form are none: these are all the single letters. */
export const isGenericLetter = (name: string): boolean => name.length === 2 && byName.has(name)
