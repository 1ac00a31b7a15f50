import { expect, test } from 'vitest'
import { buildPacket } from '../packet/build.ts'
import { differsInChosenPort } from './random-port.ts'

const datagram = (sourcePort: number, source = '10.0.0.1', payload = 'x') =>
  buildPacket({ source, destination: '10.0.0.2', udp: { sourcePort, destinationPort: 53, payload } })

test('two ports of the class of the first one: nobody can tell which', () => {
  expect(differsInChosenPort(datagram(4000), datagram(5000), datagram(6000))).toBe(true)
  expect(differsInChosenPort(datagram(80), datagram(77), datagram(263))).toBe(true)
})

test('a port that stayed, one of another class, another address or payload: a difference', () => {
  expect(differsInChosenPort(datagram(4000), datagram(4000), datagram(6000))).toBe(false)
  expect(differsInChosenPort(datagram(4000), datagram(5000), datagram(80))).toBe(false)
  expect(differsInChosenPort(datagram(4000), datagram(5000), datagram(6000, '10.0.0.3'))).toBe(false)
  expect(differsInChosenPort(datagram(4000), datagram(5000), datagram(6000, '10.0.0.1', 'y'))).toBe(false)
  expect(differsInChosenPort(datagram(4000), datagram(5000), datagram(5000))).toBe(false)
})
