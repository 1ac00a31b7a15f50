/** Reads files of `ipset save`. */
import { codeFrame } from '../diagnostic/code-frame.ts'
import { printable } from '../diagnostic/printable.ts'
import { suggest } from '../diagnostic/suggest.ts'
import { parseIPv4 } from '../packet/address.ts'
import { readElement } from './element-text.ts'
import { HashSet, hashTypes } from './hash-set.ts'
import { ListSet } from './list-set.ts'
import type { Sets } from './sets.ts'
import { UnreadSet } from './unread-set.ts'

/** What is wrong with a file of sets. */
export interface SetProblem {
  /** At an error `ipset restore` would stop; a warning is about a set that is good, but not read here. */
  readonly severity: 'error' | 'warning'
  /** As it was given. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
  /** Offset into the text. */
  readonly position: number
  /** How much of it is meant. */
  readonly length: number
  /** A sentence without a full stop. */
  readonly message: string
  /** The word that was probably meant, or null. */
  readonly suggestion: string | null
}

interface Word {
  readonly text: string
  readonly start: number
  readonly end: number
}

const MOST_PROBLEMS = 1000
const DEFAULT_ELEMENTS = 65_536
/** IPSET_MAX_TIMEOUT. */
const LONGEST = 2_147_483
const LONGEST_NAME = 31
const commands = ['create', 'add', 'del', 'flush', 'destroy'] as const
/** Types that ipset has and that are not read, with what their elements hold. */
const unreadTypes: Readonly<Record<string, string>> = {
  'bitmap:ip,mac': 'Ethernet addresses',
  'hash:mac': 'Ethernet addresses',
  'hash:ip,mac': 'Ethernet addresses',
  'hash:ip,mark': 'marks of packets',
  'hash:net,iface': 'interfaces',
  'hash:net,net': 'two networks',
  'hash:net,port,net': 'two networks',
}
/** An option of a set that is good, but changes what it holds in a way that is not read. */
const unreadOptions = ['markmask', 'bitmask']
const createFlags = ['counters', 'comment', 'skbinfo', 'forceadd']
const ignoredNumbers = ['hashsize', 'bucketsize', 'initval', 'size']

/** Adds the sets of a text to `sets`, and tells what is wrong with it. */
export function readSets(text: string, file: string, sets: Sets): readonly SetProblem[] {
  return new SetReader(text, file, sets).read()
}

/**
 * As the command prints it, without an end of line:
 * ```
 * sets.ipset:3:11  error
 *   3 | add web 10.0.0.300
 *     |         ^^^^^^^^^^
 *   "10.0.0.300" is no IPv4 address
 * ```
 */
export function formatSetProblem(problem: SetProblem, text: string, width = 80): string {
  const { severity, file, line, column, position, length, message, suggestion } = problem
  const frame = codeFrame({ text, position, length, margin: String(line), width })
  const told = suggestion === null ? message : `${message}; did you mean ${suggestion}?`
  return `${printable(file)}:${line}:${column}  ${severity}\n${frame}\n  ${printable(told)}`
}

class SetReader {
  readonly #text: string
  readonly #file: string
  readonly #sets: Sets
  readonly #problems: SetProblem[] = []
  #errors = 0
  #line = 0
  #lineStart = 0

  constructor(text: string, file: string, sets: Sets) {
    this.#text = text
    this.#file = file
    this.#sets = sets
  }

  read(): readonly SetProblem[] {
    const text = this.#text
    for (let at = 0; at < text.length && this.#errors < MOST_PROBLEMS; ) {
      const found = text.indexOf('\n', at)
      const end = found < 0 ? text.length : found
      this.#line++
      this.#lineStart = at
      const words = this.#words(at, end)
      const first = words?.[0]
      if (first !== undefined && !first.text.startsWith('#') && first.text !== 'COMMIT') this.#command(words!)
      at = end + 1
    }
    return this.#problems
  }

  #words(from: number, to: number): Word[] | null {
    const pattern = /"([^"\n]*)"|[^\s"]+/gy
    const words: Word[] = []
    const line = this.#text.slice(from, to)
    for (let at = 0; at < line.length; ) {
      if (/\s/.test(line[at]!)) {
        at++
        continue
      }
      pattern.lastIndex = at
      const found = pattern.exec(line)
      if (found === null) {
        this.#add({ text: '', start: from + at, end: to }, 'the quote is not closed')
        return null
      }
      at = pattern.lastIndex
      words.push({ text: found[1] ?? found[0], start: from + found.index, end: from + at })
    }
    return words
  }

  #add(word: Word, message: string, suggestion: string | null = null): void {
    this.#tell('error', word, message, suggestion)
  }

  #tell(
    severity: SetProblem['severity'],
    { start, end }: Word,
    message: string,
    suggestion: string | null,
  ): void {
    if (severity === 'error') this.#errors++
    // Where a rule asks an unread set, that is told there once more.
    else if (this.#problems.length >= MOST_PROBLEMS) return
    this.#problems.push({
      severity,
      file: this.#file,
      line: this.#line,
      column: start - this.#lineStart + 1,
      position: start,
      length: end - start,
      message,
      suggestion,
    })
  }

  #command(all: readonly Word[]): void {
    const exist = all.some(({ text }) => ['-exist', '--exist', '-!'].includes(text))
    const [command, name, ...rest] = all.filter(({ text }) => !['-exist', '--exist', '-!'].includes(text))
    if (command === undefined) return
    const word = command.text
    if (!commands.some((known) => known === word)) {
      this.#add(command, `"${word}" is no command of a file of sets`, suggest(word, [...commands]))
      return
    }
    if (name === undefined) {
      if (word === 'destroy') this.#sets.clear()
      else if (word === 'flush') for (const set of this.#sets.all()) set.flush()
      else this.#add(command, 'the name of a set is missing')
      return
    }
    if (word === 'create') {
      this.#create(name, rest, exist)
      return
    }
    const set = this.#sets.get(name.text)
    if (set === null) {
      const names = this.#sets.all().map((one) => one.name)
      this.#add(name, `there is no set "${name.text}"`, suggest(name.text, names))
      return
    }
    if (word === 'flush') set.flush()
    else if (word === 'destroy') this.#destroy(name)
    else if (rest[0] === undefined) this.#add(command, 'the element is missing')
    else if (set instanceof ListSet) this.#member(set, word === 'add', rest, exist)
    else if (set instanceof HashSet) this.#element(set, word === 'add', rest, exist)
  }

  #destroy(name: Word): void {
    const user = this.#sets
      .all()
      .find((set) => set instanceof ListSet && set.members.some((one) => one.name === name.text))
    if (user === undefined) this.#sets.remove(name.text)
    else this.#add(name, `the set is in use by "${user.name}"`)
  }

  /** What a set holds matters only where a rule asks it. */
  #addUnread(name: Word, type: Word, unread: string): void {
    this.#tell('warning', name, `the set ${unread}: no rule can ask it`, null)
    this.#sets.add(new UnreadSet(name.text, type.text, unread))
  }

  #create(name: Word, [type, ...options]: readonly Word[], exist: boolean): void {
    if (name.text.length > LONGEST_NAME) {
      this.#add(name, `a name has ${LONGEST_NAME} bytes at most`)
      return
    }
    if (type === undefined) {
      this.#add(name, 'the type of the set is missing')
      return
    }
    const isRead = type.text === 'list:set' || Object.hasOwn(hashTypes, type.text)
    if (!isRead && !Object.hasOwn(unreadTypes, type.text)) {
      const known = [...Object.keys(hashTypes), ...Object.keys(unreadTypes), 'list:set']
      this.#add(type, `"${type.text}" is no type of set`, suggest(type.text, known))
      return
    }
    if (this.#sets.get(name.text) !== null) {
      if (!exist) this.#add(name, `there is a set "${name.text}" already`)
      return
    }
    if (!isRead) {
      this.#addUnread(name, type, `holds ${unreadTypes[type.text]}, which are not read here`)
      return
    }
    const isBitmap = type.text.startsWith('bitmap:')
    let family: 'ipv4' | 'ipv6' | null = type.text === 'bitmap:port' ? null : 'ipv4'
    let netmask: number | null = null
    let timeout: number | null = null
    let maxElements = isBitmap ? Number.POSITIVE_INFINITY : DEFAULT_ELEMENTS
    let range: readonly [number, number] | null = null
    const flags = new Set<string>()
    for (let i = 0; i < options.length; i++) {
      const option = options[i]!
      if (createFlags.includes(option.text)) {
        flags.add(option.text)
        continue
      }
      const value = options[++i]
      if (value === undefined) {
        this.#add(option, `"${option.text}" is no option of a set without a value`)
        return
      }
      const bits = family === 'ipv6' ? 128 : 32
      const number = /^\d{1,10}$/.test(value.text) ? Number(value.text) : null
      let good = true
      if (option.text === 'family') {
        good = ['inet', 'inet6', 'ipv4', 'ipv6', '-4', '-6'].includes(value.text) && !isBitmap
        family = value.text.endsWith('6') ? 'ipv6' : 'ipv4'
      } else if (option.text === 'timeout') {
        good = number !== null && number <= LONGEST
        timeout = number
      } else if (option.text === 'netmask') {
        good = number !== null && number > 0 && number <= bits && type.text.includes('ip')
        netmask = number
      } else if (option.text === 'maxelem') {
        good = number !== null && number > 0
        maxElements = number ?? 0
      } else if (option.text === 'range' && isBitmap) {
        range = readRange(value.text, type.text === 'bitmap:port')
        good = range !== null
      } else if (unreadOptions.includes(option.text)) {
        this.#addUnread(name, type, `has a ${option.text}, which is not read here`)
        return
      } else if (!ignoredNumbers.includes(option.text)) {
        const known = [...createFlags, ...ignoredNumbers, 'family', 'timeout', 'netmask', 'maxelem', 'range']
        this.#add(option, `"${option.text}" is no option that is read here`, suggest(option.text, known))
        return
      }
      if (!good) {
        this.#add(value, `"${value.text}" is no value of ${option.text} here`)
        return
      }
    }
    if (type.text === 'list:set') {
      this.#sets.add(new ListSet(name.text))
      return
    }
    if (isBitmap && range === null) {
      this.#add(type, 'the range of the set is missing')
      return
    }
    this.#sets.add(
      new HashSet({
        name: name.text,
        type: type.text,
        family,
        netmask: netmask ?? (family === 'ipv6' ? 128 : 32),
        timeout,
        counters: flags.has('counters'),
        skbinfo: flags.has('skbinfo'),
        maxElements,
        range,
      }),
    )
  }

  #member(set: ListSet, adding: boolean, [member, where, other]: readonly Word[], exist: boolean): void {
    const found = this.#sets.get(member!.text)
    if (found === null || found instanceof ListSet) {
      this.#add(
        member!,
        found === null ? `there is no set "${member!.text}"` : 'a list cannot stand in a list',
      )
      return
    }
    const at = set.members.indexOf(found)
    if (!adding) {
      if (at >= 0) set.members.splice(at, 1)
      else if (!exist) this.#add(member!, 'the set is not in the list')
      return
    }
    if (at >= 0) {
      if (!exist) this.#add(member!, 'the set is in the list already')
      return
    }
    const beside = set.members.findIndex((one) => one.name === other?.text)
    if (where?.text === 'before' && beside >= 0) set.members.splice(beside, 0, found)
    else if (where?.text === 'after' && beside >= 0) set.members.splice(beside + 1, 0, found)
    else if (where === undefined) set.members.push(found)
    else this.#add(where, `"${where.text}" is not read here`)
  }

  #element(set: HashSet, adding: boolean, [element, ...options]: readonly Word[], exist: boolean): void {
    const { elements } = set
    const beside = adding ? this.#beside(set, options) : {}
    if (beside === null) return
    const problem = readElement(set, element!.text, () => {
      const place = set.place()
      if (!adding) {
        if (place >= 0) set.take(place)
        return place >= 0 || exist ? null : 'the element is not in the set'
      }
      if (place >= 0 && !exist && set.options.netmask === (set.family === 'ipv6' ? 128 : 32))
        return 'the element is in the set already'
      const at = place >= 0 ? place : set.put()
      if (at < 0) return 'the set is full'
      set.setTimeout(at, set.options.timeout === null ? 0 : (beside.timeout ?? set.options.timeout))
      elements.packets[at] = beside.packets ?? 0
      elements.bytes[at] = beside.bytes ?? 0
      elements.nomatch[at] = beside.nomatch === true ? 1 : 0
      if (beside.mark !== undefined) elements.skbinfo.set(beside.mark, at * 4)
      if (beside.priority !== undefined) elements.skbinfo[at * 4 + 2] = beside.priority
      if (beside.queue !== undefined) elements.skbinfo[at * 4 + 3] = beside.queue
      return null
    })
    if (problem !== null) this.#add(element!, problem)
  }

  #beside(set: HashSet, options: readonly Word[]): Beside | null {
    const beside: Beside = {}
    const { counters, timeout, skbinfo } = set.options
    for (let i = 0; i < options.length; i++) {
      const option = options[i]!
      if (option.text === 'nomatch' && set.type.includes('net')) {
        beside.nomatch = true
        continue
      }
      const value = options[++i]
      const text = value?.text ?? ''
      const number = /^\d{1,20}$/.test(text) ? Number(text) : null
      if (option.text === 'timeout' && timeout !== null && number !== null) beside.timeout = number
      else if (option.text === 'packets' && counters && number !== null) beside.packets = number
      else if (option.text === 'bytes' && counters && number !== null) beside.bytes = number
      else if (option.text === 'skbqueue' && skbinfo && number !== null) beside.queue = number
      else if (option.text === 'skbmark' && skbinfo && value) beside.mark = readMark(text)
      else if (option.text === 'skbprio' && skbinfo && value) beside.priority = readClass(text)
      else if (option.text !== 'comment' || !value) {
        this.#add(
          option,
          `"${option.text}" cannot stand here: no such option, or the set was made without it`,
        )
        return null
      }
    }
    return beside
  }
}

interface Beside {
  timeout?: number
  packets?: number
  bytes?: number
  nomatch?: boolean
  mark?: readonly [number, number]
  priority?: number
  queue?: number
}

function readMark(text: string): readonly [number, number] {
  const [value, mask] = text.split('/')
  return [Number(value) | 0, mask === undefined ? -1 : Number(mask) | 0]
}

/** `1:10`, in hexadecimal. */
function readClass(text: string): number {
  const [major, minor] = text.split(':')
  return (Number.parseInt(major!, 16) << 16) | Number.parseInt(minor ?? '0', 16)
}

function readRange(text: string, ports: boolean): readonly [number, number] | null {
  if (ports) {
    const found = /^(\d{1,5})-(\d{1,5})$/.exec(text)
    if (found === null) return null
    const [from, to] = [Number(found[1]), Number(found[2])]
    return from <= to && to <= 65_535 ? [from, to] : null
  }
  const slash = text.indexOf('/')
  const [first, last] = slash < 0 ? text.split('-') : [text.slice(0, slash), undefined]
  const from = parseIPv4(first!)
  if (from === null) return null
  if (slash >= 0) {
    const bits = Number(text.slice(slash + 1))
    if (!(bits >= 16 && bits <= 32)) return null
    const size = 2 ** (32 - bits)
    const start = (from >>> 0) - ((from >>> 0) % size)
    return [start, start + size - 1]
  }
  const to = last === undefined ? null : parseIPv4(last)
  return to === null || to >>> 0 < from >>> 0 ? null : [from >>> 0, to >>> 0]
}
