import { expect, test } from 'vitest'
import { SequenceSpace } from './sequence-space.ts'

test('from the SYN on, across the wrap, and from the first number met where no SYN was seen', () => {
  const space = new SequenceSpace()
  space.begin(0xffff_fff0 | 0)
  expect([space.relative(0xffff_fff0 | 0), space.relative(0x10)]).toEqual([0, 0x20])
  const picked = new SequenceSpace()
  expect([picked.relative(900_000), picked.relative(900_048)]).toEqual([1, 49])
})

test('what was sent before is repeated, and a new beginning forgets it', () => {
  const space = new SequenceSpace()
  space.begin(100)
  expect([space.isRepeated(0, 1), space.isRepeated(1, 50), space.isRepeated(1, 50)]).toEqual([
    false,
    false,
    true,
  ])
  expect([space.isRepeated(20, 10), space.isRepeated(40, 20), space.isRepeated(60, 0)]).toEqual([
    true,
    false,
    false,
  ])
  space.begin(7000)
  expect(space.isRepeated(0, 1)).toBe(false)
})
