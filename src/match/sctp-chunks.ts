/** Chunk types of SCTP as the match asks for them, and the walk through the chunks of a packet. */
import { suggest } from '../diagnostic/suggest.ts'
import { type Passage, STOP_HOTDROP, STOP_UNKNOWN } from '../hook/passage.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { type Kind, Refusal } from '../ruleset/extension.ts'

/** RFC 9260, 3.2, RFC 5061, RFC 3758, RFC 8260, RFC 6525, RFC 4820. */
const types: readonly (readonly [type: number, name: string, flags: string])[] = [
  [0, 'DATA', 'IUBE'],
  [1, 'INIT', ''],
  [2, 'INIT_ACK', ''],
  [3, 'SACK', ''],
  [4, 'HEARTBEAT', ''],
  [5, 'HEARTBEAT_ACK', ''],
  [6, 'ABORT', 'T'],
  [7, 'SHUTDOWN', ''],
  [8, 'SHUTDOWN_ACK', ''],
  [9, 'ERROR', ''],
  [10, 'COOKIE_ECHO', ''],
  [11, 'COOKIE_ACK', ''],
  [12, 'ECN_ECNE', ''],
  [13, 'ECN_CWR', ''],
  [14, 'SHUTDOWN_COMPLETE', 'T'],
  [64, 'I_DATA', 'IUBE'],
  [128, 'ASCONF_ACK', ''],
  [130, 'RE_CONFIG', ''],
  [132, 'PAD', ''],
  [192, 'FORWARD_TSN', ''],
  [193, 'ASCONF', ''],
  [194, 'I_FORWARD_TSN', ''],
]
/** iptables 1.8.9 files the flags of the types behind it under wrong numbers: they have no effect. */
const LAST_WITH_FLAGS = 14
/** XT_NUM_SCTP_FLAGS. */
const MOST_FLAGGED = 4
const TYPES = 256
const modes = ['all', 'any', 'only'] as const

export interface SctpChunks {
  readonly mode: (typeof modes)[number]
  /** Every type that there can be, or those in the list, in rising order. */
  readonly types: 'ALL' | readonly number[]
  /** Of some of them: the bits of the flags that are looked at, and those of them that must be set. */
  readonly flags: readonly { readonly type: number; readonly mask: number; readonly value: number }[]
}

export const sctpChunks: Kind<SctpChunks> = {
  usage: 'all|any|only TYPE[:FLAGS][,…]',
  expected:
    'all, any or only, and a list of chunk types, or ALL or NONE; behind a type its flags: upper case set, lower case not',
  examples: () => ['all DATA,INIT', 'any DATA:UbE,ABORT:T', 'only ALL', 'ONLY none', 'any forward_tsn,sack'],
  words: 2,
  read([first, second]) {
    const mode = modes.find((name) => name === first!.toLowerCase())
    if (mode === undefined) return new Refusal(`${shown(first!)} is neither all nor any nor only`)
    const list = second!.toUpperCase()
    if (list === 'ALL') return { mode, types: 'ALL', flags: [] }
    return list === 'NONE' ? { mode, types: [], flags: [] } : readTypes(mode, second!)
  },
  print({ mode, types: chosen, flags }) {
    if (chosen === 'ALL') return `${mode} ALL`
    if (chosen.length === 0) return `${mode} NONE`
    const names = chosen.map((type) => {
      const [, name, letters] = types.find(([one]) => one === type)!
      const flagged = flags.find((one) => one.type === type)
      return flagged ? `${name}:${printFlags(letters, flagged.mask, flagged.value)}` : name
    })
    return `${mode} ${names.join(',')}`
  },
}

function readTypes(mode: SctpChunks['mode'], text: string): SctpChunks | Refusal {
  const chosen = new Set<number>()
  const flags = new Map<number, { type: number; mask: number; value: number }>()
  // As strtok: empty elements do not count.
  for (const part of text.split(',', 1024)) {
    if (part === '') continue
    const colon = part.indexOf(':')
    const name = colon < 0 ? part : part.slice(0, colon)
    const known = types.find(([, one]) => one === name.toUpperCase())
    if (known === undefined) {
      const names = types.map(([, one]) => one)
      return new Refusal(`${shown(name)} is no chunk type`, {
        word: 1,
        suggestion: suggest(name.toUpperCase(), names),
      })
    }
    const [type, , letters] = known
    chosen.add(type)
    for (const letter of colon < 0 ? '' : part.slice(colon + 1)) {
      const index = letters.indexOf(letter.toUpperCase())
      if (index < 0)
        return new Refusal(`${shown(letter)} is no flag of ${known[1]}`, {
          word: 1,
        })
      if (type > LAST_WITH_FLAGS) continue
      const bit = 1 << (letters.length - 1 - index)
      const one = flags.get(type) ?? { type, mask: 0, value: 0 }
      one.mask |= bit
      if (letter === letter.toUpperCase()) one.value |= bit
      flags.set(type, one)
    }
  }
  if (flags.size > MOST_FLAGGED) return new Refusal(`more than ${MOST_FLAGGED} types with flags`, { word: 1 })
  return { mode, types: [...chosen].sort((a, b) => a - b), flags: [...flags.values()] }
}

function printFlags(letters: string, mask: number, value: number): string {
  let text = ''
  for (let bit = 7; bit >= 0; bit--) {
    if ((mask & (1 << bit)) === 0) continue
    const letter = letters[letters.length - 1 - bit]!
    text += (value & (1 << bit)) === 0 ? letter.toLowerCase() : letter
  }
  return text
}

const HEADER = 12
const CHUNK_HEADER = 4

/** match_packet of xt_sctp.c. Used again and again: it remembers which types are still to be found. */
export class SctpChunkTest {
  readonly #mode: SctpChunks['mode']
  readonly #asked = new Uint8Array(TYPES)
  readonly #mask = new Uint8Array(TYPES)
  readonly #value = new Uint8Array(TYPES)
  readonly #missing = new Uint8Array(TYPES)
  readonly #count: number

  constructor({ mode, types: chosen, flags }: SctpChunks) {
    this.#mode = mode
    if (chosen === 'ALL') this.#asked.fill(1)
    else for (const type of chosen) this.#asked[type] = 1
    for (const { type, mask, value } of flags) {
      this.#mask[type] = mask
      this.#value[type] = value
    }
    this.#count = chosen === 'ALL' ? TYPES : chosen.length
  }

  /** Inversion is the caller's. Sets `passage.stop` where a chunk's header is not there, or its length 0. */
  matches(passage: Passage): boolean {
    const { view, transportOffset, transportLength, transportCaptured } = passage.packet
    const mode = this.#mode
    const missing = this.#missing
    let left = this.#count
    if (mode === 'all') missing.set(this.#asked)
    let at = HEADER
    do {
      if (at + CHUNK_HEADER > transportCaptured) {
        passage.stop = at + CHUNK_HEADER > transportLength ? STOP_HOTDROP : STOP_UNKNOWN
        return false
      }
      const type = view.getUint8(transportOffset + at)
      const flags = view.getUint8(transportOffset + at + 1)
      const length = view.getUint16(transportOffset + at + 2)
      if (length === 0) {
        passage.stop = STOP_HOTDROP
        return false
      }
      at += (length + 3) & ~3
      const fits = this.#asked[type] === 1 && (flags & this.#mask[type]!) === this.#value[type]
      if (mode === 'any') {
        if (fits) return true
      } else if (mode === 'only') {
        if (!fits) return false
      } else if (fits && missing[type] === 1) {
        missing[type] = 0
        left--
      }
    } while (at < transportLength)
    return mode === 'only' || (mode === 'all' && left === 0)
  }
}
