/** Scenarios a second: those of the repository, read and run, and one of eight packets with rules, as projects have many. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesBeside, SCENARIO_ENDING } from '../src/cli/scenario-files.ts'
import { parseScenario } from '../src/scenario/parser.ts'
import { ScenarioRun } from '../src/scenario/run.ts'
import { atLeast, cpuNanoseconds, type Row } from './measure.ts'

const FOLDER = 'scenarios'
const ROUNDS = 10
/** Ahead of what counts: V8 has optimised by then. */
const WARM_UP = 3_000
const RUNS = 1_000

const usual = `host client 10.0.0.2   host server 192.0.2.9
rules
    *filter
    :FORWARD DROP [0:0]
    -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
    -A FORWARD -p tcp ! --syn -m conntrack --ctstate NEW -m comment --comment "not-syn" -j DROP
    -A FORWARD -p tcp -m multiport --dports 80,443 -j ACCEPT
    -A FORWARD -p udp --dport 53 -j ACCEPT
    -A FORWARD -j LOG --log-prefix "DROPPED: "
    COMMIT
+0     client:40000 > server:80   S 0:0(0) win 64240 <mss 1460,sackOK,wscale 7>
       NEW, entry SYN_SENT 120s UNREPLIED, ACCEPT by FORWARD 3
+0.02  server > client            S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,wscale 7>
       ESTABLISHED, entry SYN_RECV 60s
+0.02  client > server            . 1:1(0) ack 1
       ESTABLISHED, entry ESTABLISHED 432000s ASSURED
+0     client > server            P. 1:19(18) ack 1 "GET / HTTP/1.0\\r\\n\\r\\n"
       ESTABLISHED, entry ESTABLISHED 300s
+0.1   server > client            . 1:1001(1000) ack 19
       ESTABLISHED
+0     client:5353 > server:53    udp len 40
       NEW, entry 30s, ACCEPT by FORWARD 4
+0     client:40001 > server:22   S
       NEW, entry none, DROP by FORWARD policy, log "DROPPED: "
+5d1s  client:40000 > server:80   .
       NEW, entry none, DROP by "not-syn"
`

/** The best of the rounds: what other work on the machine takes away is gone. */
export async function measureScenarios(): Promise<Row[]> {
  const texts = readdirSync(FOLDER)
    .filter((name) => name.endsWith(SCENARIO_ENDING))
    .map((name) => ({ name: join(FOLDER, name), text: readFileSync(join(FOLDER, name), 'utf8') }))
  for (let i = 0; i < WARM_UP; i++) await runAll('usual.scenario', usual)
  const single: number[] = []
  const all: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    single.push(await perSecond(RUNS / ROUNDS, () => runAll('usual.scenario', usual)))
    all.push(
      await perSecond(1, async () => {
        let tests = 0
        for (const { name, text } of texts) tests += await runAll(name, text)
        return tests
      }),
    )
  }
  return [
    atLeast('scenarios of eight packets with rules, read and run', Math.max(...single), 1_000, '/s'),
    atLeast('scenarios of the repository, read and run', Math.max(...all), 1_000, '/s'),
  ]
}

/** Reads a text and runs its tests; how many. */
async function runAll(name: string, text: string): Promise<number> {
  const { file } = parseScenario(text, name)
  if (file === null) throw new Error(`${name} cannot be read`)
  const run = new ScenarioRun(file, { files: filesBeside(name) })
  for (const test of file.tests) {
    const { status } = await run.test(test)
    if (status !== 'passed') throw new Error(`${name}: ${test.name} does not hold`)
  }
  return file.tests.length
}

async function perSecond(times: number, run: () => Promise<number>): Promise<number> {
  const begin = cpuNanoseconds()
  let tests = 0
  for (let i = 0; i < times; i++) tests += await run()
  return tests / ((cpuNanoseconds() - begin) / 1e9)
}
