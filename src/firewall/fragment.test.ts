import { expect, test } from 'vitest'
import { buildPacket, type PacketPlan } from '../packet/build.ts'
import { fragmentPiece } from '../packet/build-fragments.ts'
import { Bench } from './fixtures.ts'

/** What becomes of one piece of a packet between two IPv6 hosts. */
function pieceOf(
  plan: Omit<PacketPlan, 'source' | 'destination'>,
  offset: number,
  length: number,
  more: boolean,
) {
  const whole = buildPacket({ source: 'fd00:1::2', destination: 'fd00:2::2', ...plan })
  const piece = fragmentPiece(whole, offset, length, more, { identification: 7 })
  const { ctstate, reasons } = new Bench().sendBytes(piece)
  return { ctstate, reasons }
}

const tcp = { tcp: { sourcePort: 1, destinationPort: 2, flags: 'A', payload: new Uint8Array(100) } }

// Each as Linux 6.18 judges it.
test('an IPv6 first piece that nobody collects is judged by what stands behind its Fragment header', () => {
  expect(pieceOf(tcp, 0, 52, true)).toEqual({ ctstate: 'INVALID', reasons: ['tcp-checksum'] })
  expect(pieceOf(tcp, 0, 12, true)).toEqual({ ctstate: 'INVALID', reasons: ['tcp-short'] })
  expect(pieceOf({ protocol: 50, payload: [] }, 0, 0, false)).toEqual({ ctstate: 'NEW', reasons: [] })
})

test('an IPv6 later piece of odd length is INVALID for being a fragment', () => {
  expect(pieceOf(tcp, 16, 12, true)).toEqual({ ctstate: 'INVALID', reasons: ['l3-frag6'] })
})

test('an IPv6 first piece that nobody collects, its chain cut by the capture: not judged, and told so', () => {
  const whole = buildPacket({
    source: 'fd00:1::2',
    destination: 'fd00:2::2',
    extensions: [{ destination: new Uint8Array(30) }, { destination: [] }],
    ...tcp,
  })
  const piece = fragmentPiece(whole, 0, 52, true, { identification: 7 })
  expect(new Bench().sendBytes(piece, 60)).toEqual({ ctstate: null, reasons: ['cut-network'], entry: 'none' })
})
