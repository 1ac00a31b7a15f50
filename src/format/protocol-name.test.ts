import { expect, test } from 'vitest'
import { protocolName } from '../packet/protocol.ts'
import { protocolNumber, toolProtocolName, toolTupleKind, tupleKind } from './protocol-name.ts'

test('every number: its name leads back to it, or is unknown', () => {
  const known: number[] = []
  for (let protocol = 0; protocol < 256; protocol++) {
    const name = protocolName(protocol)
    if (name === 'unknown') continue
    known.push(protocol)
    expect(protocolNumber(name)).toBe(protocol)
    expect(tupleKind(protocol)).not.toBe('none')
  }
  expect(known).toEqual([1, 6, 17, 47, 58, 132, 136])
})

test('DCCP: known to the tool only', () => {
  expect([protocolName(33), tupleKind(33)]).toEqual(['unknown', 'none'])
  expect([toolProtocolName(33), toolTupleKind(33), protocolNumber('dccp')]).toEqual(['dccp', 'ports', 33])
})
