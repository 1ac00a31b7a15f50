import { expect, test } from 'vitest'
import { RuleBench } from '../../test/support/rule-bench.ts'
import type { PacketPlan } from '../packet/build.ts'

const from = (source: string, length = 128, sourcePort = 1000): PacketPlan => ({
  source,
  destination: '192.0.2.9',
  udp: { sourcePort, destinationPort: 53, payload: new Uint8Array(length - 28) },
})
const bench = (...options: string[]) =>
  new RuleBench({
    rules: [...options.map((one) => `-A FORWARD -m hashlimit ${one} -j ACCEPT`), '-A FORWARD -j DROP'].join(
      '\n',
    ),
  })

function passed(limited: RuleBench, packets: number, packet = from('10.0.1.2')): number {
  let count = 0
  for (let i = 0; i < packets; i++) if (limited.send(packet).verdict === 'ACCEPT') count++
  return count
}

test('packets: a bucket of each source, full at first; whoever begins it pays', () => {
  const limited = bench('--hashlimit-upto 10/s --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name a')
  expect(passed(limited, 8)).toBe(5)
  expect(passed(limited, 8, from('10.0.1.3'))).toBe(5)
  limited.wait(0.25)
  expect(passed(limited, 8)).toBe(2)
  limited.wait(0.5)
  expect(passed(limited, 8)).toBe(5)
})

test('above is the opposite', () => {
  const rules = new RuleBench({
    rules: '-A FORWARD -m hashlimit --hashlimit-above 10/s --hashlimit-name a -j DROP\n-A FORWARD -j ACCEPT',
  })
  expect(passed(rules, 8)).toBe(5)
})

test('bytes, as Linux counted them: 7 packets of 128 at 1kb/s, 21 with a burst of 2kb', () => {
  expect(passed(bench('--hashlimit-upto 1kb/s --hashlimit-name a'), 30)).toBe(7)
  expect(passed(bench('--hashlimit-upto 1kb/s --hashlimit-burst 2kb --hashlimit-name a'), 30)).toBe(21)
  const limited = bench('--hashlimit-upto 1kb/s --hashlimit-name a')
  passed(limited, 8)
  limited.wait(0.5)
  expect(passed(limited, 8)).toBe(3)
})

test('windows: the rate and the burst at first, and nothing in a window behind one that was over', () => {
  const limited = bench('--hashlimit-upto 5/s --hashlimit-burst 2 --hashlimit-rate-match --hashlimit-name a')
  expect(passed(limited, 10)).toBe(7)
  limited.wait(0.9)
  expect(passed(limited, 3)).toBe(0)
  limited.wait(0.2)
  // 13 in that window of 1.1 seconds: over.
  expect(passed(limited, 3)).toBe(0)
  limited.wait(1)
  expect(passed(limited, 3)).toBe(3)
  limited.wait(1)
  expect(passed(limited, 20)).toBe(7)
})

test('a bucket that expired is full again once the collector came by', () => {
  const limited = bench(
    '--hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-htable-expire 3000 --hashlimit-mode srcip --hashlimit-name a',
  )
  expect(passed(limited, 3)).toBe(2)
  limited.wait(2.9)
  expect(passed(limited, 1)).toBe(0)
  limited.wait(2.9)
  expect(passed(limited, 1)).toBe(0)
  limited.wait(4.1)
  expect(passed(limited, 3)).toBe(2)
})

test('more sources than --hashlimit-htable-max are dropped', () => {
  const limited = bench(
    '--hashlimit-upto 10/s --hashlimit-mode srcip --hashlimit-htable-size 1 --hashlimit-htable-max 70 --hashlimit-name a',
  )
  for (let i = 0; i < 70; i++) expect(limited.send(from(`10.0.2.${i}`)).verdict).toBe('ACCEPT')
  expect(limited.send(from('10.0.3.1'))).toMatchObject({ verdict: 'DROP', decidedBy: null })
  expect(limited.send(from('10.0.2.3')).verdict).toBe('ACCEPT')
})

test('masks and ports are parts of the key', () => {
  const masked = bench(
    '--hashlimit-upto 1/s --hashlimit-burst 1 --hashlimit-mode srcip --hashlimit-srcmask 24 --hashlimit-name a',
  )
  expect(passed(masked, 1)).toBe(1)
  expect(passed(masked, 1, from('10.0.1.9'))).toBe(0)
  expect(passed(masked, 1, from('10.0.2.9'))).toBe(1)
  const ports = bench('--hashlimit-upto 1/s --hashlimit-burst 1 --hashlimit-mode srcport --hashlimit-name a')
  expect(passed(ports, 2)).toBe(1)
  expect(passed(ports, 2, from('10.0.1.3'))).toBe(0)
  expect(passed(ports, 2, from('10.0.1.2', 128, 1001))).toBe(1)
  const short = { source: '10.0.1.2', destination: '192.0.2.9', protocol: 17, payload: new Uint8Array(3) }
  expect(ports.send(short)).toMatchObject({ verdict: 'DROP', decidedBy: null })
  const bare = { source: '10.0.1.2', destination: '192.0.2.9', protocol: 99, payload: new Uint8Array(3) }
  expect(ports.send(bare).verdict).toBe('ACCEPT')
  expect(ports.send(bare).verdict).toBe('DROP')
})

test('rules of one name share a table, and the first says how it works', () => {
  const shared = bench(
    '--hashlimit-upto 1/s --hashlimit-burst 2 --hashlimit-name a',
    '--hashlimit-upto 100/s --hashlimit-burst 50 --hashlimit-name a',
  )
  expect(passed(shared, 5)).toBe(2)
})

test('two kinds of limits in one table are not evaluated', () => {
  expect(() =>
    bench('--hashlimit-upto 1/s --hashlimit-name a', '--hashlimit-upto 1kb/s --hashlimit-name a'),
  ).toThrow('another kind')
})
