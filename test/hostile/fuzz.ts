/**
 * The long run: bent captures through the whole path, most of them through rules, and now and then through the built command.
 *
 *     npm run fuzz -- --minutes 10 --seed 7
 *
 * Each case follows from seed and number. What fails is written to a file; a case that does not end within half a
 * minute is stopped from outside, since the work is done in a process of its own. Exit code 1 where anything failed.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { type HostileOptions, runHostile, STEERING } from './harness.ts'
import { corpus, inChunks, mutated, Random } from './mutate.ts'
import { anyCapture, anyOptions } from './packets.ts'
import { anyRules, type DrawnRules, rulesOf } from './rule-arbitrary.ts'

const STALLED = 30_000
/** Cases until the built command gets its turn. */
const COMMAND_EVERY = 400
const cli = join(import.meta.dirname, '../../dist/cli.js')

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    child: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const minutes = Number(values.minutes)

if (values.child) await work()
else watch()

/** Starts the worker, passes on what it says, and stops it when it says nothing for too long. */
function watch(): void {
  say(`fuzz: seed ${seed}, ${minutes} min`)
  const args = [
    ...process.execArgv,
    import.meta.filename,
    '--child',
    '--seed',
    values.seed,
    '--minutes',
    values.minutes,
  ]
  const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let last = 'the start'
  let heard = Date.now()
  worker.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard = Date.now()
    for (const line of text.split('\n')) {
      if (line.startsWith('at ')) last = line.slice(3)
      else if (line !== '') say(line)
    }
  })
  const watchdog = setInterval(() => {
    if (Date.now() - heard < STALLED) return
    say(`fuzz: stalled after case ${last} of seed ${seed}`)
    process.exitCode = 1
    worker.kill('SIGKILL')
  }, 1000)
  worker.on('close', (code) => {
    clearInterval(watchdog)
    if (code !== 0) process.exitCode = 1
  })
}

interface Case {
  readonly files: readonly Uint8Array[]
  readonly options: HostileOptions
  readonly drawn: DrawnRules | null
}

/** Two fifths are captures of bent packets, the others are bent as files; some are two files to be merged. */
function caseOf(number: number, captures: readonly Uint8Array[], random: Random): Case {
  const [options] = fc.sample(anyOptions, { numRuns: 1, seed: number })
  const drawn = number % 4 === 0 ? null : fc.sample(anyRules, { numRuns: 1, seed: seed + number })[0]!
  if (number % 5 === 0)
    return { files: fc.sample(anyCapture, { numRuns: 1, seed: seed + number }), options: options!, drawn }
  const files = [mutated(captures, random)]
  if (random.below(8) === 0) files.push(mutated(captures, random))
  return { files, options: options!, drawn }
}

async function work(): Promise<void> {
  const captures = corpus()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-fuzz-'))
  const end = Date.now() + minutes * 60_000
  const problems = new Map<string, number>()
  const reasons = new Set<string>()
  const counts = { cases: 0, commands: 0, packets: 0, bytes: 0, failed: 0, slowest: 0 }
  let told = Date.now()
  const fail = (number: number, files: readonly Uint8Array[], message: string) => {
    if (++counts.failed > 20) return
    const paths = files.map((bytes, index) => {
      const path = join(folder, `${number}-${index}.bin`)
      writeFileSync(path, bytes)
      return path
    })
    say(`fuzz: case ${number} of seed ${seed} (${paths.join(', ')}): ${message}`)
  }
  for (let number = 1; Date.now() < end; number++) {
    const random = new Random(seed + number * 7919)
    const { files, options, drawn } = caseOf(number, captures, random)
    const start = performance.now()
    try {
      const inputs = files.map((bytes, index) => ({ name: `${index}`, chunks: inChunks(bytes, random) }))
      const result = await runHostile(
        inputs,
        drawn === null ? options : { ...options, rules: rulesOf(drawn) },
      )
      counts.packets += result.packets
      for (const code of result.problems) problems.set(code, (problems.get(code) ?? 0) + 1)
      for (const record of result.records) for (const { code } of record.reasons) reasons.add(code)
    } catch (error) {
      fail(
        number,
        files,
        `${JSON.stringify(options)} ${JSON.stringify(drawn)} ${error instanceof Error ? error.stack : error}`,
      )
    }
    counts.slowest = Math.max(counts.slowest, performance.now() - start)
    counts.cases++
    for (const bytes of files) counts.bytes += bytes.length
    if (number % COMMAND_EVERY === 1) {
      counts.commands++
      const message = command(folder, files, random, drawn)
      if (message !== null) fail(number, files, message)
    }
    if (Date.now() - told > 1000) {
      told = Date.now()
      say(`at ${number}`)
    }
  }
  const { cases, commands, packets, bytes, failed, slowest } = counts
  say(
    `fuzz: ${cases} cases, ${commands} of them by the command too, ${packets} packets, ${bytes} bytes; slowest ${slowest.toFixed(0)} ms; ${failed} failed`,
  )
  say(`fuzz: reasons met: ${[...reasons].sort().join(' ')}`)
  say(`fuzz: problems met: ${[...problems].map(([code, times]) => `${code} ${times}`).join(', ')}`)
  if (failed > 0) process.exitCode = 1
}

/** What went wrong with the command, or null. */
function command(
  folder: string,
  files: readonly Uint8Array[],
  random: Random,
  drawn: DrawnRules | null,
): string | null {
  const paths = files.map((bytes, index) => {
    const path = join(folder, `current-\u001b[31m\u202e-${index}.pcap`)
    writeFileSync(path, bytes)
    return path
  })
  const shown = random.of([
    [],
    ['--all'],
    ['--json'],
    ['--events', '--table=extended'],
    ['--table=xml', '--expect', '--stats'],
    ['--all', '--tz', '+14:00', '--hz', '1200', 'tcp or reason fragment-*'],
    ['--at', '+1s', '--at', '#3', '--helper=ftp=tcp/21', '--sysctl', 'net.netfilter.nf_conntrack_max=2'],
    ['--write', join(folder, 'written.pcapng')],
  ])
  const { ipv4 } = drawn === null ? {} : rulesOf(drawn).texts
  const ruled: string[] = []
  if (ipv4 !== undefined) {
    const path = join(folder, 'current-\u001b[31m\u202e.v4')
    writeFileSync(path, ipv4)
    ruled.push('--rules', path, '--unknown=ignore', '--captured=wire', '--local=in0=10.0.0.2/24')
    ruled.push(...random.of([[], ['--as-recorded'], ['--conntrack=auto']]))
    if (shown.length === 0) ruled.push('--all', '--trace=rules')
  }
  const args = [cli, 'replay', ...paths, ...shown, ...ruled]
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: STALLED,
    maxBuffer: 1 << 28,
  })
  // Rules may ask for more than the capture tells.
  const isUnclear = status === 2 && stderr.includes('nothing tells by which interface')
  if (status !== 0 && status !== 3 && !isUnclear) return `exit ${status ?? signal}: ${stderr.slice(0, 2000)}`
  const text = stderr + (shown[0] === '--json' ? '' : stdout)
  // conntrack's own time stamps end with a tab.
  return STEERING.test(text.replaceAll('\t', ''))
    ? `steers a terminal: ${JSON.stringify(text.slice(0, 2000))}`
    : null
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
