import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyFrame, chunked, concat, readAll, recordOf } from './fixtures.ts'
import { pcapngInterface, pcapngPacket, pcapngSection } from './writer.ts'

const interfaces = [
  { name: 'eth0', linkType: 1, snapLength: 0 },
  { name: 'Schnittstelle-ß', linkType: 1, snapLength: 96 },
  { name: null, linkType: 1, snapLength: 0 },
]
const head = concat(pcapngSection('sallyport'), ...interfaces.map(pcapngInterface))

test('what is written is read back, comments or not, however it is cut into chunks', () => {
  const anyPacket = fc.record({ frame: anyFrame, comment: fc.option(fc.string(), { nil: undefined }) })
  const anyFile = fc.array(anyPacket, { maxLength: 8 }).chain((packets) => {
    const blocks = packets.map(({ frame, comment }) => pcapngPacket(recordOf(frame), comment))
    return fc.record({ packets: fc.constant(packets), chunks: chunked(concat(head, ...blocks)) })
  })
  fc.assert(
    fc.property(anyFile, ({ packets, chunks }) => {
      const { frames, reader } = readAll(...chunks)
      expect(frames).toEqual(packets.map(({ frame }, i) => ({ ...frame, frame: i + 1 })))
      expect(reader.interfaces).toEqual(
        interfaces.map((described) => ({ ...described, file: 0, timePrecision: 9 })),
      )
      expect(reader.problems).toEqual([])
    }),
  )
})

test('a comment too long for its option is cut between two characters', () => {
  const frame = fc.sample(anyFrame, { numRuns: 1, seed: 1 })[0]!
  const plain = pcapngPacket({ ...recordOf(frame), direction: 0 })
  const block = pcapngPacket({ ...recordOf(frame), direction: 0 }, `a${'€'.repeat(30_000)}`)
  const option = new DataView(block.buffer, plain.length - 4)
  expect(option.getUint16(0, true)).toBe(1)
  expect(option.getUint16(2, true)).toBe(1 + 3 * 21_844)
  // The option's own header, the padded text, the end marker.
  expect(block.length).toBe(plain.length + 4 + 65_536 + 4)
  expect(readAll(head, block).codes).toEqual([])
})
