/**
 * The long run: `npm run kernel -- --packets 1000000 --seed 7`. Needs root on Linux with netfilter.
 *
 *     --packets N   how many (default 100000)
 *     --seed N      another one each time unless given; printed
 *     --kind NAME   only cases of one kind
 *     --case N      one case by its seed, with everything that happens (with --kind, if it was given then)
 *     rules         random rulesets instead: --rulesets N (default 1000), --seed N
 *     FILE          a capture: its packets through both, without waiting out its gaps
 *
 * Exit code 1 when kernel and engine disagree, if only the first time (unsteady), when the kernel's table holds an entry that
 * nobody made, or when nothing could be compared; 2 for wrong use, 3 without what it needs.
 */
import { parseArgs } from 'node:util'
import { type CampaignResult, isClean, runCampaign, traceCase } from './campaign.ts'
import { captureReport, playCapture, readSteps } from './capture.ts'
import { FirewallEngine } from './firewall-engine.ts'
import { Kernel } from './kernel.ts'
import { whyNot } from './needs.ts'
import { whyNoRules } from './rules/needs.ts'
import { runRules } from './rules/run-rules.ts'
import { CASE_KINDS } from './traffic/generator.ts'

function wholeNumber(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  if (!/^\d+$/.test(text)) fail(`expected a whole number, found "${text}"`)
  return Number(text)
}

function fail(message: string, code = 2): never {
  console.error(message)
  process.exit(code)
}

function report(result: CampaignResult, seed: number, seconds: number): void {
  console.log(result.coverage.report())
  const missing = result.coverage.missing()
  console.log(`\nnot reached: ${missing.length === 0 ? 'nothing that can be' : missing.join(', ')}`)
  for (const { text } of result.unsteady) console.log(`\nunsteady ${text}`)
  for (const { text } of result.failures) console.log(`\n${text}`)
  const each = ((seconds * 1e6) / result.packets).toFixed(0)
  console.log(
    `\nseed ${seed}: ${result.packets} packets in ${result.cases} cases, ${result.failures.length} differences, ` +
      `${result.unsteady.length} unsteady, ${result.slow} run again for slowness, ${result.lost} entries unaccounted for; ${seconds.toFixed(1)} s, ${each} us a packet`,
  )
}

/** A capture through both. */
async function playFile(path: string): Promise<void> {
  const capture = await readSteps(path)
  const kernel = Kernel.open('transit')
  const result = playCapture({ kernel, engine: new FirewallEngine(), coverage: null }, capture)
  kernel.close()
  const { lines, agrees } = captureReport(path, capture, result)
  for (const line of lines) console.log(line)
  if (!agrees) process.exitCode = 1
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      packets: { type: 'string' },
      seed: { type: 'string' },
      kind: { type: 'string' },
      case: { type: 'string' },
      rulesets: { type: 'string' },
    },
  })
  if (values.kind !== undefined && !CASE_KINDS.includes(values.kind)) {
    fail(`no such kind: ${values.kind}; there are ${CASE_KINDS.join(', ')}`)
  }
  const reason = whyNot()
  if (reason !== null) fail(`cannot ask the kernel: ${reason}`, 3)
  if (positionals[0] === 'rules') {
    const lacking = whyNoRules()
    if (lacking !== null) fail(`cannot ask the kernel: ${lacking}`, 3)
    const seed = wholeNumber(values.seed, Date.now() % 1_000_000)
    const rulesets = wholeNumber(values.rulesets, 1000)
    console.error(`seed ${seed}`)
    const progress = (done: number) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${rulesets} rulesets`)
    }
    if (!(await runRules({ seed, rulesets, progress }))) process.exitCode = 1
    return
  }
  if (positionals.length > 0) {
    for (const path of positionals) await playFile(path)
    return
  }
  const kernel = Kernel.open()
  const engine = new FirewallEngine()
  const kind = values.kind === undefined ? {} : { kind: values.kind }
  if (values.case !== undefined) {
    console.log(traceCase(kernel, engine, wholeNumber(values.case, 0), values.kind))
    kernel.close()
    return
  }
  const seed = wholeNumber(values.seed, Date.now() % 1_000_000)
  const packets = wholeNumber(values.packets, 100_000)
  console.error(`seed ${seed}`)
  const started = performance.now()
  let shown = 0
  const progress = (done: number) => {
    if (!process.stderr.isTTY || done < shown + 1000) return
    shown = done
    process.stderr.write(`\r${done} of ${packets} packets`)
  }
  const result = await runCampaign(kernel, engine, { seed, packets, progress, ...kind })
  report(result, seed, (performance.now() - started) / 1000)
  kernel.close()
  process.exitCode = isClean(result) ? 0 : 1
}

await main()
