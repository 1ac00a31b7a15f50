import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCampaign } from './campaign.ts'
import type { Engine } from './engine.ts'
import { FirewallEngine } from './firewall-engine.ts'
import { Kernel } from './kernel.ts'
import { whyNot } from './needs.ts'

const FIXED_SEED = 1
const freshSeed = Date.now() % 1_000_000_000
const PACKETS = 10_000

const missing = whyNot()
if (missing !== null) console.warn(`SKIPPED: all tests against the Linux kernel, because ${missing}`)

describe.skipIf(missing !== null)('the same packets through Linux and through the engine', () => {
  let kernel: Kernel

  beforeAll(() => {
    kernel = Kernel.open()
  })

  afterAll(() => {
    kernel?.close()
  })

  test.for([
    ['a fixed seed', FIXED_SEED],
    ['a fresh seed', freshSeed],
  ] as const)('%s: both agree on every packet', ([, seed]) => {
    const result = runCampaign(kernel, new FirewallEngine(), { seed, packets: PACKETS })
    console.log(
      `kernel comparison, seed ${seed}: ${result.packets} packets in ${result.cases} cases, ` +
        `${result.unsteady.length} unsteady, ${result.slow} run again for slowness\n${result.coverage.report()}`,
    )
    expect(result.failures.map(({ text }) => text).join('\n\n')).toBe('')
    expect(result.unsteady.map(({ text }) => text).join('\n\n')).toBe('')
    expect(result.packets).toBeGreaterThanOrEqual(PACKETS)
  })

  test('the fixed seed reaches every cell and every reason that a live packet can have', () => {
    const result = runCampaign(kernel, new FirewallEngine(), { seed: FIXED_SEED, packets: PACKETS })
    expect(result.coverage.missing()).toEqual([])
  })

  test.for([
    ['forgets a log text', (engine: Engine) => withReasons(engine)],
    ['is one second late', (engine: Engine) => withDelay(engine)],
    ['drops its table', (engine: Engine) => withoutEntries(engine)],
  ] as const)('an engine that %s is found out', ([, spoil]) => {
    const result = runCampaign(kernel, spoil(new FirewallEngine()), {
      seed: FIXED_SEED,
      packets: 3000,
      most: 1,
    })
    expect(result.failures).toHaveLength(1)
  })
})

function spoiled(engine: Engine, changes: Partial<Engine>): Engine {
  return {
    send: (packet, side) => engine.send(packet, side),
    entries: () => engine.entries(),
    advance: (seconds) => engine.advance(seconds),
    restart: (settings) => engine.restart(settings),
    ...changes,
  }
}

function withReasons(engine: Engine): Engine {
  return spoiled(engine, { send: (packet, side) => ({ ...engine.send(packet, side), reasons: [] }) })
}

function withDelay(engine: Engine): Engine {
  return spoiled(engine, { advance: (seconds) => engine.advance(seconds - 1) })
}

function withoutEntries(engine: Engine): Engine {
  return spoiled(engine, { entries: () => [] })
}
