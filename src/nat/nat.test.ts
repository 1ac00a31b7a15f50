import { describe, expect, test } from 'vitest'
import { RuleBench, type RuleBenchOptions, type Verdict } from '../../test/support/rule-bench.ts'
import { tableOf } from '../conntrack/view-entry.ts'
import { FixedWay } from '../firewall/way.ts'
import { HOOK_FORWARD } from '../hook/hook.ts'
import type { Passage } from '../hook/passage.ts'
import { Host } from '../host/host.ts'
import { formatAddress, parseAddress } from '../packet/address.ts'
import type { PacketPlan } from '../packet/build.ts'
import { buildPacket } from '../packet/build.ts'
import { CHECKSUM_GOOD } from '../packet/packet.ts'
import { verifyChecksum } from '../packet/verify.ts'

const CLIENT = '10.0.1.2'
const OTHER = '10.0.1.3'
const SERVER = '10.0.2.9'

const nat = (rules: string, more: Partial<RuleBenchOptions> = {}) =>
  new RuleBench({ rules: `*nat\n${rules}\nCOMMIT`, ...more })

/** `10.0.1.2:1000 > 10.0.2.9:80` as it leaves, checksums right; `DROP` with what else is to be said. */
function seen({ verdict, decidedBy, reasons, packet }: Verdict): string {
  if (verdict !== 'ACCEPT') return [verdict, decidedBy, ...reasons].filter((part) => part !== null).join(' ')
  verifyChecksum(packet)
  expect(packet.checksum).toBeLessThanOrEqual(CHECKSUM_GOOD)
  const { family } = packet
  const source = formatAddress(family, packet.source0, packet.source1, packet.source2, packet.source3)
  const destination = formatAddress(
    family,
    packet.destination0,
    packet.destination1,
    packet.destination2,
    packet.destination3,
  )
  return `${source}:${packet.sourcePort || packet.icmpId} > ${destination}:${packet.destinationPort || packet.icmpId}`
}

function udp(source: string, sourcePort: number, destination: string, destinationPort: number): PacketPlan {
  return { source, destination, udp: { sourcePort, destinationPort, payload: 'x' } }
}

function tcp(
  source: string,
  sourcePort: number,
  destination: string,
  destinationPort: number,
  flags = 'S',
  [sequence, acknowledgment]: readonly [number, number] = [0, 0],
): PacketPlan {
  return { source, destination, tcp: { sourcePort, destinationPort, flags, sequence, acknowledgment } }
}

/** Tuples of the entries, oldest first. */
function entries({ tracker }: RuleBench): string[] {
  return [...tableOf(tracker)].map(({ original: o, reply: r }) =>
    [o, r]
      .map((t) => `${t.source}:${t.sourcePort ?? t.id} > ${t.destination}:${t.destinationPort ?? t.id}`)
      .join(', '),
  )
}

const statuses = ({ tracker }: RuleBench) => [...tableOf(tracker)].map(({ status }) => status.toString(16))

/** in0 has 10.0.1.1 and fd00:1::1, out0 has 10.0.2.1, fd00:2::1 and 10.0.2.254. */
function router(): Host {
  const host = new Host()
  for (const [name, address, length] of [
    ['in0', '10.0.1.1', 24],
    ['in0', 'fd00:1::1', 64],
    ['out0', '10.0.2.1', 24],
    ['out0', '10.0.2.254', 24],
    ['out0', 'fd00:2::1', 64],
  ] as const) {
    const { words } = parseAddress(address)!
    host.addAddress({
      interface: host.interfaces.numberOf(name),
      words: Int32Array.from(words).slice(0, address.includes(':') ? 4 : 1),
      length,
    })
  }
  return host
}

describe('a mapping', () => {
  test('of the source: packets of both directions, the entry, and the rules, which are asked once', () => {
    const bench = nat('-A POSTROUTING -j SNAT --to-source 192.0.2.77')
    expect(seen(bench.send(udp(CLIENT, 1000, SERVER, 53)))).toBe('192.0.2.77:1000 > 10.0.2.9:53')
    expect(seen(bench.send(udp(SERVER, 53, '192.0.2.77', 1000)))).toBe('10.0.2.9:53 > 10.0.1.2:1000')
    expect(seen(bench.send(udp(CLIENT, 1000, SERVER, 53)))).toBe('192.0.2.77:1000 > 10.0.2.9:53')
    expect(entries(bench)).toEqual(['10.0.1.2:1000 > 10.0.2.9:53, 10.0.2.9:53 > 192.0.2.77:1000'])
    expect(statuses(bench)).toEqual(['19a'])
    expect(bench.counts('nat', 'POSTROUTING')).toEqual([1, 0])
    expect(bench.counts('nat', 'PREROUTING')).toEqual([1])
    // What is not translated is another connection.
    expect(bench.send(udp(SERVER, 53, CLIENT, 1000)).ctstate).toBe('NEW')
  })

  test('of the destination, and of both', () => {
    const bench = nat(`
      -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.0.2.9:80
      -A POSTROUTING -p tcp -s 10.0.1.3 -j SNAT --to-source 10.0.2.1`)
    expect(seen(bench.send(tcp(CLIENT, 1000, '10.0.1.1', 8080)))).toBe('10.0.1.2:1000 > 10.0.2.9:80')
    expect(seen(bench.send(tcp(SERVER, 80, CLIENT, 1000, 'SA', [0, 1])))).toBe(
      '10.0.1.1:8080 > 10.0.1.2:1000',
    )
    expect(seen(bench.send(tcp(OTHER, 1000, '10.0.1.1', 8080)))).toBe('10.0.2.1:1000 > 10.0.2.9:80')
    expect(seen(bench.send(tcp(SERVER, 80, '10.0.2.1', 1000, 'SA', [0, 1])))).toBe(
      '10.0.1.1:8080 > 10.0.1.3:1000',
    )
    expect(statuses(bench)).toEqual(['1aa', '1ba'])
  })

  test('of IPv6', () => {
    const bench = nat('-A POSTROUTING -j SNAT --to-source fd00:2::77', { family: 'ipv6' })
    expect(seen(bench.send(tcp('fd00:1::2', 1000, 'fd00:2::9', 80)))).toBe('fd00:2::77:1000 > fd00:2::9:80')
    expect(seen(bench.send(tcp('fd00:2::9', 80, 'fd00:2::77', 1000, 'SA', [0, 1])))).toBe(
      'fd00:2::9:80 > fd00:1::2:1000',
    )
    expect(entries(bench)).toEqual(['fd00:1::2:1000 > fd00:2::9:80, fd00:2::9:80 > fd00:2::77:1000'])
    bench.wait(500)
    bench.send(udp('fd00:1::3', 1, 'fd00:2::9', 1))
    expect(entries(bench)).toHaveLength(1)
    expect(bench.tracker.table.addresses.limit).toBe(2)
  })

  test('of an echo: the identifier is changed where it is taken', () => {
    const bench = nat('-A POSTROUTING -j SNAT --to-source 192.0.2.77')
    const ping = (source: string, id = 7): PacketPlan => ({
      source,
      destination: SERVER,
      icmp: { type: 8, id },
    })
    expect(seen(bench.send(ping(CLIENT)))).toBe('192.0.2.77:7 > 10.0.2.9:7')
    const other = bench.send(ping(OTHER)).packet.icmpId
    expect(other).not.toBe(7)
    const pong = { source: SERVER, destination: '192.0.2.77', icmp: { type: 0, id: other } }
    expect(seen(bench.send(pong))).toBe('10.0.2.9:7 > 10.0.1.3:7')
  })

  test('goes with its entry, both of its tuples', () => {
    const bench = nat('-A POSTROUTING -j SNAT --to-source 192.0.2.77')
    bench.send(udp(CLIENT, 1000, SERVER, 53))
    bench.wait(31)
    expect(bench.send(udp(SERVER, 53, '192.0.2.77', 1000)).ctstate).toBe('NEW')
    const { table } = bench.tracker
    expect(table.translations.count).toBe(1)
    expect(bench.send(udp(CLIENT, 1000, SERVER, 53)).packet.sourcePort).not.toBe(1000)
  })

  test('still holds for the packet that ends the connection', () => {
    const bench = nat('-A POSTROUTING -j SNAT --to-source 192.0.2.77')
    bench.send(tcp(CLIENT, 1000, SERVER, 80))
    expect(seen(bench.send(tcp(SERVER, 80, '192.0.2.77', 1000, 'RA', [0, 1])))).toBe(
      '10.0.2.9:80 > 10.0.1.2:1000',
    )
    expect(entries(bench)).toEqual([])
  })

  test('is not made for what is confirmed already, INVALID or untracked', () => {
    const bench = new RuleBench({
      rules: `
        *raw
        -A PREROUTING -s 10.0.1.3 -j NOTRACK
        COMMIT
        *nat
        -A POSTROUTING -j SNAT --to-source 192.0.2.77
        COMMIT`,
    })
    expect(seen(bench.send(udp(OTHER, 1000, SERVER, 53)))).toBe('10.0.1.3:1000 > 10.0.2.9:53')
    const flags = tcp(CLIENT, 1000, SERVER, 80, 'SF')
    expect(bench.send(flags).ctstate).toBe('INVALID')
    expect(bench.counts('nat', 'POSTROUTING')).toEqual([0, 0])
  })
})

describe('without a rule', () => {
  test('a connection keeps its ends, and is asked once', () => {
    const bench = nat('-A POSTROUTING -s 192.0.2.0/24 -j SNAT --to-source 192.0.2.77')
    bench.send(udp(CLIENT, 1000, SERVER, 53))
    expect(seen(bench.send(udp(CLIENT, 1000, SERVER, 53)))).toBe('10.0.1.2:1000 > 10.0.2.9:53')
    expect(statuses(bench)).toEqual(['188'])
    expect(bench.counts('nat', 'POSTROUTING')).toEqual([0, 1])
  })

  test('a port that a translated connection has taken is changed all the same', () => {
    const bench = nat('-A POSTROUTING -s 10.0.1.2 -j SNAT --to-source 10.0.1.3')
    bench.send(udp(CLIENT, 1000, SERVER, 53))
    const { packet } = bench.send(udp(OTHER, 1000, SERVER, 53))
    expect(packet.sourcePort).not.toBe(1000)
    expect(statuses(bench)).toEqual(['198', '198'])
    // Linux asks once for the destination, and for the source before and behind choosing its address.
    expect(bench.tracker.statistics.found).toBe(3)
  })
})

describe('the port', () => {
  const bench = (ports = '') => nat(`-A POSTROUTING -p udp -j SNAT --to-source 192.0.2.77${ports}`)

  test.each([
    [100, 1, 511],
    [511, 1, 511],
    [512, 600, 1023],
    [1023, 600, 1023],
    [1024, 1024, 65535],
    [30000, 1024, 65535],
  ])('%i that is taken: another one of %i to %i', (port, from, to) => {
    const one = bench()
    one.send(udp(CLIENT, port, SERVER, 53))
    for (let i = 3; i < 100; i++) {
      const { sourcePort } = one.send(udp(`10.0.1.${i}`, port, SERVER, 53)).packet
      expect(sourcePort).not.toBe(port)
      expect(sourcePort).toBeGreaterThanOrEqual(from)
      expect(sourcePort).toBeLessThanOrEqual(to)
    }
    expect(new Set(entries(one)).size).toBe(98)
  })

  test('outside of the range of the rule is brought into it; inside it stays', () => {
    expect(bench(':2000-2003').send(udp(CLIENT, 2002, SERVER, 53)).packet.sourcePort).toBe(2002)
    const { sourcePort } = bench(':2000-2003').send(udp(CLIENT, 1999, SERVER, 53)).packet
    expect([2000, 2001, 2002, 2003]).toContain(sourcePort)
  })

  test('of which none is free: what is confirmed last is dropped', () => {
    const one = bench(':2000-2001')
    for (const last of [2, 3])
      expect(one.send(udp(`10.0.1.${last}`, 1000, SERVER, 53)).verdict).toBe('ACCEPT')
    expect(seen(one.send(udp('10.0.1.4', 1000, SERVER, 53)))).toBe('DROP clash')
    expect(entries(one)).toHaveLength(2)
    expect(one.tracker.statistics).toMatchObject({ drop: 1, insertFailed: 1 })
    // To another server the ports are free.
    expect(one.send(udp('10.0.1.4', 1000, '10.0.2.10', 53)).verdict).toBe('ACCEPT')
  })

  test('of one client socket is the same for whomever it talks to', () => {
    const one = bench(':2000-65535')
    const first = one.send(udp(CLIENT, 1000, SERVER, 53)).packet.sourcePort
    for (let last = 10; last < 40; last++)
      expect(one.send(udp(CLIENT, 1000, `10.0.2.${last}`, 53)).packet.sourcePort).toBe(first)
    expect(one.send(udp(CLIENT, 1001, SERVER, 53)).packet.sourcePort).not.toBe(first)
  })

  test('of a destination: the first of the range, or as far from it as from the base', () => {
    const first = nat('-A PREROUTING -p udp -j DNAT --to-destination 10.0.2.9:5000-5009')
    expect(first.send(udp(CLIENT, 1, '10.0.1.1', 80)).packet.destinationPort).toBe(5000)
    expect(first.send(udp(CLIENT, 1, '10.0.1.1', 5003)).packet.destinationPort).toBe(5003)
    const based = nat('-A PREROUTING -p udp -j DNAT --to-destination 10.0.2.9:5000-5009/80')
    expect(based.send(udp(CLIENT, 1, '10.0.1.1', 83)).packet.destinationPort).toBe(5003)
    expect(based.send(udp(CLIENT, 1, '10.0.1.1', 91)).packet.destinationPort).toBe(5001)
  })

  test('of a destination without a range is never changed', () => {
    const one = nat('-A PREROUTING -p udp -j DNAT --to-destination 10.0.2.9')
    one.send(udp(CLIENT, 1000, '10.0.1.1', 53))
    // Another port of the source makes way for the first connection.
    const { packet } = one.send(udp(CLIENT, 1000, '10.0.1.9', 53))
    expect(packet.destinationPort).toBe(53)
    expect(packet.sourcePort).not.toBe(1000)
  })

  test('of a connection that is over is given to the next one that has the right sequence number', () => {
    const one = nat('-A POSTROUTING -p tcp -j SNAT --to-source 192.0.2.77:2000')
    const back = (flags: string, numbers: readonly [number, number]) =>
      one.send(tcp(SERVER, 80, '192.0.2.77', 2000, flags, numbers))
    one.send(tcp(CLIENT, 1000, SERVER, 80, 'S', [100, 0]))
    back('SA', [500, 101])
    one.send(tcp(CLIENT, 1000, SERVER, 80, 'FA', [101, 501]))
    // A single port is taken without a look whether it is free.
    expect(seen(one.send(tcp(OTHER, 1000, SERVER, 80, 'S', [5000, 0])))).toBe('DROP clash')
    const range = nat('-A POSTROUTING -p tcp -j SNAT --to-source 192.0.2.77:2000-2001')
    for (const client of ['10.0.1.2', '10.0.1.3']) {
      const syn = range.send(tcp(client, 1000, SERVER, 80, 'S', [100, 0]))
      const port = syn.packet.sourcePort
      range.send(tcp(SERVER, 80, '192.0.2.77', port, 'SA', [500, 101]))
      range.send(tcp(client, 1000, SERVER, 80, 'FA', [101, 501]))
      range.send(tcp(SERVER, 80, '192.0.2.77', port, 'FA', [501, 102]))
      range.send(tcp(client, 1000, SERVER, 80, 'A', [102, 502]))
    }
    expect(seen(range.send(tcp('10.0.1.4', 1000, SERVER, 80, 'S', [101, 0])))).toBe('DROP clash')
    expect(range.send(tcp('10.0.1.4', 1000, SERVER, 80, 'S', [102, 0])).verdict).toBe('ACCEPT')
    expect(entries(range)).toHaveLength(2)
  })
})

describe('several addresses: Linux’s own choice', () => {
  // Measured: conntrack -L behind one packet each.
  test.each([
    ['ipv4', 'SNAT --to-source 10.0.2.64-10.0.2.95', '10.0.1.2', '10.0.2.9', '10.0.2.87'],
    ['ipv4', 'SNAT --to-source 10.0.2.64-10.0.2.95', '10.0.1.3', '10.0.2.9', '10.0.2.81'],
    ['ipv4', 'SNAT --to-source 10.0.2.64-10.0.2.95 --persistent', '10.0.1.2', '10.0.2.9', '10.0.2.94'],
    ['ipv4', 'SNAT --to-source 10.0.2.64-10.0.2.95 --persistent', '10.0.1.3', '10.0.2.9', '10.0.2.85'],
    ['ipv6', 'SNAT --to-source fd00:2::64-fd00:2::1:95', 'fd00:1::2', 'fd00:2::9', 'fd00:2::dd50'],
    [
      'ipv6',
      'SNAT --to-source fd00:2:0:1::64-fd00:2:0:9::95',
      'fd00:1::3',
      'fd00:2::9',
      'fd00:2:0:6:9ab1:3b69:9ab1:3b69',
    ],
  ] as const)('%s %s: %s to %s leaves as %s', (family, target, source, destination, expected) => {
    const bench = nat(`-A POSTROUTING -j ${target}`, { family })
    expect(seen(bench.send(udp(source, 1000, destination, 53)))).toBe(`${expected}:1000 > ${destination}:53`)
  })

  test.each([
    ['ipv4', '10.0.2.2-10.0.2.9', '10.0.1.2', '10.0.2.90', '10.0.2.3'],
    ['ipv4', '10.0.2.2-10.0.2.9', '10.0.1.3', '10.0.2.91', '10.0.2.7'],
    // The range ends ahead of its start.
    ['ipv4', '10.0.2.9-10.0.2.2', '10.0.1.2', '10.0.2.90', '62.26.53.129'],
    ['ipv6', 'fd00:2::2-fd00:2::9', 'fd00:1::2', 'fd00:2::90', 'fd00:2::5'],
  ] as const)('%s DNAT to %s: %s to %s goes to %s', (family, range, source, destination, expected) => {
    const bench = nat(`-A PREROUTING -j DNAT --to-destination ${range}`, { family })
    expect(seen(bench.send(udp(source, 1000, destination, 53)))).toBe(`${source}:1000 > ${expected}:53`)
  })
})

describe('MASQUERADE', () => {
  test('takes the address of the interface that fits the next hop', () => {
    const bench = nat('-A POSTROUTING -j MASQUERADE', { host: router() })
    expect(seen(bench.send(udp(CLIENT, 1000, SERVER, 53)))).toBe('10.0.2.1:1000 > 10.0.2.9:53')
    const six = nat('-A POSTROUTING -j MASQUERADE', { host: router(), family: 'ipv6' })
    expect(seen(six.send(udp('fd00:1::2', 1000, 'fd00:9::9', 53)))).toBe('fd00:2::1:1000 > fd00:9::9:53')
  })

  test('an interface without an address: that of another; where there is none, the packet is dropped', () => {
    const host = router()
    const bench = nat('-A POSTROUTING -j MASQUERADE', { host })
    host.interfaces.numberOf('bare0')
    expect(seen(bench.send(udp(CLIENT, 1000, SERVER, 53)))).toBe('10.0.2.1:1000 > 10.0.2.9:53')
    const none = nat('-A POSTROUTING -j MASQUERADE')
    expect(seen(none.send(udp(CLIENT, 1000, SERVER, 53)))).toBe('DROP nat POSTROUTING 1')
    expect(entries(none)).toEqual([])
  })

  test('leaves a source of 0.0.0.0 alone', () => {
    const bench = nat('-A POSTROUTING -j MASQUERADE', { host: router() })
    expect(seen(bench.send(udp('0.0.0.0', 68, '255.255.255.255', 67)))).toBe(
      '0.0.0.0:68 > 255.255.255.255:67',
    )
  })

  test('ties the connection to the interface: by another one its next packet ends it', () => {
    class Switch extends FixedWay {
      out = 0
      override route(passage: Passage): number {
        passage.outInterface = this.out
        return HOOK_FORWARD
      }
    }
    const host = router()
    const way = new Switch(HOOK_FORWARD, host.interfaces.numberOf('in0'), 0)
    way.out = host.interfaces.numberOf('out0')
    const bench = nat('-A POSTROUTING -j MASQUERADE', { host, way })
    bench.send(udp(CLIENT, 1000, SERVER, 53))
    bench.send(udp('10.0.2.1', 1000, SERVER, 53))
    way.out = host.interfaces.numberOf('in0')
    // Whether or not its source was changed.
    for (const [source, left] of [
      [CLIENT, 1],
      ['10.0.2.1', 0],
    ] as const) {
      const { verdict, decidedBy } = bench.send(udp(source, 1000, SERVER, 53))
      expect([verdict, decidedBy]).toEqual(['DROP', null])
      expect(entries(bench)).toHaveLength(left)
    }
    expect(bench.tracker.table.translations.count).toBe(0)
  })
})

describe('REDIRECT', () => {
  test('goes to the first address of the interface that the packet came in by, or to the loopback', () => {
    const host = router()
    const bench = nat('-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080', { host })
    expect(seen(bench.send(tcp(CLIENT, 1000, SERVER, 80)))).toBe('10.0.1.2:1000 > 10.0.1.1:8080')
    expect(seen(bench.send(tcp('10.0.1.1', 8080, CLIENT, 1000, 'SA', [0, 1])))).toBe(
      '10.0.2.9:80 > 10.0.1.2:1000',
    )
    const own = nat('-A OUTPUT -p udp -j REDIRECT', { hook: 'OUTPUT', host: router() })
    expect(seen(own.send(udp('10.0.2.1', 1000, SERVER, 53)))).toBe('10.0.2.1:1000 > 127.0.0.1:53')
    const six = nat('-A OUTPUT -p udp -j REDIRECT', { hook: 'OUTPUT', family: 'ipv6', host: router() })
    expect(seen(six.send(udp('fd00:2::1', 1000, 'fd00:2::9', 53)))).toBe('fd00:2::1:1000 > ::1:53')
  })

  test('an interface without an address drops the packet', () => {
    const bench = nat('-A PREROUTING -p tcp -j REDIRECT')
    expect(seen(bench.send(tcp(CLIENT, 1000, SERVER, 80)))).toBe('DROP nat PREROUTING 1')
  })
})

describe('NETMAP', () => {
  test('keeps the host part: of the destination, and of the source', () => {
    const bench = nat(`
      -A PREROUTING -d 10.0.1.0/24 -j NETMAP --to 10.0.2.0/24
      -A POSTROUTING -s 10.0.1.0/24 -j NETMAP --to 192.0.2.0/28`)
    expect(seen(bench.send(udp('10.0.1.33', 1000, '10.0.1.9', 53)))).toBe('192.0.2.1:1000 > 10.0.2.9:53')
    expect(seen(bench.send(udp('10.0.2.9', 53, '192.0.2.1', 1000)))).toBe('10.0.1.9:53 > 10.0.1.33:1000')
    const six = nat('-A PREROUTING -j NETMAP --to fd00:9::/64', { family: 'ipv6' })
    expect(seen(six.send(udp('fd00:1::2', 1000, 'fd00:2::1:2:3', 53)))).toBe(
      'fd00:1::2:1000 > fd00:9::1:2:3:53',
    )
  })
})

describe('an ICMP error', () => {
  /** The last packet as it left, one hop further on. */
  const left = ({ firewall }: RuleBench, { length }: Uint8Array) =>
    firewall.passage.writable().bytes.slice(0, length)
  const quoted = (plan: PacketPlan) => buildPacket(plan).subarray(0, 28)

  test('about a translated source is translated inside and out', () => {
    const bench = nat('-A POSTROUTING -p udp -j SNAT --to-source 192.0.2.77:2000')
    bench.send(udp(CLIENT, 1000, SERVER, 53))
    const payload = quoted(udp('192.0.2.77', 2000, SERVER, 53))
    const { ctstate } = bench.send({
      source: '10.0.9.9',
      destination: '192.0.2.77',
      icmp: { type: 11, payload },
    })
    expect(ctstate).toBe('RELATED')
    const after = buildPacket({
      source: '10.0.9.9',
      destination: CLIENT,
      ttl: 63,
      icmp: { type: 11, payload: quoted(udp(CLIENT, 1000, SERVER, 53)) },
    })
    expect(left(bench, after)).toEqual(after)
  })

  test('about a translated destination seems to come from there', () => {
    const bench = nat('-A PREROUTING -p udp -j DNAT --to-destination 10.0.2.9:5300')
    bench.send(udp(CLIENT, 1000, '10.0.1.1', 53))
    bench.send({
      source: SERVER,
      destination: CLIENT,
      icmp: { type: 3, code: 3, payload: quoted(udp(CLIENT, 1000, SERVER, 5300)) },
    })
    const after = buildPacket({
      source: '10.0.1.1',
      destination: CLIENT,
      ttl: 63,
      icmp: { type: 3, code: 3, payload: quoted(udp(CLIENT, 1000, '10.0.1.1', 53)) },
    })
    expect(left(bench, after)).toEqual(after)
  })

  test('that redirects a translated connection is dropped, another one is not', () => {
    const bench = nat('-A POSTROUTING -s 10.0.1.2 -j SNAT --to-source 192.0.2.77')
    bench.send(udp(CLIENT, 1000, SERVER, 53))
    bench.send(udp(OTHER, 1000, SERVER, 53))
    const redirect = (to: string): PacketPlan => ({
      source: '10.0.9.9',
      destination: to,
      icmp: { type: 5, code: 1, payload: quoted(udp(to, 1000, SERVER, 53)) },
    })
    expect(bench.send(redirect('192.0.2.77')).verdict).toBe('DROP')
    expect(bench.send(redirect(OTHER)).verdict).toBe('ACCEPT')
  })
})
