import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPacket } from '../packet/build.ts'
import { decoded } from '../packet/decoded.ts'
import { FlowHash } from './hash.ts'
import { hashWords, Tuple } from './tuple.ts'

const flowHash = new FlowHash((words) => {
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 0x9e3779b1)
})

/** Mostly such that differ in the top bit, in the lowest, or not at all. */
const address = fc.oneof(fc.constantFrom(0, 1, 0x7fff_ffff, -0x8000_0000, -1), fc.integer())
const port = fc.oneof(fc.constantFrom(0, 1, 0x8000, 0xffff), fc.nat(0xffff))

test('both directions of a flow have one hash, and it is the one that the table finds by its words', () => {
  const packet = decoded(
    buildPacket({ source: '10.0.0.1', destination: '10.0.0.2', udp: { sourcePort: 1, destinationPort: 2 } }),
  )
  fc.assert(
    fc.property(address, address, port, port, (source, destination, sourcePort, destinationPort) => {
      packet.source0 = source
      packet.destination0 = destination
      packet.sourcePort = sourcePort
      packet.destinationPort = destinationPort
      const tuple = new Tuple()
      tuple.fromPacket(packet)
      tuple.computeHash(flowHash)
      const inverse = new Tuple()
      inverse.invert(tuple)
      inverse.computeHash(flowHash)
      expect(inverse.hash).toBe(tuple.hash)
      expect(hashWords(flowHash, tuple.addresses, 0, 4, tuple.ports, tuple.protocol)).toBe(tuple.hash)
    }),
    { numRuns: 2_000 },
  )
})
