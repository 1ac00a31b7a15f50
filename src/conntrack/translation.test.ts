import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../packet/packet.ts'
import { DEADLINE, PROTOCOL_IPV6_BIT, STATUS } from './entry.ts'
import { ORIGINAL, REPLY, STATUS_DST_NAT, STATUS_SRC_NAT } from './status.ts'
import { StateTable } from './table.ts'
import { inverseParts, Tuple } from './tuple.ts'

const newTable = () => new StateTable((words) => words.fill(0x9e3779b9))

interface Flow {
  readonly ipv6: boolean
  readonly protocol: number
  readonly source: number
  readonly sourcePort: number
  readonly destination: number
  readonly destinationPort: number
}

function tupleOf(table: StateTable, flow: Flow): Tuple {
  const tuple = new Tuple()
  tuple.addresses[0] = flow.source
  tuple.addresses[4] = flow.destination
  if (flow.ipv6) tuple.addresses.set([1, 2, flow.source], 1)
  if (flow.ipv6) tuple.addresses.set([3, 4, flow.destination], 5)
  tuple.protocol = flow.protocol | (flow.ipv6 ? PROTOCOL_IPV6_BIT : 0)
  tuple.ports = (flow.sourcePort << 16) | flow.destinationPort
  tuple.inversePorts = inverseParts(tuple.ports, tuple.protocol)
  tuple.computeHash(table.flowHash)
  return tuple
}

const small = fc.integer({ min: 1, max: 3 })
const anyFlow = (ipv6: boolean): fc.Arbitrary<Flow> =>
  fc.record({
    ipv6: fc.constant(ipv6),
    protocol: fc.constantFrom(PROTOCOL_TCP, PROTOCOL_UDP),
    source: small,
    sourcePort: small,
    destination: small,
    destinationPort: small,
  })
const anyEntry = fc.boolean().chain((ipv6) =>
  fc.record({
    original: anyFlow(ipv6),
    reply: anyFlow(ipv6),
    bits: fc.constantFrom(0, STATUS_SRC_NAT, STATUS_DST_NAT, STATUS_SRC_NAT | STATUS_DST_NAT),
    tied: fc.constantFrom(0, 7),
    victim: fc.nat(),
    remove: fc.boolean(),
  }),
)

const key = ({ addresses, ports, protocol }: Tuple) => `${[...addresses]} ${ports} ${protocol}`

test('both tuples of an entry lead to it as long as it lives, and the youngest of a source comes first', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 60 }), (steps) => {
      const table = newTable()
      const byTuple = new Map<string, string>()
      const living: { number: number; original: Tuple; reply: Tuple; bits: number; tied: number }[] = []
      for (const { original: from, reply: back, bits, tied, victim, remove } of steps) {
        if (remove && living.length > 0) {
          const [gone] = living.splice(victim % living.length, 1)
          table.remove(gone!.number)
          byTuple.delete(key(gone!.original))
          byTuple.delete(key(gone!.reply))
        }
        const original = tupleOf(table, from)
        const reply = bits === 0 ? new Tuple() : tupleOf(table, { ...back, protocol: from.protocol })
        if (bits === 0) reply.invert(original)
        if (byTuple.has(key(original)) || byTuple.has(key(reply)) || key(original) === key(reply)) continue
        const number = table.create(original)
        const words = table.words(number)
        const at = table.at(number)
        words[at + DEADLINE] = 1000
        if (tied !== 0) table.setMasqueradeInterface(number, tied)
        if (bits !== 0) table.setReply(number, reply)
        words[at + STATUS]! |= bits
        table.confirm(number, original.hash, 0)
        byTuple.set(key(original), `${number} ${ORIGINAL}`)
        byTuple.set(key(reply), `${number} ${REPLY}`)
        living.push({ number, original, reply, bits, tied })
      }
      const read = new Tuple()
      for (const { number, original, reply, tied } of living) {
        for (const [direction, tuple] of [original, reply].entries()) {
          expect(table.lookup(tuple)).toBe(number * 2 + direction)
          table.readTuple(number, direction, read)
          expect(key(read)).toBe(key(tuple))
        }
        expect(table.masqueradeInterface(number)).toBe(tied)
        const translated = living.filter(
          ({ original: o, bits }) =>
            (bits & STATUS_SRC_NAT) !== 0 &&
            o.protocol === original.protocol &&
            o.ports >>> 16 === original.ports >>> 16 &&
            o.addresses.subarray(0, 4).join() === original.addresses.subarray(0, 4).join(),
        )
        const listed: number[] = []
        let next = table.translations.firstOfSource(original)
        for (; next >= 0; next = table.translations.nextOfSource(next)) listed.push(next)
        expect(listed).toEqual(translated.map((one) => one.number).reverse())
      }
      expect(table.translations.count).toBe(
        living.filter(({ bits, tied }) => bits !== 0 || tied !== 0).length,
      )
      for (const { number } of living) table.remove(number)
      expect(table.translations.count).toBe(0)
      expect(table.count).toBe(0)
    }),
  )
})

test('an entry that was removed can still be read', () => {
  for (const ipv6 of [false, true]) {
    const table = newTable()
    const flow = {
      ipv6,
      protocol: PROTOCOL_TCP,
      source: 1,
      sourcePort: 2,
      destination: 3,
      destinationPort: 4,
    }
    const original = tupleOf(table, flow)
    const reply = tupleOf(table, { ...flow, source: 9 })
    const number = table.create(original)
    table.setReply(number, reply)
    table.words(number)[table.at(number) + STATUS]! |= STATUS_DST_NAT
    table.confirm(number, original.hash, 0)
    const status = table.words(number)[table.at(number) + STATUS]!
    table.remove(number)
    const read = new Tuple()
    table.readTuple(number, ORIGINAL, read, status)
    expect(key(read)).toBe(key(original))
    table.readTuple(number, REPLY, read, status)
    expect(key(read)).toBe(key(reply))
  }
})
