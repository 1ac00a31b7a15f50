import { expect, test } from 'vitest'
import { MatchBench } from '../../test/support/match-bench.ts'

const hop = (network: number, last: number) => [0xfd, 0, 0, 0, 0, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, last]
/** Three segments, the last one first; tag 1 as a little-endian machine writes it. */
const routing = Uint8Array.of(2, 0, 1, 0, ...hop(0, 3), ...hop(1, 2), ...hop(0, 1))
const net = { source: 'fd00::9', destination: 'fd00::1', udp: { sourcePort: 1, destinationPort: 2 } }
const ask = (options: string, segmentsLeft = 1, captured?: number) =>
  new MatchBench(`-m srh ${options}`, { family: 'ipv6' }).ask(
    { ...net, extensions: [{ routing, type: 4, segmentsLeft }] },
    captured,
  )

// What Linux answered to the same packets.

test('numbers: equal, greater, less', () => {
  expect(ask('')).toBe('yes')
  expect(ask('--srh-next-hdr 17 --srh-hdr-len-eq 6 --srh-last-entry-eq 2 --srh-tag 1')).toBe('yes')
  expect(ask('--srh-segs-left-gt 0')).toBe('yes')
  expect(ask('--srh-segs-left-lt 1')).toBe('no')
  expect(ask('! --srh-hdr-len-gt 5')).toBe('no')
  expect(ask('! --srh-tag 256')).toBe('yes')
})

test('tests on one field share the value that is given last', () => {
  expect(ask('--srh-segs-left-gt 2 --srh-segs-left-lt 0')).toBe('no')
  expect(ask('--srh-segs-left-gt 5 ! --srh-segs-left-lt 0')).toBe('yes')
})

test('segments: the one before, the one behind, the last one', () => {
  expect(ask('--srh-psid fd00::1 --srh-nsid fd00::3 --srh-lsid fd00::3')).toBe('yes')
  expect(ask('--srh-nsid fd00:0:0:1::/64', 2)).toBe('yes')
  expect(ask('! --srh-nsid fd00:0:0:1::/64', 2)).toBe('no')
  expect(ask('! --srh-psid fd00::9', 2), 'none before').toBe('no')
  expect(ask('! --srh-nsid fd00::9', 0), 'none behind').toBe('no')
  expect(ask('', 3), 'more left than there are').toBe('no')
})

test('what is cut short is no match, and no reason to drop', () => {
  const bare = { source: net.source, destination: net.destination, protocol: 43, payload: new Uint8Array(3) }
  expect(new MatchBench('-m srh', { family: 'ipv6' }).ask(bare)).toBe('no')
  expect(ask('', 1, 42)).toBe('unknown')
  expect(ask('--srh-lsid fd00::3', 1, 60)).toBe('unknown')
})
