import { expect, test } from 'vitest'
import { findHelper, helpers, missingHelpers } from './registry.ts'

test('helpers are found by the names Linux gives them', () => {
  expect(findHelper('ftp')?.protocols).toEqual([6])
  expect(findHelper('tftp')?.protocols).toEqual([17])
  expect(findHelper('FTP')).toBeNull()
})

test('one connection expects one other at a time, for five minutes', () => {
  for (const helper of helpers) {
    expect(helper.classes).toEqual([{ name: '', maxExpected: 1, timeout: 300 }])
  }
})

test('a helper that is built is not listed as missing', () => {
  expect(missingHelpers.filter((name) => findHelper(name) !== null)).toEqual([])
})
