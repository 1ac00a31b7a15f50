import { describe, expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import { Tracker } from '../conntrack/tracker.ts'
import { parseRuleset } from '../ruleset/parser.ts'
import { DECIDED_BY_HOTDROP } from './decision.ts'
import { extensions } from './extensions.ts'
import { Firewall } from './firewall.ts'

const syn = {
  source: '10.0.0.2',
  destination: '192.0.2.9',
  tcp: { sourcePort: 40_000, destinationPort: 80, flags: 'S' },
}

describe('the walk through a table', () => {
  test('the first rule that takes a packet decides, else the policy', () => {
    const bench = new RuleBench({
      rules: `
        *filter
        :FORWARD DROP [0:0]
        -A FORWARD -s 10.0.0.0/8 -d 192.0.2.1 -j ACCEPT
        -A FORWARD -s 10.0.0.0/8 -i in+ -o out0 -p tcp -m mark --mark 0 -j ACCEPT
        COMMIT`,
    })
    expect(bench.send(syn)).toMatchObject({
      verdict: 'ACCEPT',
      decidedBy: 'filter FORWARD 2',
      ctstate: 'NEW',
    })
    expect(bench.send({ ...syn, source: '11.0.0.2' })).toMatchObject({
      verdict: 'DROP',
      decidedBy: 'filter FORWARD policy',
    })
    expect(bench.counts('filter', 'FORWARD')).toEqual([0, 1, 1])
  })

  test('a dropped first packet leaves no entry', () => {
    const bench = new RuleBench({ rules: '-A FORWARD -j DROP' })
    bench.send(syn)
    expect(bench.tracker.table.count).toBe(0)
  })

  test('a goto returns to where its caller was called from', () => {
    const bench = new RuleBench({
      rules: `
        *filter
        :INPUT ACCEPT [0:0]
        :a - [0:0]
        :b - [0:0]
        -A INPUT -j a
        -A INPUT -j MARK --set-mark 1
        -A a -g b
        -A a -j MARK --set-mark 2
        -A b -s 1.2.3.4
        COMMIT`,
      hook: 'INPUT',
    })
    expect(bench.send(syn)).toMatchObject({ mark: 1, decidedBy: 'filter INPUT policy' })
    expect(bench.counts('filter', 'a')).toEqual([1, 0])
  })

  test('RETURN where nothing jumped from asks the policy', () => {
    const bench = new RuleBench({
      rules: `
        *filter
        :INPUT DROP [0:0]
        :c - [0:0]
        -A INPUT -g c
        -A INPUT -j ACCEPT
        -A c -j RETURN
        COMMIT`,
      hook: 'INPUT',
    })
    expect(bench.send(syn)).toMatchObject({ verdict: 'DROP', decidedBy: 'filter INPUT policy' })
    expect(bench.counts('filter', 'INPUT')).toEqual([1, 0, 1])
  })

  test('inverted conditions, and -f', () => {
    const bench = new RuleBench({
      rules: `
        -A FORWARD ! -s 10.0.0.2 -j DROP
        -A FORWARD ! -i in0 -j DROP
        -A FORWARD ! -o out+ -j DROP
        -A FORWARD ! -p tcp -j DROP
        -A FORWARD -f -j DROP
        -A FORWARD ! -f -j ACCEPT`,
    })
    expect(bench.send(syn).decidedBy).toBe('filter FORWARD 6')
  })

  test('ten thousand chains, each jumping to the next', () => {
    const chains = Array.from({ length: 10_000 }, (_, index) => index)
    const bench = new RuleBench({
      rules: [
        '*filter',
        ...chains.map((index) => `:c${index} - [0:0]`),
        '-A FORWARD -j c0',
        '-A FORWARD -j DROP',
        ...chains.slice(1).map((index) => `-A c${index - 1} -j c${index}`),
        'COMMIT',
      ].join('\n'),
    })
    expect(bench.send(syn).decidedBy).toBe('filter FORWARD 2')
  })
})

test('who listens hears of the ends of chains that packets came to, a goto’s too, and of none that RETURN left', () => {
  const bench = new RuleBench({
    rules: `
      *filter
      :a - [0:0]
      :b - [0:0]
      :c - [0:0]
      -A FORWARD -j a
      -A FORWARD -j b
      -A FORWARD -g c
      -A b -j RETURN
      COMMIT`,
  })
  const heard: string[] = []
  bench.firewall.listener = {
    onPacket() {},
    onRule: (chain, rule) => heard.push(`${chain.name} ${rule.number}`),
    onReturn: (from) => heard.push(`end of ${from.name}`),
    onPolicy: (chain) => heard.push(`policy of ${chain.name}`),
  }
  bench.send(syn)
  const forward = ['FORWARD 1', 'end of a', 'FORWARD 2', 'b 1', 'FORWARD 3', 'end of c', 'policy of FORWARD']
  expect(heard).toEqual(forward)
})

// As Linux counted and answered (do … while (!acpar.hotdrop) of ipt_do_table).
describe('a match that drops a packet and, inverted, takes it', () => {
  const broken = {
    source: '10.0.0.2',
    destination: '192.0.2.9',
    sctp: { sourcePort: 1, destinationPort: 2, chunks: [] },
  }
  const takes = '-p sctp -m sctp ! --chunk-types any DATA'

  test.each(['', '-j MARK --set-mark 1', '-j ACCEPT', '-j a', '-g a', '-j RETURN', '-j NFQUEUE'])(
    'the rule counts it, its target %j acts, and it is dropped',
    (target) => {
      const bench = new RuleBench({
        rules: `
          *filter
          :FORWARD ACCEPT [0:0]
          :a - [0:0]
          -A FORWARD ${takes} ${target}
          -A FORWARD -p sctp
          -A a
          COMMIT`,
      })
      expect(bench.send(broken)).toMatchObject({
        verdict: 'DROP',
        mark: target.includes('MARK') ? 1 : 0,
      })
      const { decision } = bench.firewall
      expect(decision.by).toBe(DECIDED_BY_HOTDROP)
      expect(decision.rule?.number).toBe(1)
      expect(bench.counts('filter', 'FORWARD')).toEqual([1, 0, 0])
      expect(bench.counts('filter', 'a')).toEqual([0])
    },
  )

  test('REJECT answers it', () => {
    const bench = new RuleBench({ rules: `-A FORWARD ${takes} -j REJECT` })
    expect(bench.send(broken).verdict).toBe('DROP')
    expect(bench.firewall.answers!.list).toHaveLength(1)
  })

  test('a later match of the rule says no: it is dropped, and not counted', () => {
    const bench = new RuleBench({ rules: `-A FORWARD ${takes} -m mark --mark 7\n-A FORWARD` })
    expect(bench.send(broken).verdict).toBe('DROP')
    expect(bench.counts('filter', 'FORWARD')).toEqual([0, 0, 0])
  })

  test('an option of DCCP behind the end of its header: the same', () => {
    const bench = new RuleBench({
      rules: '-A FORWARD -p dccp -m dccp ! --dccp-option 44 -j ACCEPT\n-A FORWARD',
    })
    const header = [0, 1, 0, 2, 60, 0, 0, 0, (2 << 1) | 1, 0, 0, 0, 0, 0, 0, 1]
    const packet = { source: '10.0.0.2', destination: '192.0.2.9', protocol: 33, payload: header }
    expect(bench.send(packet).verdict).toBe('DROP')
    expect(bench.counts('filter', 'FORWARD')).toEqual([1, 0, 0])
  })
})

test('rules with mistakes are not evaluated', () => {
  const { ruleset } = parseRuleset('*filter\n-A FORWARD -p tcp --dprt 80 -j ACCEPT\nCOMMIT\n', {
    family: 'ipv4',
    registry: extensions,
  })
  expect(() => new Firewall(new Tracker(), { rulesets: [ruleset] })).toThrow('mistakes')
})
