import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEADLINE, ENTRY_WORDS, NEXT, STATUS } from './entry.ts'
import { Slab } from './slab.ts'
import { TimingWheel } from './wheel.ts'

function wheelAt(start: number) {
  const slab = new Slab(ENTRY_WORDS, NEXT)
  const wheel = new TimingWheel(slab)
  wheel.start(start)
  const add = (deadline: number): number => {
    const number = slab.allocate()
    slab.words(number)[slab.at(number) + STATUS] = 0
    slab.words(number)[slab.at(number) + DEADLINE] = deadline
    wheel.file(number)
    return number
  }
  const move = (number: number, deadline: number): void => {
    const words = slab.words(number)
    words[slab.at(number) + DEADLINE] = deadline
    wheel.moved(number, words, slab.at(number))
  }
  const due = (now: number, budget = Number.POSITIVE_INFINITY): number[] => {
    const list: number[] = []
    wheel.budget = budget
    wheel.until = now
    for (let number = wheel.nextDue(); number >= 0; number = wheel.nextDue()) list.push(number)
    return list
  }
  return { wheel, add, move, due }
}

test('an entry is due at its tick, not before', () => {
  const { add, due } = wheelAt(4_000_000_000_000)
  const entry = add(4_000_000_000_000 + 30_000)
  expect(due(4_000_000_029_999)).toEqual([])
  expect(due(4_000_000_030_000)).toEqual([entry])
})

test('a refreshed entry is looked at again later', () => {
  const { add, move, due } = wheelAt(1000)
  const entry = add(1300)
  due(1200)
  move(entry, 1600)
  expect(due(1599)).toEqual([])
  expect(due(1600)).toEqual([entry])
})

test('a deadline moved ahead is kept', () => {
  const { add, move, due } = wheelAt(255)
  const entry = add(255 + 108_000_000)
  move(entry, 255 + 2500)
  expect(due(255 + 2499)).toEqual([])
  expect(due(255 + 2500)).toEqual([entry])
})

test('a small budget takes a few at a time and loses none', () => {
  const { add, due } = wheelAt(0)
  const entries = Array.from({ length: 1000 }, () => add(70_000))
  const taken: number[] = []
  let calls = 0
  while (taken.length < entries.length && calls < 1000) {
    const some = due(70_100, 50)
    expect(some.length).toBeLessThanOrEqual(50)
    taken.push(...some)
    calls++
  }
  expect(taken.sort((a, b) => a - b)).toEqual(entries)
})

test('any filing, moving and waiting takes each entry exactly when it is due', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), ahead: fc.integer({ min: 0, max: 120_000_000 }) }),
    fc.record({ kind: fc.constant('add' as const), ahead: fc.integer({ min: 0, max: 700 }) }),
    fc.record({
      kind: fc.constant('move' as const),
      which: fc.nat(),
      ahead: fc.integer({ min: 0, max: 200_000 }),
    }),
    fc.record({
      kind: fc.constant('move' as const),
      which: fc.nat(),
      ahead: fc.integer({ min: 0, max: 120_000_000 }),
    }),
    fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
    fc.record({ kind: fc.constant('wait' as const), ticks: fc.integer({ min: 0, max: 700 }) }),
    fc.record({ kind: fc.constant('wait' as const), ticks: fc.integer({ min: 0, max: 20_000_000 }) }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 42 }), fc.array(step, { maxLength: 60 }), (start, steps) => {
      const { wheel, add, move, due } = wheelAt(start)
      const living = new Map<number, number>()
      let now = start
      for (const action of steps) {
        const numbers = [...living.keys()]
        if (action.kind === 'add') living.set(add(now + action.ahead), now + action.ahead)
        else if (action.kind === 'wait') now += action.ticks
        else if (numbers.length > 0) {
          const number = numbers[action.which % numbers.length]!
          if (action.kind === 'remove') {
            wheel.remove(number)
            living.delete(number)
          } else {
            move(number, now + action.ahead)
            living.set(number, now + action.ahead)
          }
        }
        const expected = [...living].filter(([, deadline]) => deadline <= now).map(([number]) => number)
        expect(due(now).sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b))
        for (const number of expected) living.delete(number)
        expect(wheel.size).toBe(living.size)
      }
    }),
    { numRuns: 300 },
  )
})

test('a wheel that lags, and an entry of the longest life: it is due in its time, and nothing goes round for ever', () => {
  const { wheel, add, due } = wheelAt(1000)
  for (let i = 0; i < 10; i++) add(1001 + i)
  expect(due(50_000, 3)).toHaveLength(1)
  // The clock is at 50,000, the wheel at about 1,000: the deadline lies more than 2^31 ahead of it.
  const long = 50_000 + 0x7fff_ffff
  const entry = add(long)
  expect(due(50_000)).toHaveLength(9)
  expect(wheel.size).toBe(1)
  for (let now = 50_000; now < long; now += 2 ** 29) expect(due(now)).toEqual([])
  expect(due(long - 1)).toEqual([])
  expect(due(long)).toEqual([entry])
})

test('a wheel that lags, and a longest life that is shortened: it is due at the new deadline', () => {
  const { add, move, due } = wheelAt(1000)
  for (let i = 0; i < 10; i++) add(1001 + i)
  due(50_000, 3)
  const entry = add(50_000 + 0x7fff_ffff)
  move(entry, 50_010)
  expect(due(50_009)).toHaveLength(9)
  expect(due(50_010)).toEqual([entry])
})
