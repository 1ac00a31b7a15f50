import { describe, expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'
import { encodeBytes } from './bytes.ts'

const net = { source: '10.0.0.2', destination: '10.0.0.1' }
/** Its payload begins at byte 28. */
const datagram = (payload: string | readonly number[]) => ({
  ...net,
  udp: {
    sourcePort: 1,
    destinationPort: 2,
    payload: typeof payload === 'string' ? encodeBytes(payload) : payload,
  },
})

describe.each(['bm', 'kmp'])('%s', (algo) => {
  const bench = (options: string) => new MatchBench(`-m string --algo ${algo} ${options}`)

  test('the bytes are there, or not', () => {
    expect(bench('--string abcd').ask(datagram('ababcabcd'))).toBe('yes')
    expect(bench('--string aab').ask(datagram('aaaaaaaab'))).toBe('yes')
    expect(bench('--string abcabd').ask(datagram('abcabcabd'))).toBe('yes')
    expect(bench('--string abcd').ask(datagram('abcABCD'))).toBe('no')
    expect(bench('! --string abcd').ask(datagram('abc'))).toBe('yes')
    expect(bench('--hex-string "x|0d0a|y"').ask(datagram('x\r\ny'))).toBe('yes')
  })

  test('--from counts from the IP header; a match ends at or before --to', () => {
    const packet = datagram('abcd')
    expect(bench('--string abcd --from 28 --to 32').ask(packet)).toBe('yes')
    expect(bench('--string abcd --from 29').ask(packet)).toBe('no')
    expect(bench('--string abcd --to 31').ask(packet)).toBe('no')
    expect(bench('! --string abcd --to 31').ask(packet)).toBe('yes')
    expect(bench('--string abcd --from 65535').ask(packet)).toBe('no')
    expect(bench('--hex-string "|4500|" --to 2').ask(packet), 'the IP header belongs to it').toBe('yes')
    expect(bench('--hex-string "|4500|" --to 1').ask(packet)).toBe('no')
  })

  test('--icase: also for the letters of ISO 8859-1', () => {
    expect(bench('--string "get /" --icase').ask(datagram('GeT /'))).toBe('yes')
    expect(bench('--hex-string "|e9|" --icase').ask(datagram([0xc9]))).toBe('yes')
    expect(bench('--hex-string "|e9|"').ask(datagram([0xc9]))).toBe('no')
    expect(bench('--hex-string "|d7|" --icase').ask(datagram([0xf7])), '× and ÷').toBe('no')
  })

  test('what the capture lacks', () => {
    const packet = datagram('abcdefgh')
    expect(bench('--string abcd').ask(packet, 32)).toBe('yes')
    expect(bench('--string abcd').ask(packet, 31)).toBe('unknown')
    expect(bench('! --string abcd').ask(packet, 31)).toBe('unknown')
    expect(bench('--string abcd --to 31').ask(packet, 31)).toBe('no')
    expect(bench('--string abcd --from 33').ask(packet, 31), 'no room is left').toBe('no')
  })
})
