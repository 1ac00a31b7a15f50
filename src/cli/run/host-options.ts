/** The options that tell of the host that the rules are for, and where the capture stands; and what they come to. */
import { readFileSync } from 'node:fs'
import { codeFrame } from '../../diagnostic/code-frame.ts'
import { printable } from '../../diagnostic/printable.ts'
import { Host } from '../../host/host.ts'
import { HostError } from '../../host/host-error.ts'
import {
  type LocalWords,
  type PairWords,
  parseLocal,
  parsePair,
  parseRoute,
  type RouteWords,
  tellLocal,
  tellPair,
  tellRoute,
} from '../../host/host-words.ts'
import { interfaceFault, readIpOutput } from '../../host/ip-output.ts'
import type { Captured } from '../../replay/standpoint.ts'
import type { ToldHost } from '../../run/prepared-host.ts'
import { type Options, ValueError } from '../command.ts'
import { EXIT_UNREADABLE } from '../exit-codes.ts'
import { Failure, unreadable, wrongUse } from '../failure.ts'

const group = 'The host'

export const hostOptions = {
  local: {
    kind: 'list',
    parse: (text) => worded(parseLocal, text),
    valueName: 'IFACE=ADDRESS/LEN',
    group,
    sentence: 'an address of the host that the rules are for, e.g. eth0=192.0.2.1/24',
  },
  route: {
    kind: 'list',
    parse: (text) => worded(parseRoute, text),
    valueName: 'CIDR=IFACE',
    group,
    sentence: 'where it sends packets to this network, e.g. default=eth0',
  },
  host: {
    kind: 'text',
    valueName: 'FILE',
    completes: 'files',
    group,
    sentence: 'all of it, as ip -j addr; ip -j route; ip -j -6 route print it, one after another',
  },
  pair: {
    kind: 'parsed',
    parse: (text) => worded(parsePair, text),
    valueName: 'IFACE:IFACE',
    group,
    sentence: 'a box with two arms: what enters by one leaves by the other, e.g. in0:out0',
  },
  interface: {
    kind: 'list',
    parse: parseInterface,
    valueName: 'WHAT=IFACE',
    group,
    sentence:
      'the interface that a capture was made on, where it does not say so: FILE=IFACE, or a name or number in the capture',
  },
  captured: {
    kind: 'enum',
    valueName: 'WHERE',
    values: ['inside', 'outside', 'both', 'wire'],
    group,
    sentence:
      'where the capture stands: on one side of a router that translates, on both (every packet twice), or each packet once as the host had it; guessed unless given',
  },
} as const satisfies Options

/** What the options of a call say; those of `hostOptions` by their keys. */
export interface HostAnswers {
  readonly local: readonly LocalWords[]
  readonly route: readonly RouteWords[]
  readonly host: string | null
  readonly pair: PairWords | null
  readonly interface: readonly InterfaceWords[]
  readonly captured: Captured | null
}

/** `--interface`: what a capture calls it, or the capture's file, and what the host does. */
export interface InterfaceWords {
  readonly what: string
  readonly name: string
}

/** Reads --host, and puts together what was told; `files` are the captures. @throws Failure */
export function readHost(answers: HostAnswers, files: readonly string[], width = 80): ToldHost {
  const { local, route, pair, host: file } = answers
  const host = new Host()
  const notes = file === null ? [] : readHostFile(file, host, width)
  for (const words of local) tellLocal(host, words)
  if (route.length > 0 && file === null && local.length === 0 && pair === null) {
    throw wrongUse(
      '--route says where packets go, and nothing says what is for the host itself: add --local IFACE=ADDRESS/LEN',
    )
  }
  for (const words of route) tellRoute(host, words)
  if (pair !== null) tellPair(host, pair)
  const names = new Map<string, string>()
  const ofFile: (string | undefined)[] = files.map(() => undefined)
  for (const { what, name } of answers.interface) {
    const at = files.indexOf(what)
    if (at >= 0) ofFile[at] = name
    else names.set(what, name)
  }
  return {
    host,
    told: file !== null || local.length > 0 || route.length > 0 || pair !== null,
    strict: file !== null,
    notes,
    names,
    ofFile,
  }
}

function readHostFile(file: string, host: Host, width: number): readonly string[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(file, error)
  }
  try {
    return readIpOutput(text, host)
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    throw new Failure(placed(file, text, error, width), EXIT_UNREADABLE)
  }
}

/** The message with its place, the line, and a caret under what is meant. */
function placed(file: string, text: string, { message, position, length }: HostError, width: number): string {
  const before = text.slice(0, position)
  const line = before.split('\n').length
  const column = position - before.lastIndexOf('\n')
  const frame = codeFrame({ text, position, length, margin: String(line), width })
  return `${printable(file)}:${line}:${column}: ${message}\n${frame}`
}

/** @throws ValueError */
function worded<T>(parse: (text: string) => T, text: string): T {
  try {
    return parse(text)
  } catch (error) {
    throw error instanceof HostError ? new ValueError(error.message) : error
  }
}

/** @throws ValueError */
function parseInterface(text: string): InterfaceWords {
  const equals = text.lastIndexOf('=')
  if (equals <= 0) throw new ValueError('expected FILE=IFACE such as inside.pcap=eth1, or NAME=IFACE')
  const name = text.slice(equals + 1)
  const fault = interfaceFault(name)
  if (fault !== null) throw new ValueError(fault)
  return { what: text.slice(0, equals), name }
}
