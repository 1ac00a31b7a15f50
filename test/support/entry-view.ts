/** Entries for tests of what reads and prints the table. */
import fc from 'fast-check'
import {
  STATUS_ASSURED,
  STATUS_CONFIRMED,
  STATUS_DST_NAT,
  STATUS_DST_NAT_DONE,
  STATUS_HELPER,
  STATUS_SEEN_REPLY,
  STATUS_SRC_NAT,
  STATUS_SRC_NAT_DONE,
} from '../../src/conntrack/status.ts'
import type { EntryView, TupleView } from '../../src/conntrack/view.ts'
import { formatIPv4, formatIPv6 } from '../../src/packet/address.ts'

/** An established TCP connection from 10.0.1.2:40000 to port 80 of 10.0.2.2, or what the changes make of it. */
export function entryView(changes: Partial<EntryView> = {}): EntryView {
  return {
    family: 'ipv4',
    protocol: 6,
    state: 'ESTABLISHED',
    timeout: 431999,
    original: { source: '10.0.1.2', destination: '10.0.2.2', sourcePort: 40000, destinationPort: 80 },
    reply: { source: '10.0.2.2', destination: '10.0.1.2', sourcePort: 80, destinationPort: 40000 },
    status: STATUS_CONFIRMED | STATUS_SEEN_REPLY | STATUS_ASSURED,
    mark: 0,
    zoneOriginal: 0,
    zoneReply: 0,
    counters: null,
    start: null,
    stop: null,
    deltaTime: null,
    helper: null,
    gre: null,
    use: 1,
    id: 1461739078,
    ...changes,
  }
}

const TCP = 'NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE SYN_SENT2'.split(
  ' ',
)
const SCTP =
  'NONE CLOSED COOKIE_WAIT COOKIE_ECHOED ESTABLISHED SHUTDOWN_SENT SHUTDOWN_RECD SHUTDOWN_ACK_SENT HEARTBEAT_SENT'.split(
    ' ',
  )

const word32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const ipv4 = word32.map(formatIPv4)
// Zero words often, so that `::` stands everywhere.
const ipv6 = fc
  .tuple(...([0, 1, 2, 3] as const).map(() => fc.oneof(fc.constant(0), fc.constant(0xffff), word32)))
  .map(([a, b, c, d]) => formatIPv6(a!, b!, c!, d!))
const port = fc.nat(0xffff)
const unsigned = fc.nat(0xffffffff)
const counter = fc.record({ packets: fc.maxSafeNat(), bytes: fc.maxSafeNat() })

function parts(protocol: number): fc.Arbitrary<readonly [Partial<TupleView>, Partial<TupleView>]> {
  switch (protocol) {
    case 6:
    case 17:
    case 132:
    case 136:
      return fc.tuple(port, port).map(([a, b]) => [
        { sourcePort: a, destinationPort: b },
        { sourcePort: b, destinationPort: a },
      ])
    case 1:
    case 58:
      return fc.tuple(fc.nat(255), fc.nat(255), port).map(([type, code, id]) => [
        { type, code, id },
        { type: type ^ 8, code, id },
      ])
    case 47:
      return fc.tuple(port, port).map(([a, b]) => [
        { sourceKey: a, destinationKey: b },
        { sourceKey: b, destinationKey: a },
      ])
    default:
      return fc.constant([{}, {}])
  }
}

/** Any entry that the kernel could hold, living, with the status bits that its text shows. */
export const anyEntry: fc.Arbitrary<EntryView> = fc
  .record({
    family: fc.constantFrom('ipv4' as const, 'ipv6' as const),
    protocol: fc.oneof(fc.constantFrom(6, 17, 132, 136, 1, 58, 47, 50, 253), fc.constantFrom(6)),
    status: fc.constantFrom(0, STATUS_SEEN_REPLY, STATUS_ASSURED, STATUS_SEEN_REPLY | STATUS_ASSURED),
    helper: fc.option(fc.constantFrom('ftp', 'tftp', 'netbios-ns', 'Q.931')),
    zone: fc.constantFrom([0, 0], [5, 5], [65535, 0], [0, 7]),
    nat: fc.option(fc.tuple(fc.boolean(), fc.boolean())),
  })
  .chain(({ family, protocol, status, helper, zone, nat }) => {
    const address = family === 'ipv4' ? ipv4 : ipv6
    const states = protocol === 6 ? TCP : protocol === 132 ? SCTP : null
    return fc
      .record({
        state: states ? fc.constantFrom(...states) : fc.constant(null),
        timeout: unsigned,
        ends: fc.tuple(address, address, address, address),
        parts: parts(protocol),
        mark: unsigned,
        counters: fc.option(fc.record({ original: counter, reply: counter })),
        start: fc.option(fc.record({ seconds: fc.nat(4_000_000_000), nanoseconds: fc.nat(999_999_999) })),
        deltaTime: fc.option(unsigned),
        gre: fc.record({ timeout: unsigned, streamTimeout: unsigned }),
        use: fc.integer({ min: 1, max: 1000 }),
        id: unsigned,
      })
      .map(
        ({ ends: [source, destination, third, fourth], parts: [first, second], gre, ...rest }): EntryView => {
          const replySource = nat?.[0] ? third : destination
          const replyDestination = nat?.[1] ? fourth : source
          const destinationNat = replySource !== destination ? STATUS_DST_NAT : 0
          const sourceNat = replyDestination !== source ? STATUS_SRC_NAT : 0
          const done = destinationNat || sourceNat ? STATUS_SRC_NAT_DONE | STATUS_DST_NAT_DONE : 0
          return {
            family,
            protocol,
            ...rest,
            original: { source, destination, ...first },
            reply: { source: replySource, destination: replyDestination, ...second },
            status:
              STATUS_CONFIRMED |
              status |
              (helper === null ? 0 : STATUS_HELPER) |
              destinationNat |
              sourceNat |
              done,
            zoneOriginal: zone[0]!,
            zoneReply: zone[1]!,
            stop: null,
            helper,
            gre: protocol === 47 ? gre : null,
          }
        },
      )
  })
