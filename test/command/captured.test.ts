/**
 * One masqueraded flow, captured in four ways by Linux's tcpdump: the same verdicts, and the same consequences. Then the same
 * router's own traffic among what it forwards, with its own counters.
 */
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

const host = ['--local', 'in0=10.0.0.1/24', '--local', 'out0=203.0.113.5/24', '--route', 'default=out0']

/** By which interface a capture of one side was made. */
function namedArm(way: Way, capture: string): string[] {
  const arm = { inside: 'in0', outside: 'out0', both: null, wire: null }[way]
  return arm === null ? [] : ['--interface', `${capture}=${arm}`]
}

/** Of every packet that is not a second copy: protocol, ctstate, verdict and who decided. */
async function verdicts(way: Way, file: string, capture = `${way}.pcap`): Promise<string[]> {
  const words = ['-r', file, ...host, ...namedArm(way, capture), '--captured', way, '--json']
  const { out, code } = await folder.replay(capture, ...words)
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

/**
 * TCP, UDP, pings and errors: to the router itself, some of it by REDIRECT; from it, behind MASQUERADE and SNAT; and past it, by
 * DNAT too. `outer`: all of it by out0. `inner`: all of it by in0. The rules have the counters of Linux.
 */
const own = { outer: ['wire', 'both', 'outside'], inner: ['wire', 'both', 'inside'] } as const
for (const arm of ['outer', 'inner'] as const) {
  for (const way of own[arm]) folder.write(`own-${arm}-${way}.pcap`, fixture(`own-${arm}-${way}.pcap`))
  folder.write(`own-${arm}.v4`, fixture(`own-${arm}.v4`))
}

/** Counters and text of the rules of table filter. */
const counted = (text: string) =>
  text.split('\n').filter((line) => /^\[\d+:\d+\] -A (INPUT|FORWARD|OUTPUT)/.test(line))

for (const arm of ['outer', 'inner'] as const) {
  test(`the router's own traffic, ${arm}: the counters of Linux`, async () => {
    const text = fixture(`own-${arm}.v4`).toString()
    expect(counted(text)).toHaveLength(9)
    folder.write('zero.v4', text.replace(/^\[\d+:\d+\] /gm, ''))
    for (const way of own[arm]) {
      const capture = `own-${arm}-${way}.pcap`
      const words = ['-r', 'zero.v4', ...host, ...namedArm(way, capture), '--counters']
      for (const told of [[], ['--captured', way]]) {
        const { out, code } = await folder.replay(capture, ...words, ...told)
        expect(code).toBe(0)
        expect([way, told, counted(out)]).toEqual([way, told, counted(text)])
      }
    }
  })

  test(`the router's own traffic, ${arm}: the same verdicts, of rules that drop as well`, async () => {
    const lets = fixture(`own-${arm}.v4`).toString()
    const drops = lets.replace(/(?=^.*-A INPUT)/m, '-A INPUT -m conntrack --ctstate NEW -j DROP\n')
    for (const [name, text] of Object.entries({ lets, drops })) {
      folder.write(`own-${name}.v4`, text)
      const wire = await verdicts('wire', `own-${name}.v4`, `own-${arm}-wire.pcap`)
      expect(wire.length).toBeGreaterThan(40)
      expect(wire.some((line) => line.includes('NEW DROP INPUT 1'))).toBe(name === 'drops')
      for (const way of own[arm])
        expect([way, await verdicts(way, `own-${name}.v4`, `own-${arm}-${way}.pcap`)]).toEqual([way, wire])
    }
  })
}

/** What Docker writes for a container whose port 80 is 8080 of the host. */
const docker = `*nat
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:FORWARD DROP
:DOCKER -
-A INPUT -p tcp -m tcp --dport 23 -j DROP
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
`

const firstLook = fileURLToPath(new URL('../../examples/first-look.pcapng', import.meta.url))

test('a host with Docker: what it sends itself is its own, what is for a container is forwarded', async () => {
  folder.write('docker.v4', docker)
  const told = ['--local', 'eth0=192.0.2.9/24', '--local', 'docker0=172.17.0.1/16', '--route', 'default=eth0']
  for (const words of [[], told]) {
    const { out, code } = await folder.replay(firstLook, '-r', 'docker.v4', ...words, '--json')
    expect(code).toBe(0)
    const records = linesOf(out).map((line) => JSON.parse(line) as PacketRecord)
    expect(records.filter(({ verdict }) => verdict !== 'ACCEPT')).toEqual([])
    const chains = records.map(({ decidedBy }) => (decidedBy as { chain?: string }).chain)
    const counts = Object.fromEntries(
      ['INPUT', 'OUTPUT', 'DOCKER', 'FORWARD'].map((name) => [
        name,
        chains.filter((one) => one === name).length,
      ]),
    )
    expect(counts).toEqual({ INPUT: 18, OUTPUT: 13, DOCKER: 1, FORWARD: 1 })
  }
  const { out } = await folder.replay(firstLook, '-r', 'docker.v4', '--all')
  expect(out.replace(/\s+/g, ' ')).toContain(
    'the host is taken to be a router: 2 packets forwarded, for its rules accept',
  )
})
