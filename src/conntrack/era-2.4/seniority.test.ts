import { expect, test } from 'vitest'
import { STATUS } from '../entry.ts'
import { STATUS_ASSURED } from '../status.ts'
import { StateTable } from '../table.ts'
import { Tuple } from '../tuple.ts'
import { Seniority } from './seniority.ts'

/** A table, and entries that enter it one after the other. */
class Filled {
  readonly table = new StateTable((words) => words.fill(7))
  readonly seniority = new Seniority(this.table)
  #port = 0

  enter(assured = false): number {
    const tuple = new Tuple()
    tuple.protocol = 17
    tuple.ports = ++this.#port
    tuple.inversePorts = tuple.ports << 16
    tuple.computeHash(this.table.flowHash)
    const number = this.table.create(tuple)
    this.seniority.add(number)
    this.table.confirm(number, tuple.hash, 0)
    if (assured) this.assure(number)
    return number
  }

  assure(number: number): void {
    const at = this.table.at(number) + STATUS
    this.table.words(number)[at] = this.table.words(number)[at]! | STATUS_ASSURED
  }
}

test('the oldest that is not ASSURED, again until it is gone', () => {
  const filled = new Filled()
  const [first, , third] = [filled.enter(), filled.enter(true), filled.enter()]
  expect(filled.seniority.oldest()).toBe(first)
  expect(filled.seniority.oldest()).toBe(first)
  filled.table.remove(first)
  expect(filled.seniority.oldest()).toBe(third)
  filled.assure(third)
  expect(filled.seniority.oldest()).toBe(-1)
})

test('a number that was given away again is as old as its entry', () => {
  const filled = new Filled()
  const [first, second] = [filled.enter(), filled.enter()]
  expect(filled.seniority.oldest()).toBe(first)
  filled.table.remove(first)
  expect(filled.enter()).toBe(first)
  expect(filled.seniority.oldest()).toBe(second)
  filled.table.remove(second)
  expect(filled.seniority.oldest()).toBe(first)
})

test('entries come and go in a full table, the queue is begun anew, the order holds', () => {
  const filled = new Filled()
  const living: number[] = []
  for (let i = 0; i < 100; i++) living.push(filled.enter())
  for (let i = 0; i < 200_000; i++) {
    const oldest = filled.seniority.oldest()
    if (oldest !== living.shift()) throw new Error(`not the oldest at ${i}`)
    filled.table.remove(oldest)
    living.push(filled.enter())
  }
  expect(filled.table.count).toBe(100)
})
