import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runHostile } from './harness.ts'
import { anyCapture, anyOptions, linkTypes, pcapOf } from './packets.ts'

/** More of them in the long run, see fuzz.ts. */
const numRuns = 400

test('captures of bent packets: all that must hold does', async () => {
  await fc.assert(
    fc.asyncProperty(anyCapture, anyOptions, async (capture, options) => {
      await runHostile(capture, options)
    }),
    { numRuns },
  )
}, 60_000)

test('random bytes as frames of every link type: each is told of, none is tracked without a reason', async () => {
  const frames = fc.array(fc.uint8Array({ maxLength: 120 }), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...linkTypes), frames, async (linkType, list) => {
      const { packets } = await runHostile(pcapOf(linkType, list, (length) => length))
      expect(packets).toBe(list.length)
    }),
    { numRuns },
  )
}, 60_000)
