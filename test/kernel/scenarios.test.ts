/** The scenarios of the project through Linux: what each expects holds there, and both see the same. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { filesBeside, findScenarios } from '../../src/cli/scenario-files.ts'
import { KernelTests } from '../../src/live/kernel-tests.ts'
import { whyNoRouter } from '../../src/live/needs.ts'
import { parseScenario } from '../../src/scenario/parser.ts'
import { ScenarioRun, type TestResult } from '../../src/scenario/run.ts'
import { randomOf } from '../support/rules.ts'

const skip = await whyNoRouter()
if (skip) console.warn(`scenarios.test.ts is skipped: ${skip}`)

const kernel = skip === null ? new KernelTests() : null
afterAll(() => kernel?.close())

/** At most so many tests of the project may say that Linux cannot be asked. */
const MOST_NOT_ON_KERNEL = 3

const files = findScenarios([join(import.meta.dirname, '../../scenarios')]).map((path) => {
  const { file, problems } = parseScenario(readFileSync(path, 'utf8'), path)
  if (file === null) throw new Error(problems.map(({ message }) => message).join('\n'))
  return { path, file }
})

/** What went wrong, in lines. */
function faults({ problem, failures }: TestResult): string[] {
  const told = problem === null ? [] : [problem.message, ...problem.details]
  return [
    ...told,
    ...failures.map(({ packet, expected, actual }) => `packet ${packet}: ${expected} / ${actual}`),
  ]
}

async function through(text: string): Promise<string[]> {
  const { file } = parseScenario(text, 'here.scenario')
  const run = new ScenarioRun(file!, { executor: kernel!.executor })
  return faults(await kernel!.test(run, file!.tests[0]!, file!))
}

test('few of the scenarios cannot be asked of Linux', () => {
  const told = files.flatMap(({ file }) => file.tests.filter(({ setup }) => setup.notOnKernel !== null))
  expect(told.length).toBeLessThanOrEqual(MOST_NOT_ON_KERNEL)
})

describe.skipIf(kernel === null)('Linux', () => {
  for (const { path, file } of files) {
    const run = kernel && new ScenarioRun(file, { files: filesBeside(path), executor: kernel.executor })
    const asked = file.tests.filter(({ setup }) => setup.era === null && setup.notOnKernel === null)
    for (const one of asked)
      test(`${path.slice(path.lastIndexOf('/') + 1)} > ${one.name}`, async () => {
        expect(faults(await kernel!.test(run!, one, file))).toEqual([])
      })
  }

  test('what is expected and does not hold there is told', async () => {
    expect(await through('+0 10.0.0.2:4000 > 192.0.2.9:80 S\n   ESTABLISHED\n')).toEqual([
      'packet 1: ESTABLISHED / NEW',
    ])
  })

  test('REJECT, IPv6, zones, marks, a helper by its port, sets, addresses of its own: both see the same', async () => {
    const rules = `
host client 10.0.0.2 on in0   host server 192.0.2.9 on out0
host six fd00::2 on in0   host other fd00:9::9 on out0
host fw 10.0.0.1/24 local on in0   host fw6 fd00::1/64 local on in0
zone 7
helper ftp=tcp/2121
ipset
    create bad hash:ip
    add bad 10.0.0.66
rules
    *mangle
    -A PREROUTING -p tcp --dport 90 -j MARK --set-mark 0x5
    -A PREROUTING -p tcp --dport 90 -j CONNMARK --save-mark
    -A PREROUTING -p tcp --dport 91 -j TTL --ttl-set 9
    COMMIT
    *filter
    -A FORWARD -m set --match-set bad src -j DROP
    -A FORWARD -p tcp --dport 81 -j REJECT --reject-with tcp-reset
    -A FORWARD -p udp --dport 81 -j REJECT
    -A FORWARD -p udp --dport 82 -j NFQUEUE
    COMMIT
rules6
    *filter
    -A FORWARD -p tcp --dport 81 -j REJECT --reject-with tcp-reset
    -A FORWARD -p udp --dport 81 -j REJECT
    COMMIT
`
    const packets = `
+0 client:4000 > server:81 S
   REJECT, sends reset
+0 client:4000 > server:81 udp "x"
   REJECT, sends port-unreachable
+0 client:4000 > server:82 udp "x"
   QUEUE
+0 client:4000 > server:90 S
   entry mark 5 zone 7, leaves on out0 mark 5
+0 client:4000 > server:91 S
   leaves ttl 8
+0 10.0.0.66:1 > server:80 S via in0
   DROP by FORWARD 1
+0 six:4000 > other:81 S
   REJECT, sends reset
+0 six:4000 > other:81 udp "x"
   REJECT, sends port-unreachable
+0 six > other icmp echo-request id 4
   NEW, ACCEPT, leaves on out0
+0 client:5000 > server:2121 S
+0 server > client S.
+0 client > server .
+0 server > client P. "220 ready\\r\\n"
+0 client > server P. "USER anonymous\\r\\n"
+0 client > server P. "PORT 10,0,0,2,156,65\\r\\n"
+100 server:20 > client:40001 S
   RELATED
+0 fw > client icmp echo-request id 9
   hook OUTPUT
+0 client > fw icmp echo-reply id 9
   ESTABLISHED, hook INPUT
+0 fw:7 > fw:9 udp "to itself"
   hook INPUT, NEW
`
    expect(await through(rules + packets)).toEqual([])
  })

  test('a port that NAT chooses at random: what comes behind it is asked of Linux alone', async () => {
    const text = `
host a 192.168.1.10 on lan0   host b 192.168.1.11 on lan0   host server 198.51.100.9 on wan0
host me 203.0.113.5/24 local on wan0
route default=wan0
rules
    *nat
    -A POSTROUTING -o wan0 -j MASQUERADE --random-fully
    COMMIT
+0 a:40000 > server:443 S
   NEW, entry SYN_SENT 120s
+0 server > me S.
   ESTABLISHED, leaves on lan0, entry SYN_RECV 60s
+1 b:40000 > server:443 S
   NEW
`
    expect(await through(text)).toEqual([])
  })

  test('gaps of any length, and timers of all kinds: the table ages as it does here', async () => {
    const random = randomOf(5)
    const lines = ['host client 10.0.0.2   host server 192.0.2.9']
    for (let i = 0; i < 40; i++) {
      const gap = [0, 0.02, 0.4, 0.9, 1, 3.3, 29, 100][Math.floor(random() * 8)]
      const port = 40_000 + Math.floor(random() * 4)
      const what = ['S', 'S.', '.', 'F.', 'R.', 'P. "x"'][Math.floor(random() * 6)]
      const ends = random() < 0.5 ? `client:${port} > server:80` : `server:80 > client:${port}`
      lines.push(`+${gap} ${ends} ${what}`)
    }
    expect(await through(`${lines.join('\n')}\n`)).toEqual([])
  })
})
