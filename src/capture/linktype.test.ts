import { expect, test } from 'vitest'
import { LINKTYPE_LINUX_SLL2 } from '../packet/link-type.ts'
import { isKnownLinkType, linkTypeName } from './linktype.ts'

test('a link type that is decoded has a name', () => {
  expect(isKnownLinkType(LINKTYPE_LINUX_SLL2)).toBe(true)
  expect(linkTypeName(LINKTYPE_LINUX_SLL2)).toBe('LINUX_SLL2')
  expect([12, 14, 101].map(linkTypeName)).toEqual(['RAW', 'RAW', 'RAW'])
})

test('a link type that is not decoded has a name where people meet it, else its number', () => {
  expect([127, 9, 31_337].map(isKnownLinkType)).toEqual([false, false, false])
  expect([127, 9, 31_337].map(linkTypeName)).toEqual(['IEEE802_11_RADIOTAP', 'PPP', '31337'])
})
