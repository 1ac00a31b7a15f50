/** What Linux answered to the same rules and packets. */
import { describe, expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { TargetBench } from '../../test/support/target-bench.ts'
import { subscribe } from '../conntrack/subscribe.ts'
import { tableOf } from '../conntrack/view-entry.ts'
import { NotEvaluated } from '../hook/environment.ts'

const udp = {
  source: '10.0.1.2',
  destination: '10.0.2.2',
  udp: { sourcePort: 1, destinationPort: 2 },
} as const
const reply = {
  source: '10.0.2.2',
  destination: '10.0.1.2',
  udp: { sourcePort: 2, destinationPort: 1 },
} as const

/** States of a datagram, and of its answer; then the zones of the entries. */
function zones(rules: string): string {
  const bench = new RuleBench({ rules: `*raw\n${rules}\nCOMMIT` })
  const states = [bench.send(udp).ctstate, bench.send(reply).ctstate]
  const found = [...tableOf(bench.tracker)].map((entry) => `${entry.zoneOriginal}/${entry.zoneReply}`)
  return `${states.join(' ')} | ${found.join(' ')}`
}

describe('zones', () => {
  test('of both directions', () => {
    expect(zones('-A PREROUTING -j CT --zone 5')).toBe('NEW ESTABLISHED | 5/5')
    expect(zones('-A PREROUTING -s 10.0.1.2 -j CT --zone 5')).toBe('NEW NEW | 5/5 0/0')
  })

  test('of one direction', () => {
    expect(zones('-A PREROUTING -s 10.0.1.2 -j CT --zone-orig 5')).toBe('NEW ESTABLISHED | 5/0')
    expect(zones('-A PREROUTING -j CT --zone-orig 5')).toBe('NEW ESTABLISHED | 5/0')
    expect(zones('-A PREROUTING -j CT --zone-reply 5')).toBe('NEW ESTABLISHED | 0/5')
  })

  test('by the mark that the packet has behind the raw table', () => {
    const mark = '-A PREROUTING -s 10.0.1.2 -j MARK --set-mark 0x12345'
    expect(zones(`-A PREROUTING -s 10.0.1.2 -j CT --zone mark\n${mark}`)).toBe('NEW NEW | 9029/9029 0/0')
    expect(zones(`-A PREROUTING -j CT --zone-orig mark\n${mark}`)).toBe('NEW ESTABLISHED | 9029/0')
  })

  test('the first of CT and NOTRACK counts', () => {
    expect(zones('-A PREROUTING -j CT --zone 5\n-A PREROUTING -j NOTRACK')).toBe('NEW ESTABLISHED | 5/5')
    expect(zones('-A PREROUTING -j CT\n-A PREROUTING -j NOTRACK')).toBe('NEW ESTABLISHED | 0/0')
    expect(zones('-A PREROUTING -j CT\n-A PREROUTING -j CT --zone 6')).toBe('NEW ESTABLISHED | 0/0')
    expect(zones('-A PREROUTING -j CT --notrack\n-A PREROUTING -j CT --zone 6')).toBe(
      'UNTRACKED UNTRACKED | ',
    )
    expect(zones('-A PREROUTING -j NOTRACK')).toBe('UNTRACKED UNTRACKED | ')
  })
})

test('a new connection gets the helper, one that is there already does not', () => {
  const rule = '-A PREROUTING -p tcp --dport 21 -j CT --helper ftp'
  const helperOf = (rules: string) => {
    const bench = new RuleBench({ rules: `*raw\n${rules}\nCOMMIT` })
    bench.send({
      source: udp.source,
      destination: udp.destination,
      tcp: { sourcePort: 9, destinationPort: 21, flags: 'S' },
    })
    return [...tableOf(bench.tracker)].map(({ helper, status }) => `${helper} ${status & 0x2000}`)
  }
  expect(helperOf(rule)).toEqual(['ftp 8192'])
  expect(helperOf(`-A PREROUTING -j CT\n${rule}`)).toEqual(['null 0'])
})

/** Types of the events of a handshake, a mark and an expiry, while only some are told. */
function told(events: string, sysctls: Readonly<Record<string, number>> = {}): string[] {
  const bench = new RuleBench({
    rules: `*raw\n-A PREROUTING -j CT --ctevents ${events}\nCOMMIT
      *mangle\n-A FORWARD -m tcp -p tcp --tcp-flags PSH PSH -j CONNMARK --set-mark 9\nCOMMIT`,
    sysctls,
  })
  const types: string[] = []
  subscribe(bench.tracker, ({ type, entry }) => types.push(`${type} ${entry.state}`))
  const { source, destination } = udp
  const ports = { sourcePort: 9, destinationPort: 80 }
  bench.send({ source, destination, tcp: { ...ports, flags: 'S', sequence: 100 } })
  const back = { sourcePort: 80, destinationPort: 9, flags: 'SA', sequence: 500, acknowledgment: 101 }
  bench.send({ source: destination, destination: source, tcp: back })
  bench.send({ source, destination, tcp: { ...ports, flags: 'A', sequence: 101, acknowledgment: 501 } })
  bench.send({ source, destination, tcp: { ...ports, flags: 'PA', sequence: 101, acknowledgment: 501 } })
  bench.wait(500_000)
  bench.send({ source: '10.9.9.9', destination, udp: udp.udp })
  return types.filter((type) => !type.endsWith('null'))
}

test('only the chosen events are told; a new connection is told for any of its own', () => {
  expect(told('new')).toEqual(['new SYN_SENT'])
  expect(told('destroy')).toEqual(['destroy ESTABLISHED'])
  expect(told('reply')).toEqual(['update SYN_RECV'])
  expect(told('assured')).toEqual(['update ESTABLISHED'])
  expect(told('protoinfo')).toEqual(['new SYN_SENT', 'update SYN_RECV', 'update ESTABLISHED'])
  expect(told('mark')).toEqual(['update ESTABLISHED'])
  expect(told('helper')).toEqual([])
})

test('chosen events are told although nf_conntrack_events says none', () => {
  expect(told('new,destroy', { nf_conntrack_events: 0 })).toEqual(['new SYN_SENT', 'destroy ESTABLISHED'])
})

test('what is not there is refused by name', () => {
  const rule = (text: string) => () => new TargetBench(text, { table: 'raw', chain: 'PREROUTING' })
  expect(rule('-p tcp -j CT --helper irc')).toThrow(NotEvaluated)
  expect(rule('-p tcp -j CT --timeout short')).toThrow('the timeout policy short is not known')
})

describe('what the rules behind it in table raw see of the template', () => {
  /** How often each rule took two packets. */
  function taken(...conditions: string[]): number[] {
    const rules = conditions.map((condition) => `-A PREROUTING ${condition}`)
    const bench = new RuleBench({ rules: ['*raw', '-A PREROUTING -j CT', ...rules, 'COMMIT'].join('\n') })
    for (const packet of [udp, udp]) bench.send(packet)
    return bench.counts('raw', 'PREROUTING').slice(1, -1)
  }

  test('it is NEW and confirmed, its tuples and its lifetime are zeros', () => {
    const seen = ['--ctstate NEW', '! --ctstate SNAT,DNAT', '--ctstatus CONFIRMED', '! --ctstatus NONE']
    const zeros = ['--ctexpire 0', '--ctdir ORIGINAL', '! --ctproto 17', '--ctorigsrc 0.0.0.0/32']
    const ports = ['--ctorigdstport 0', '--ctreplsrcport 0']
    const all = [...seen, ...zeros, ...ports].map((option) => `-m conntrack ${option}`)
    expect(taken(...all, '-m state --state NEW')).toEqual(Array(11).fill(2))
  })

  test('and nothing else', () => {
    const states = [
      '--ctstate INVALID',
      '--ctstate SNAT,DNAT',
      '--ctstatus SEEN_REPLY,ASSURED',
      '--ctstatus NONE',
    ]
    const others = [
      '--ctexpire 1:',
      '--ctdir REPLY',
      '--ctproto 17',
      '--ctorigsrc 10.0.0.0/8',
      '--ctorigdstport 1:',
    ]
    const all = [...states, ...others].map((option) => `-m conntrack ${option}`)
    expect(taken(...all, '-m helper --helper ""')).toEqual(Array(10).fill(0))
  })

  test('its mark is the rule’s: what one packet leaves there, the next one finds; the entry gets none of it', () => {
    const marks = ['-m connmark --mark 0', '-j CONNMARK --set-mark 7', '-j CONNMARK --restore-mark']
    expect(taken(...marks, '-m mark --mark 7', '-m connmark ! --mark 7')).toEqual([1, 2, 2, 2, 0])
  })
})
