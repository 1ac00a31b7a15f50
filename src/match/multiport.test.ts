import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'

const net = { source: '10.0.0.2', destination: '10.0.0.1' }
const segment = { ...net, tcp: { sourcePort: 80, destinationPort: 443, flags: 'S' } }
const bench = (options: string, protocol = 'tcp') => new MatchBench(`-p ${protocol} -m multiport ${options}`)

test('the source port, the destination port, or one of both', () => {
  expect(bench('--sports 1,80').ask(segment)).toBe('yes')
  expect(bench('--sports 443').ask(segment)).toBe('no')
  expect(bench('--dports 1,442:443').ask(segment)).toBe('yes')
  expect(bench('--dports 80').ask(segment)).toBe('no')
  expect(bench('--ports 2,443').ask(segment)).toBe('yes')
  expect(bench('--ports 79:81').ask(segment)).toBe('yes')
  expect(bench('--ports 81:442').ask(segment)).toBe('no')
  expect(bench('! --ports 2,443').ask(segment)).toBe('no')
  expect(bench('! --dports 80').ask(segment)).toBe('yes')
})

test('protocols whose ports nobody else reads', () => {
  const payload = Uint8Array.of(0, 80, 1, 0xbb)
  for (const [name, protocol] of [
    ['dccp', 33],
    ['sctp', 132],
    ['udplite', 136],
  ] as const) {
    expect(bench('--dports 443', name).ask({ ...net, protocol, payload }), name).toBe('yes')
    expect(bench('--dports 80', name).ask({ ...net, protocol, payload }), name).toBe('no')
  }
})

test('four bytes are enough; less drop the packet, and later pieces never match', () => {
  const bare = (bytes: number) => ({ ...net, protocol: 6, payload: new Uint8Array(bytes) })
  expect(bench('--sports 0').ask(bare(4))).toBe('yes')
  expect(bench('--sports 0').ask(bare(3))).toBe('hotdrop')
  expect(bench('! --sports 5').ask(bare(3))).toBe('hotdrop')
  expect(bench('! --sports 5').ask({ ...bare(3), fragmentOffset: 8 })).toBe('no')
  expect(bench('--sports 0').ask(bare(4), 23)).toBe('unknown')
})
