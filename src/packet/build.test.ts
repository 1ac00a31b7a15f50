import { expect, test } from 'vitest'
import { buildPacket } from './build.ts'
import { fragmentPacket, fragmentPiece } from './build-fragments.ts'
import { internetChecksum } from './checksum.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const four = { source: '10.0.0.2', destination: '192.0.2.9' }
const six = { source: '2001:db8::1', destination: '2001:db8::9' }

test('a SYN over IPv4 has every byte in its place', () => {
  const packet = buildPacket({
    ...four,
    identification: 1,
    dontFragment: true,
    tcp: { sourcePort: 40000, destinationPort: 80, flags: 'S', sequence: 1000, options: [{ mss: 1460 }] },
  })
  // Checksums computed apart, by hand.
  expect(hex(packet)).toBe(
    '4500002c0001400040066ec00a000002c0000209' + '9c400050000003e80000000060' + '02ffff2ba30000020405b4',
  )
})

test('fields given win over what would be right', () => {
  const packet = buildPacket({
    ...four,
    version: 5,
    totalLength: 9,
    headerChecksum: 0x1234,
    tcp: { sourcePort: 1, destinationPort: 2, flags: 'A', dataOffset: 15, checksum: 0x4321 },
  })
  expect(packet[0]).toBe(0x55)
  expect([packet[3], packet[10], packet[11]]).toEqual([9, 0x12, 0x34])
  expect([packet[32], packet[36], packet[37]]).toEqual([0xf0, 0x43, 0x21])
})

test('extension headers chain to the transport header', () => {
  const packet = buildPacket({
    ...six,
    extensions: [{ hopByHop: [5, 2, 0, 0] }, { routing: [], segmentsLeft: 3 }, { destination: [] }],
    udp: { sourcePort: 1, destinationPort: 2 },
  })
  expect(packet[6]).toBe(0)
  expect(hex(packet.subarray(40, 64))).toBe('2b00050200000100' + '3c00000300000000' + '1100010400000000')
})

test('addresses of two families are refused', () => {
  expect(() => buildPacket({ source: '10.0.0.1', destination: '::1' })).toThrow(RangeError)
})

test('cutting at an MTU, each IPv4 piece fits and is right, and non-copied options stay in the first', () => {
  const options = [0x94, 4, 0, 0, 7, 3, 4, 0] // router alert (copied), record route (not copied)
  const packet = buildPacket({
    ...four,
    ipOptions: options,
    protocol: 17,
    payload: new Uint8Array(100).fill(7),
  })
  const pieces = fragmentPacket(packet, 76)
  expect(pieces.map((piece) => piece.length)).toEqual([76, 76, 32])
  expect(pieces.map((piece) => hex(piece.subarray(6, 8)))).toEqual(['2000', '2006', '000c'])
  expect(pieces.map((piece) => hex(piece.subarray(20, 28)))).toEqual([
    '9404000007030400',
    '9404000001010100',
    '9404000001010100',
  ])
  for (const piece of pieces) expect(internetChecksum(new DataView(piece.buffer), 0, 28)).toBe(0)
})

test('cutting at given lengths, IPv6 repeats hop-by-hop and inserts the Fragment header behind it', () => {
  const packet = buildPacket({
    ...six,
    extensions: [{ hopByHop: [] }, { destination: [] }],
    payload: new Uint8Array(40),
  })
  const pieces = fragmentPacket(packet, [16, 8], { identification: 0x01020304 })
  expect(pieces.map((piece) => piece.length)).toEqual([72, 64, 80])
  expect(pieces.map((piece) => hex(piece.subarray(48, 56)))).toEqual([
    '3c00000101020304',
    '3c00001101020304',
    '3c00001801020304',
  ])
})

test('a piece may lie beyond the packet', () => {
  const packet = buildPacket({ ...four, protocol: 17, payload: [1, 2, 3] })
  expect(hex(fragmentPiece(packet, 64, 4, false).subarray(20))).toBe('00000000')
})
