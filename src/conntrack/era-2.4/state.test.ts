import { expect, test } from 'vitest'
import { ORIGINAL, REPLY } from '../status.ts'
import {
  CLOSE,
  CLOSE_WAIT,
  ESTABLISHED,
  FIN_WAIT,
  INVALID,
  LAST_ACK,
  NONE,
  SYN_RECV,
  SYN_SENT,
  TIME_WAIT,
} from '../tcp/state.ts'
import { KIND_ACK, KIND_FIN, KIND_NONE, KIND_RST, KIND_SYN, kindOf, LISTEN, nextState } from './state.ts'

const KINDS = [KIND_SYN, KIND_FIN, KIND_ACK, KIND_RST, KIND_NONE]

/** Every cell: a line a state, with what syn, fin, ack, rst and none make of it. There is no such kernel to ask. */
test.each([
  [ORIGINAL, NONE, [SYN_SENT, TIME_WAIT, ESTABLISHED, CLOSE, INVALID]],
  [ORIGINAL, ESTABLISHED, [ESTABLISHED, FIN_WAIT, ESTABLISHED, CLOSE, INVALID]],
  [ORIGINAL, SYN_SENT, [SYN_SENT, SYN_SENT, SYN_SENT, SYN_SENT, INVALID]],
  [ORIGINAL, SYN_RECV, [SYN_RECV, TIME_WAIT, ESTABLISHED, CLOSE, INVALID]],
  [ORIGINAL, FIN_WAIT, [SYN_SENT, FIN_WAIT, FIN_WAIT, CLOSE, INVALID]],
  [ORIGINAL, TIME_WAIT, [SYN_SENT, TIME_WAIT, TIME_WAIT, TIME_WAIT, INVALID]],
  [ORIGINAL, CLOSE, [SYN_SENT, CLOSE, CLOSE, CLOSE, INVALID]],
  [ORIGINAL, CLOSE_WAIT, [SYN_SENT, TIME_WAIT, CLOSE_WAIT, CLOSE, INVALID]],
  [ORIGINAL, LAST_ACK, [SYN_SENT, LAST_ACK, LAST_ACK, CLOSE, INVALID]],
  [ORIGINAL, LISTEN, [LISTEN, LISTEN, ESTABLISHED, CLOSE, INVALID]],
  [REPLY, NONE, [SYN_RECV, CLOSE, CLOSE, CLOSE, INVALID]],
  [REPLY, ESTABLISHED, [ESTABLISHED, CLOSE_WAIT, ESTABLISHED, CLOSE, INVALID]],
  [REPLY, SYN_SENT, [SYN_RECV, SYN_SENT, SYN_SENT, CLOSE, INVALID]],
  [REPLY, SYN_RECV, [SYN_RECV, TIME_WAIT, SYN_RECV, CLOSE, INVALID]],
  [REPLY, FIN_WAIT, [SYN_RECV, TIME_WAIT, FIN_WAIT, CLOSE, INVALID]],
  [REPLY, TIME_WAIT, [SYN_RECV, TIME_WAIT, TIME_WAIT, CLOSE, INVALID]],
  [REPLY, CLOSE, [SYN_RECV, CLOSE, CLOSE, CLOSE, INVALID]],
  [REPLY, CLOSE_WAIT, [SYN_RECV, CLOSE_WAIT, CLOSE_WAIT, CLOSE, INVALID]],
  [REPLY, LAST_ACK, [SYN_RECV, LAST_ACK, CLOSE, LAST_ACK, INVALID]],
  [REPLY, LISTEN, [SYN_RECV, LISTEN, LISTEN, LISTEN, INVALID]],
] as const)('direction %i, state %i: every kind', (direction, state, next) => {
  expect(KINDS.map((kind) => nextState(direction, kind, state))).toEqual(next)
})

test('LAST_ACK and LISTEN are where no packet leads to', () => {
  const reached = new Set([NONE])
  for (const state of reached) {
    for (const kind of KINDS) {
      for (const direction of state === NONE ? [ORIGINAL] : [ORIGINAL, REPLY]) {
        const next = nextState(direction, kind, state)
        if (next !== INVALID) reached.add(next)
      }
    }
  }
  expect([...reached].sort((a, b) => a - b)).toEqual([
    NONE,
    SYN_SENT,
    SYN_RECV,
    ESTABLISHED,
    FIN_WAIT,
    CLOSE_WAIT,
    TIME_WAIT,
    CLOSE,
  ])
})

test('kinds: RST, SYN, FIN, ACK in this order, the rest does not matter', () => {
  const [fin, syn, rst, psh, ack, urg] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20]
  for (let flags = 0; flags < 256; flags++) {
    const expected =
      flags & rst
        ? KIND_RST
        : flags & syn
          ? KIND_SYN
          : flags & fin
            ? KIND_FIN
            : flags & ack
              ? KIND_ACK
              : KIND_NONE
    expect(kindOf(flags)).toBe(expected)
  }
  expect(kindOf(syn | ack)).toBe(KIND_SYN)
  expect(kindOf(syn | fin)).toBe(KIND_SYN)
  expect(kindOf(psh | urg)).toBe(KIND_NONE)
})
