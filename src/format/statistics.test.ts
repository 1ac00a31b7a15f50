import { expect, test } from 'vitest'
import { formatProcStatistics, formatStatistics } from './statistics.ts'

const statistics = {
  found: 1,
  invalid: 26,
  insert: 3,
  insertFailed: 4,
  drop: 5,
  earlyDrop: 6,
  error: 7,
  searchRestart: 8,
  clashResolve: 9,
  chainTooLong: 10,
  expectNew: 11,
  expectCreate: 12,
  expectDelete: 13,
}

test('as conntrack -S prints them, blanks included', () => {
  expect(formatStatistics(statistics, 1)).toBe(
    'cpu=1   \tfound=1 invalid=26 insert=3 insert_failed=4 drop=5 early_drop=6 error=7 search_restart=8 clash_resolve=9 chaintoolong=10 ',
  )
})

test('as /proc has them: hexadecimal, each under its name', () => {
  const [header, row] = formatProcStatistics(statistics, 255)
  const named = Object.fromEntries(
    header!.split(/ +/).map((name, index) => [name, Number.parseInt(row!.split(/ +/)[index]!, 16)]),
  )
  expect(row).toMatch(/^000000ff {2}[0-9a-f]{8} .* {2}0000000b [0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8}$/)
  expect(named).toEqual({
    entries: 255,
    clashres: 9,
    found: 1,
    new: 0,
    invalid: 26,
    ignore: 0,
    delete: 0,
    chainlength: 10,
    insert: 3,
    insert_failed: 4,
    drop: 5,
    early_drop: 6,
    icmp_error: 7,
    expect_new: 11,
    expect_create: 12,
    expect_delete: 13,
    search_restart: 8,
  })
})
