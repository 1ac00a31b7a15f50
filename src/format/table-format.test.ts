import { expect, test } from 'vitest'
import { entryView } from '../../test/support/entry-view.ts'
import type { TableFormatName } from './table-format.ts'
import { tableFormats, tableLines } from './table-format.ts'

const entries = [entryView(), entryView({ family: 'ipv6' })]

test('every format but the old file has a line for each entry', () => {
  const counts = Object.keys(tableFormats).map((name) => {
    return [name, [...tableLines(name as TableFormatName, entries)].length]
  })
  expect(Object.fromEntries(counts)).toEqual({
    conntrack: 2,
    extended: 2,
    proc: 2,
    ip_conntrack: 1,
    'ip_conntrack-2.4': 1,
    save: 2,
    // The declaration and the root, open and closed, stand around them.
    xml: 5,
    json: 2,
  })
})

test('the extended format begins with the family, the plain one does not', () => {
  expect([...tableLines('extended', entries)][1]).toMatch(/^ipv6 {5}10 tcp {6}6 /)
  expect([...tableLines('conntrack', entries)][1]).toMatch(/^tcp {6}6 /)
})

test('entries are asked for one at a time', () => {
  let asked = 0
  function* endless() {
    for (;;) {
      asked++
      yield entryView()
    }
  }
  tableLines('proc', endless()).next()
  expect(asked).toBe(1)
})
