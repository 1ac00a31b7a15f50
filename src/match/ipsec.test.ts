/** esp, ah of IPv4 and ipcomp. */
import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'

const net = { source: '10.0.0.2', destination: '10.0.0.1' }
const header = (protocol: number, length: number) => ({
  ...net,
  protocol,
  payload: Uint8Array.of(59, 1, 0, 5, 0, 0, 0, 9, 0, 0, 0, 7).subarray(0, length),
})

// What Linux answered to the same packets.
test.each([
  ['esp', 50, '--espspi', 0x3b010005, 8],
  ['ah', 51, '--ahspi', 9, 12],
  ['ipcomp', 108, '--ipcompspi', 5, 4],
] as const)('%s', (name, protocol, option, index, length) => {
  const bench = (options: string) => new MatchBench(`-p ${name} -m ${name} ${options}`)
  const packet = header(protocol, length)
  expect(bench(`${option} ${index}`).ask(packet)).toBe('yes')
  expect(bench(`! ${option} ${index}`).ask(packet)).toBe('no')
  expect(bench(`${option} ${index + 1}:`).ask(packet)).toBe('no')
  expect(bench(`${option} ${index + 1}:${index - 1}`).ask(packet), 'reversed').toBe('no')
  expect(bench(`${option} :`).ask(packet)).toBe('yes')
  expect(bench(`${option} :`).ask(header(protocol, length - 1))).toBe('hotdrop')
  expect(bench(`! ${option} 0`).ask({ ...packet, fragmentOffset: 8 })).toBe('no')
  expect(bench(`${option} ${index}`).ask(packet, 20 + 3)).toBe('unknown')
})

test('without a range esp and ah match every index, ipcomp only 0', () => {
  expect(new MatchBench('-p esp -m esp').ask(header(50, 8))).toBe('yes')
  expect(new MatchBench('-p ah -m ah').ask(header(51, 12))).toBe('yes')
  expect(new MatchBench('-p ipcomp -m ipcomp').ask(header(108, 4))).toBe('no')
})
