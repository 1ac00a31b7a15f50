import { expect, test } from 'vitest'
import { Random } from './random.ts'

const drawn = (random: Random) => Array.from({ length: 5 }, () => random.next())

test('behind restart the same numbers follow, whatever was drawn before', () => {
  const [one, other] = [new Random(7), new Random(7)]
  drawn(one)
  one.restart(3)
  other.restart(3)
  expect(drawn(one)).toEqual(drawn(other))
})

test('neighbouring restarts and other seeds begin differently: half of the first draws are even', () => {
  for (const seed of [1, 2, 12_345]) {
    const random = new Random(seed)
    let even = 0
    for (let number = 1; number <= 10_000; number++) {
      random.restart(number)
      if (random.below(2) === 0) even++
    }
    expect(Math.abs(even - 5000)).toBeLessThan(300)
  }
  const firsts = [1, 2, 3].map((seed) => {
    const random = new Random(seed)
    random.restart(1)
    return random.next()
  })
  expect(new Set(firsts).size).toBe(3)
})
