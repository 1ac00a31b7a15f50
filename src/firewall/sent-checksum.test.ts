import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { Host } from '../host/host.ts'
import { parseIPv4 } from '../packet/address.ts'
import { CapturePlace } from './capture-place.ts'
import { HostWay } from './host-way.ts'

const OWN = '192.0.2.9'
const OTHER = '198.51.100.7'
const rules = `*filter
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A OUTPUT -m conntrack --ctstate INVALID -j DROP
COMMIT`

/** Its capture says nothing of directions. */
function bench(): RuleBench {
  const host = new Host()
  const eth0 = host.interfaces.numberOf('eth0')
  host.addAddress({ interface: eth0, words: Int32Array.of(parseIPv4(OWN)!), length: 24 })
  return new RuleBench({ rules, host, way: new HostWay(host, new CapturePlace(host)) })
}

const udp = { sourcePort: 40_000, destinationPort: 53, checksum: 'bad' } as const

test('a wrong checksum: NEW for what the host sends, INVALID for what it receives', () => {
  const sent = bench().send({ source: OWN, destination: OTHER, udp })
  expect(sent).toMatchObject({ verdict: 'ACCEPT', ctstate: 'NEW', reasons: [] })
  expect(bench().send({ source: OTHER, destination: OWN, udp })).toMatchObject({
    verdict: 'DROP',
    ctstate: 'INVALID',
    reasons: ['udp-checksum'],
  })
})

test('a wrong checksum of a segment within its windows, which goes the short way', () => {
  const firewall = bench()
  const [out, back] = [
    { source: OWN, destination: OTHER },
    { source: OTHER, destination: OWN },
  ]
  const ports = { sourcePort: 40_000, destinationPort: 80 }
  const answer = { sourcePort: 80, destinationPort: 40_000 }
  firewall.send({ ...out, tcp: { ...ports, flags: 'S', sequence: 100 } })
  firewall.send({ ...back, tcp: { ...answer, flags: 'SA', sequence: 500, acknowledgment: 101 } })
  firewall.send({ ...out, tcp: { ...ports, flags: 'A', sequence: 101, acknowledgment: 501 } })
  const checksum = 'bad' as const
  expect(
    firewall.send({ ...out, tcp: { ...ports, flags: 'A', sequence: 101, acknowledgment: 501, checksum } }),
  ).toMatchObject({ verdict: 'ACCEPT', ctstate: 'ESTABLISHED' })
  expect(
    firewall.send({ ...back, tcp: { ...answer, flags: 'A', sequence: 501, acknowledgment: 101, checksum } }),
  ).toMatchObject({ verdict: 'DROP', ctstate: 'INVALID', reasons: ['tcp-checksum'] })
})
