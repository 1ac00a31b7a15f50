/** One masqueraded flow, captured in four ways by Linux's tcpdump: the same verdicts, and the same consequences. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { PacketRecord } from '../../src/replay/record.ts'
import { linesOf, testFolder } from './folder.ts'

const ways = ['wire', 'both', 'inside', 'outside'] as const
type Way = (typeof ways)[number]

const folder = testFolder()
const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../src/replay/fixtures/${name}`, import.meta.url)))
for (const way of ways) folder.write(`${way}.pcap`, fixture(`masquerade-${way}.pcap`))
const rules = fixture('masquerade.v4').toString()
folder.write('lets.v4', rules)
folder.write(
  'drops.v4',
  rules.replace(/(?=-A FORWARD)/, '-A FORWARD -i in0 -m conntrack --ctstate NEW -j DROP\n'),
)

/** Of every packet that is not a second copy: protocol, ctstate, verdict and who decided. */
async function verdicts(way: Way, file: string): Promise<string[]> {
  const host = ['--local', 'in0=10.0.0.1/24', '--local', 'out0=203.0.113.5/24', '--route', 'default=out0']
  const arm = { inside: 'in0', outside: 'out0', both: null, wire: null }[way]
  const named = arm === null ? [] : ['--interface', `${way}.pcap=${arm}`]
  const { out, code } = await folder.replay(
    `${way}.pcap`,
    '-r',
    file,
    ...host,
    ...named,
    '--captured',
    way,
    '--json',
  )
  expect(code).toBe(0)
  return linesOf(out)
    .map((line) => JSON.parse(line) as PacketRecord)
    .filter(({ reasons }) => !reasons.some(({ code }) => code.startsWith('second-copy')))
    .map(({ protocol, ctstate, verdict, decidedBy, reasons }) => {
      const isSilent = reasons.some(({ code }) => code === 'not-sent')
      const { chain, number } = decidedBy as { chain?: string; number?: number }
      return `${protocol} ${ctstate} ${isSilent ? 'not sent' : verdict} ${chain} ${number}`
    })
}

test('rules that let the flows pass', async () => {
  const wire = await verdicts('wire', 'lets.v4')
  expect(wire).toHaveLength(18)
  expect(wire.every((text) => / ACCEPT FORWARD [12]$/.test(text))).toBe(true)
  for (const way of ways) expect([way, await verdicts(way, 'lets.v4')]).toEqual([way, wire])
})

test('rules that drop their first packets: no answer would have come, nor an error', async () => {
  const wire = await verdicts('wire', 'drops.v4')
  expect(wire.filter((text) => text.includes('NEW DROP FORWARD 1'))).toHaveLength(5)
  expect(wire.filter((text) => text.includes('not sent'))).toHaveLength(13)
  for (const way of ways) expect([way, await verdicts(way, 'drops.v4')]).toEqual([way, wire])
})

test('rp_filter: what comes in where its source does not belong', async () => {
  const dropped = async (...sysctl: string[]) => {
    const host = ['--local', 'in0=10.0.0.1/24', '--local', 'out0=203.0.113.5/24', '--route', 'default=out0']
    const wrong = ['--interface', 'outside.pcap=in0', '--captured', 'wire']
    const { out } = await folder.replay('outside.pcap', '-r', 'lets.v4', ...host, ...wrong, ...sysctl)
    return Number(/ip-reverse-path (\d+)/.exec(out)?.[1] ?? 0)
  }
  expect(await dropped()).toBe(0)
  expect(await dropped('--sysctl', 'net.ipv4.conf.in0.rp_filter=1')).toBeGreaterThan(0)
  // Loose: there is a way to everywhere.
  expect(await dropped('--sysctl', 'net.ipv4.conf.all.rp_filter=2')).toBe(0)
  const { code, error } = await folder.replay('inside.pcap', '--sysctl', 'net.ipv4.conf.all.rp_filter=3')
  expect(code).toBe(2)
  expect(error).toContain(
    '--sysctl: net.ipv4.conf.all.rp_filter: expected 0 (off), 1 (strict) or 2 (loose)\n',
  )
})
