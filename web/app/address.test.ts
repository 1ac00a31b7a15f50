import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Address, formatAddress, isAbout, nowhere, readAddress, tabNames } from './address.ts'

test('what is written is read back', () => {
  const number = fc.option(fc.integer({ min: 1, max: 999_999_999_999_999 }))
  const fingerprint = fc.option(fc.stringMatching(/^[0-9a-z]{10}$/))
  const shown = fc.option(fc.constantFrom('first-look', 'stray-fin-ack'))
  fc.assert(
    fc.property(
      number,
      number,
      fingerprint,
      fc.constantFrom(...tabNames),
      fc.string({ maxLength: 200 }),
      fc.constantFrom('first', 'tuple', 'state', 'packets', 'bytes', 'odd'),
      fc.boolean(),
      shown,
      fc.integer({ min: 1, max: 99 }),
      (packet, flow, capture, tab, text, key, descending, show, test) => {
        const address: Address = {
          show,
          test: show === null ? 1 : test,
          packet,
          flow,
          capture,
          tab,
          filter: text.trim(),
          sort: { key, descending },
        }
        expect(readAddress(formatAddress(address))).toEqual(address)
      },
    ),
  )
})

test('whatever stands in the address, nothing but numbers and a fingerprint comes out', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { packet, flow, capture } = readAddress(text)
      expect(packet === null || packet >= 1).toBe(true)
      expect(flow === null || flow >= 1).toBe(true)
      expect(capture ?? '0123456789').toMatch(/^[0-9a-z]{10}$/)
    }),
  )
  expect(readAddress('#packet=-1&flow=<b>&capture=../../etc')).toEqual(nowhere)
})

test('what the page begins with is not said', () => {
  expect(formatAddress({ ...nowhere, packet: 3 })).toBe('#packet=3')
})

test('words that nobody knows are passed over', () => {
  expect(readAddress('#tab=__proto__&sort=-constructor&colour=red')).toEqual(nowhere)
  expect(readAddress(`#filter=${'a'.repeat(3000)}`)).toEqual(nowhere)
})

test('an address with another fingerprint is about another capture', () => {
  const address = readAddress('#packet=3&capture=0123456789')
  expect(isAbout(address, '0123456789')).toBe(true)
  expect(isAbout(address, '9876543210')).toBe(false)
  expect(isAbout(readAddress('#packet=3'), '9876543210')).toBe(true)
})
