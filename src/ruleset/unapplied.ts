/** Commands of a script that change what rules meet, but are no rules: what they would do, and how a replay is told of it. */
import { SYSCTLS } from '../conntrack/settings.ts'
import { shown } from './diagnostic.ts'

/** A command with its variables put in. */
export interface PlainCommand {
  /** Without its path. */
  readonly program: string
  readonly words: readonly string[]
  /** Where its output goes, or null. */
  readonly output: string | null
}

const known = new Set(SYSCTLS.map(({ directory, name }) => `${directory}.${name}`))
const reversePath = /^net\.ipv4\.conf\.[^.]+\.rp_filter$/

/** What sets of ipset are changed with, by its long and its old name. */
const changesSets = new Set(
  'create add del flush destroy rename swap restore -N -A -D -F -X -E -W -R --create --add --del --flush --destroy --rename --swap --restore'.split(
    ' ',
  ),
)
const changesNetwork =
  /^(?:a(?:d|dd|p|pp|ppe|ppen|ppend)?|r(?:e|ep|epl|epla|eplac|eplace)?|c\w*|d(?:e|el|ele|elet|elete)?|f\w*|set)$/

/** Whether it is an ipset command that changes sets. */
export function changesIpsets({ program, words }: PlainCommand): boolean {
  return (
    program === 'ipset' && changesSets.has(words.find((word) => !/^-(?:exist|!|q|quiet)$/.test(word)) ?? '')
  )
}

/** What is not done of the command, or null where nothing is left undone that rules could notice. */
export function unapplied(command: PlainCommand): string | null {
  const { program, words, output } = command
  if (program === 'sysctl') return sysctl(words)
  if (program === 'ip') return network(words)
  const path = [output, ...(program === 'tee' ? words : [])].find(
    (one) => one !== null && underSysctls(one) !== null,
  )
  if (path == null) return null
  const value =
    program === 'echo' || program === 'printf'
      ? words.filter((word) => !/^-[neE]+$/.test(word)).join(' ')
      : null
  return settings([{ name: underSysctls(path)!, value }])
}

/** `/proc/sys/net/ipv4/ip_forward` as `net.ipv4.ip_forward`; a dot of an interface's name becomes a slash. */
function underSysctls(path: string): string | null {
  const found = /(?:^|\/)proc\/sys\/(.+)$/.exec(path)?.[1]
  return found === undefined
    ? null
    : found
        .split('/')
        .map((part) => part.replaceAll('.', '/'))
        .join('.')
}

function sysctl(words: readonly string[]): string | null {
  const assignments = words.flatMap((word) => {
    const equals = word.indexOf('=')
    if (word.startsWith('-') || equals < 1) return []
    return [{ name: word.slice(0, equals).trim(), value: word.slice(equals + 1).trim() }]
  })
  if (assignments.length > 0) return settings(assignments)
  const load = words.findIndex((word) => /^(?:-[a-z]*[pf]|--load|--system)/.test(word))
  if (load < 0) return null
  const file = words[load]!.split('=', 2)[1] ?? words.slice(load + 1).find((word) => !word.startsWith('-'))
  return `the settings of ${file === undefined ? 'that file' : shown(file)} are not applied; --sysctl-file gives them`
}

interface Assignment {
  readonly name: string
  /** Null where it is not known. */
  readonly value: string | null
}

function settings(assignments: readonly Assignment[]): string {
  const text = ({ name, value }: Assignment) => (value === null ? name : `${name}=${value}`)
  const list = assignments.map(text).join(', ')
  // Of interfaces that only the machine can count, all have it then.
  const asked = assignments
    .map(({ name, value }) => ({ name: name.replace('.conf.*.', '.conf.all.'), value: value ?? 'VALUE' }))
    .filter(({ name }) => known.has(name) || reversePath.test(name))
  const verb = assignments.length === 1 ? 'is a setting and is not' : 'are settings and are not'
  if (asked.length === 0) return `${list} ${verb} applied; no part of a replay asks for it`
  return `${list} ${verb} applied; ${asked.map((one) => `--sysctl ${text(one)}`).join(' ')} gives it`
}

function network(words: readonly string[]): string | null {
  const plain = words.filter((word) => !word.startsWith('-'))
  const [object = '', verb = ''] = plain
  if (!changesNetwork.test(verb)) return null
  if (/^ru(?:le?)?$/.test(object))
    return 'policy routing is not applied: routes are chosen by destination only'
  if (/^r(?:o|ou|out|oute)?$/.test(object)) return 'this route is not applied; --route or --host gives it'
  if (/^a(?:d|dd|ddr|ddre|ddres|ddress)?$/.test(object))
    return 'this address is not applied; --local or --host gives it'
  return null
}
